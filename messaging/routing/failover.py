"""Moving on: a message that its route cannot carry leaves by the next one that fits.

Only where the provider has certainly taken nothing of it: an answer that is lost is no reason, but for one-time codes
of a channel that wants it so (flagged as a possible duplicate), and a message with an accepted part stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.errors import ConnectionFailed, TextTooLong, TokenUnavailable
from core.numbers import country_or_main
from core.vocabulary import FailureClass, Purpose
from credentials.reading import SendResult
from messaging.models import Message, Source
from messaging.outcomes import Next
from messaging.routing.choosing import Facts, RouteRow, fits, in_turn, sender_for
from messaging.routing.countries import is_allowed
from messaging.routing.health import unwell_of
from messaging.routing.moving import Move, cut_for
from messaging.routing.table import routes_of
from messaging.states import PartState, Reason, State

if TYPE_CHECKING:
    from messaging.results import Result

_NOT_REACHED: Final = (ConnectionFailed.code, TokenUnavailable.code)
# Refusals that are about the account and not about the message.
_OF_THE_ACCOUNT: Final = (FailureClass.CREDIT, FailureClass.SENDER)
Test = Callable[[Message, SendResult], bool]


def _always(message: Message, answer: SendResult) -> bool:
    return True


def _is_code_that_may(message: Message, answer: SendResult) -> bool:
    channel = message.channel
    return channel is not None and channel.codes_move_on and message.purpose == Purpose.ONE_TIME_CODE


# What an attempt made of the message -> whether it moves on, if another route fits. What is not here stays.
MOVES_ON: Final[dict[tuple[str, str], Test]] = {
    (State.FAILED, Reason.CONFIGURATION): _always,
    (State.FAILED, Reason.TRIES_USED): _always,
    (State.FAILED, Reason.REFUSED): lambda message, answer: answer.failure in _OF_THE_ACCOUNT,
    (State.QUEUED, Reason.CREDENTIAL_PAUSED): _always,
    (State.QUEUED, Reason.TEMPORARY): lambda message, answer: answer.code in _NOT_REACHED,
    (State.UNKNOWN, Reason.ANSWER_LOST): _is_code_that_may,
}


@dataclass(frozen=True)
class Steered:
    """What is decided about results once routes were looked at, and the moves that belong to it."""

    decided: list[tuple[Result, Next]]
    moves: list[Move]


def steer(decided: Sequence[tuple[Result, Next]]) -> Steered:
    """Replace what would fail or wait by a move to another route, where there is one that fits."""
    steered: list[tuple[Result, Next]] = []
    moves: list[Move] = []
    for result, after in decided:
        move = _move(result, after) if result.passed.message.route else None
        steered.append((result, after if move is None else _moved(move)))
        moves += [move] if move else []
    return Steered(steered, moves)


def _moved(move: Move) -> Next:
    return Next(State.QUEUED, PartState.WAITING, Reason.REROUTED, counts=False, detail=move.words)


def _move(result: Result, after: Next) -> Move | None:
    message, exchange = result.passed.message, result.exchange
    moves_on = MOVES_ON.get((after.state, after.reason))
    if exchange is None or moves_on is None or message.source == Source.TEST:
        return None
    taken = len(result.passed.waiting) < message.part_count or any(part.accepted for part in result.sent)
    if taken or not moves_on(message, exchange.result):
        return None
    route = next_route(message)
    return _to(message, route, may_double=after.state == State.UNKNOWN) if route else None


def next_route(message: Message) -> RouteRow | None:
    """The next route below that of the message that fits it and carries messages just now.

    Only downwards, so that a message comes by each route once. A route that has been renamed or deleted since counts
    as above all others of another credential.
    """
    if message.channel_id is None:
        return None
    facts, stored = _facts(message), routes_of(message.channel_id)
    routes = in_turn(
        [route for route in stored if route.name == message.route or fits(route, facts)], message.msisdn
    )
    place = next((index for index, route in enumerate(routes) if route.name == message.route), -1)
    return healthy_route(message, routes[place + 1 :])


def healthy_route(message: Message, routes: Sequence[RouteRow]) -> RouteRow | None:
    """The first of these routes with another credential, in health, that may and can carry the message."""
    facts = _facts(message)
    avoided = unwell_of(routes) | {message.credential_id}
    fitting = in_turn([route for route in routes if fits(route, facts)], message.msisdn)
    found = (route for route in fitting if route.credential.pk not in avoided)
    return next((route for route in found if _may_and_can(message, route, facts.country)), None)


def _facts(message: Message) -> Facts:
    return Facts(message.msisdn, country_or_main(message.msisdn), message.purpose)


def _may_and_can(message: Message, route: RouteRow, country: str) -> bool:
    """The channel sends there by this route, and the text fits its requests."""
    channel = message.channel
    return (channel is None or is_allowed(channel, route, country)) and _can_carry(message, route)


def _can_carry(message: Message, route: RouteRow) -> bool:
    try:
        cut_for(message.text, route.credential)
    except TextTooLong:
        return False
    return True


def _to(message: Message, route: RouteRow, *, may_double: bool) -> Move:
    return Move(message, route, sender_for(route.senders, message.msisdn), may_double)
