"""Which of a channel's routes carries a message, and from which sender. Pure."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import groupby

from core.numbers import mask_number
from credentials.models import ApiCredential


@dataclass(frozen=True, slots=True)
class Facts:
    """What conditions look at: the recipient in E.164, its country ("" for none) and the purpose."""

    msisdn: str
    country: str
    purpose: str


@dataclass(frozen=True)
class RouteRow:
    """A route as the chooser takes it; an empty condition holds for every message."""

    name: str
    credential: ApiCredential
    senders: tuple[str, ...]
    countries: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    purposes: frozenset[str] = frozenset()
    active: bool = True
    position: int = 1
    weight: int | None = None


@dataclass(frozen=True)
class Condition:
    """One thing a route may ask of a message, and the words for its not being so."""

    holds: Callable[[RouteRow, Facts], bool]
    otherwise: Callable[[RouteRow], str]


def _listed(words: Collection[str]) -> str:
    return ", ".join(sorted(words))


CONDITIONS: tuple[Condition, ...] = (
    Condition(lambda route, facts: route.active, lambda route: "is switched off"),
    Condition(
        lambda route, facts: not route.countries or facts.country in route.countries,
        lambda route: f"is for {_listed(route.countries)}",
    ),
    Condition(
        lambda route, facts: not route.prefixes or facts.msisdn.startswith(route.prefixes),
        lambda route: f"is for numbers that begin with {_listed(route.prefixes)}",
    ),
    Condition(
        lambda route, facts: not route.purposes or facts.purpose in route.purposes,
        lambda route: f"is for {_listed(route.purposes).replace('_', '-')}",
    ),
)


def fits(route: RouteRow, facts: Facts) -> bool:
    """Whether the message meets every condition of the route."""
    return all(condition.holds(route, facts) for condition in CONDITIONS)


def choose(
    routes: Sequence[RouteRow], facts: Facts, *, unwell: Collection[uuid.UUID] = ()
) -> RouteRow | None:
    """The first route that fits, with a credential that is `unwell` only when there is no other; None: none fits."""
    fitting = in_turn([route for route in routes if fits(route, facts)], facts.msisdn)
    return next((route for route in fitting if route.credential.pk not in unwell), next(iter(fitting), None))


def in_turn(fitting: Sequence[RouteRow], msisdn: str) -> list[RouteRow]:
    """Routes that fit a recipient, in the order in which they are tried, always the same for a recipient.

    Those with a weight that follow each other share: the highest of random numbers to the power of 1 / weight wins
    (weighted rendezvous), so that a changed weight moves only as many recipients as it must.
    """
    turn: list[RouteRow] = []
    for shares, rows in groupby(fitting, key=lambda route: route.weight is not None):
        group = list(rows)
        turn += sorted(group, key=lambda route: _distance(route, msisdn)) if shares else group
    return turn


def _distance(route: RouteRow, msisdn: str) -> float:
    drawn = int.from_bytes(_hash(route.name, msisdn), "big")
    return -math.log((drawn + 1) / (1 << 64)) / (route.weight or 1)


def _hash(name: str, msisdn: str) -> bytes:
    return blake2b(f"{name} {msisdn}".encode(), digest_size=8).digest()


def why_none(routes: Sequence[RouteRow], facts: Facts) -> str:
    """For each route, which of its conditions the message does not meet."""
    country = facts.country or "no country"
    told = [
        f"“{route.name}” "
        + " and ".join(
            condition.otherwise(route) for condition in CONDITIONS if not condition.holds(route, facts)
        )
        for route in routes
    ]
    recipient = f"{mask_number(facts.msisdn)} ({country}, {facts.purpose.replace('_', '-')})"
    return f"No route fits {recipient}: {'; '.join(told)}."


def sender_for(senders: Sequence[str], msisdn: str) -> str:
    """One sender of a pool, always the same for a recipient.

    The highest hash of sender and recipient wins: when a sender is added or taken out, only recipients who get or had
    that one see a change.
    """
    if len(senders) == 1:
        return senders[0]
    return max(senders, key=lambda sender: _hash(sender, msisdn))
