"""Carrying out moves, in the transaction of whoever decided them and holds the messages locked."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.bulk import insert_rows, update_rows
from credentials.loading import text_of
from credentials.models import ApiCredential
from messaging import spending
from messaging.context import asks_for_profile, count, texts_of, texts_of_parts
from messaging.models import Message, MessagePart
from messaging.routing.choosing import RouteRow
from messaging.spending.prices import price_of, segment_price
from messaging.wakeups import wake_on_commit
from profiles.selectors import attributes_for


@dataclass(frozen=True)
class Move:
    """A message and the route it leaves by from now on; `may_double`: an answer was lost before."""

    message: Message
    route: RouteRow
    sender: str
    may_double: bool = False

    @property
    def words(self) -> str:
        """What its history says."""
        return f"Moved from route “{self.message.route}” to “{self.route.name}”."


def cut_for(text: str, credential: ApiCredential) -> list[str]:
    """The parts a text has with a credential; TextTooLong when it cannot carry it."""
    return texts_of_parts(text, text_of(credential))


def carry_out(moves: Sequence[Move]) -> None:
    """Give each message its new route, credential, sender and cut; tries begin anew, attempts count on."""
    if not moves:
        return
    profiles = attributes_for(
        {move.message.msisdn for move in moves if asks_for_profile(move.route.credential)}
    )
    rows = [_row(move, profiles.get(move.message.msisdn, {})) for move in moves]
    spending.take_more(
        (move.message, _costs_more(move, row["segments"])) for move, row in zip(moves, rows, strict=True)
    )
    update_rows(Message, rows)
    _recut(moves)
    for credential_id in {move.route.credential.pk for move in moves}:
        wake_on_commit(credential_id)


def _costs_more(move: Move, segments: int) -> int:
    """What the message costs more by its new route, in millionths of the currency."""
    price = segment_price(move.route.credential.pk, move.message.msisdn) or 0
    return segments * price - price_of(move.message)


def _row(move: Move, stored: dict[str, Any]) -> dict[str, Any]:
    message, credential = move.message, move.route.credential
    return {
        "id": message.id,
        "credential_id": credential.pk,
        "sender": move.sender,
        "route": move.route.name,
        "profile": {**stored, **message.profile},
        "part_count": len(cut_for(message.text, credential)),
        "segments": count(texts_of(message.text, text_of(credential))).count,
        "provider_id": "",
        "possible_duplicate": message.possible_duplicate or move.may_double,
        "tries": 0,
        "uncounted_tries": message.tries + message.uncounted_tries,
    }


def _recut(moves: Sequence[Move]) -> None:
    """Parts as the new credential wants them; most have the same cut, and keep their rows."""
    stored: dict[uuid.UUID, list[str]] = {move.message.id: [] for move in moves}
    rows = MessagePart.objects.filter(message_id__in=stored).order_by("number")
    for message_id, text in rows.values_list("message_id", "text"):
        stored[message_id].append(text)
    wanted = {move.message.id: cut_for(move.message.text, move.route.credential) for move in moves}
    other = [message_id for message_id, texts in wanted.items() if texts != stored[message_id]]
    if not other:
        return
    MessagePart.objects.filter(message_id__in=other).delete()
    insert_rows(
        MessagePart,
        [
            {"message_id": message_id, "number": number, "text": text}
            for message_id in other
            for number, text in enumerate(wanted[message_id], start=1)
        ],
    )
