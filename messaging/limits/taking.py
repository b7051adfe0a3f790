"""Claiming under limits: one lock, one look and one update for a whole batch, whoever many workers take at once."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models.functions import Now

from core.bulk import update_rows
from core.clock import database_now
from messaging import claiming
from messaging.claiming import Claim
from messaging.limits.pacing import Lane, Lanes, Load, Slot, how_many
from messaging.limits.rules import Rules, rules_of
from messaging.limits.turns import NO_TURN, Turn
from messaging.models import Message, Pace
from messaging.states import State

if TYPE_CHECKING:
    from messaging.gate import Passed

# Messages are taken so long before their turn, at most; they wait for it behind the gate, a STOP waits for them.
_AHEAD_SECONDS = 0.2
_SHORTEST_LEAD, _LONGEST_LEAD = 0.05, 0.8
_LOOK_AGAIN_SECONDS = 0.02
# A longer wait is left to the ticker.
_LONGEST_WAIT_SECONDS = 1.0
_AT_ONCE_SECONDS = 0.05


@dataclass(frozen=True)
class Taken:
    """Messages that belong to this worker, each with its turn.

    `again_in`: more may be due in so many seconds; None: nothing more is, or the ticker asks in time.
    """

    claim: Claim
    turns: Mapping[uuid.UUID, Turn] = field(default_factory=dict)
    again_in: float | None = None
    taken_at: float = 0.0

    def in_turn(self, passed: list[Passed]) -> list[Passed]:
        """What the gate let through, each with its turn."""
        if not self.turns:
            return passed
        _lead.learn(time.monotonic() - self.taken_at)
        return [replace(item, turn=self.turns.get(item.message.id, NO_TURN)) for item in passed]


class _Lead:
    """How long it takes from the lock until a message may start, as seen lately: turns begin after that."""

    def __init__(self) -> None:
        self.seconds = 0.1

    def learn(self, took: float) -> None:
        """Rise at once, fall slowly."""
        self.seconds = min(max(took * 2.5, self.seconds * 0.97, _SHORTEST_LEAD), _LONGEST_LEAD)


_lead = _Lead()


def lead_seconds() -> float:
    """How long before its turn a message should be on its way through the gate."""
    return _lead.seconds


def claim(*, credential_id: uuid.UUID, limit: int) -> Taken:
    """Take up to `limit` due messages as far as the limits let them start within a moment."""
    rules = rules_of(credential_id)
    if not rules:
        return Taken(claiming.claim(credential_id=credential_id, limit=limit))
    with transaction.atomic():
        return Batch(credential_id, rules).take(limit)


class Batch:
    """One claim under the locks of the credential's limits."""

    def __init__(self, credential_id: uuid.UUID, rules: Rules) -> None:
        self.credential_id, self.rules = credential_id, rules
        self.rows = _locked(credential_id, ("", *rules.senders))
        # After the locks: waiting for them takes time.
        self.now = database_now().timestamp()
        self.at = time.monotonic()
        self.lanes = _lanes_of(rules, self.rows)
        self.is_paced = any(True for _ in self.lanes.all())
        self.earliest = self.now + (_lead.seconds if self.is_paced else 0.0)
        self.until = self.earliest + _AHEAD_SECONDS

    def take(self, limit: int) -> Taken:
        """Look how many fit, claim those, write down where the limits stand then."""
        room = limit if self.rules.at_once is None else min(limit, self.rules.at_once - self._under_way())
        if room <= 0:
            return self._nothing(_AT_ONCE_SECONDS)
        if (wait := self.lanes.opens_at() - self.until) > 0:
            return self._nothing(wait)
        closed = self.lanes.closed_senders(self.until)
        loads = self._look(room, closed)
        count = how_many(self.lanes, list(loads.values()), earliest=self.earliest, until=self.until)
        if not count:
            return self._nothing(self._next_sender(closed) if loads or closed else None)
        claim = claiming.claim(credential_id=self.credential_id, limit=count, without_senders=closed)
        turns = self._place(claim, loads)
        more = len(claim.message_ids) == count or closed
        return Taken(claim, turns, self._pause(self.lanes.opens_at() - self.until) if more else None, self.at)

    def take_one(self, message_id: uuid.UUID, load: Load, *, patience: float) -> Taken:
        """Claim this one if its turn comes within `patience` seconds; others then have theirs after it."""
        if self.rules.at_once is not None and self._under_way() >= self.rules.at_once:
            return self._nothing(_AT_ONCE_SECONDS)
        if (wait := self.lanes.copy().place(load, self.earliest).start - self.earliest) > patience:
            return self._nothing(wait)
        claim = claiming.claim_one(message_id)
        return Taken(claim, self._place(claim, {message_id: load}), taken_at=self.at)

    def _under_way(self) -> int:
        on_the_way = Message.objects.filter(state__in=(State.CLAIMED, State.SENDING), lease_until__gt=Now())
        return on_the_way.filter(credential_id=self.credential_id).count()

    def _look(self, room: int, closed: frozenset[str]) -> dict[uuid.UUID, Load]:
        due = claiming.due_messages(self.credential_id, without_senders=closed)
        rows = due.values_list("id", "sender", "segments", "part_count")[:room]
        return {row[0]: Load(*row[1:]) for row in rows}

    def _place(self, claim: Claim, loads: dict[uuid.UUID, Load]) -> dict[uuid.UUID, Turn]:
        if not self.is_paced:
            return {}
        loads = loads | self._missing(claim, loads)
        slots = {
            message_id: self.lanes.place(loads[message_id], self.earliest) for message_id in claim.message_ids
        }
        _keep(self.rows, self.lanes)
        return {message_id: self._turn(slot) for message_id, slot in slots.items()}

    def _missing(self, claim: Claim, loads: dict[uuid.UUID, Load]) -> dict[uuid.UUID, Load]:
        """Messages that came in between the look and the claim."""
        unseen = [message_id for message_id in claim.message_ids if message_id not in loads]
        found = Message.objects.filter(id__in=unseen) if unseen else Message.objects.none()
        rows = found.values_list("id", "sender", "segments", "part_count")
        return {row[0]: Load(*row[1:]) for row in rows}

    def _turn(self, slot: Slot) -> Turn:
        return Turn(self.at + slot.start - self.now, slot.patience, slot.step)

    def _next_sender(self, closed: frozenset[str]) -> float:
        return min((self.lanes.senders[name].next_at - self.until for name in closed), default=0.0)

    def _nothing(self, wait: float | None) -> Taken:
        nothing = Claim(token=uuid.uuid4(), message_ids=(), subject_ids=())
        return Taken(nothing, again_in=None if wait is None else self._pause(wait))

    @staticmethod
    def _pause(wait: float) -> float | None:
        return max(wait, _LOOK_AGAIN_SECONDS) if wait <= _LONGEST_WAIT_SECONDS else None


def _locked(credential_id: uuid.UUID, senders: Iterable[str]) -> dict[str, Pace]:
    """The rows of these limits, locked in one order; the first time they are made."""
    wanted = tuple(senders)
    rows = Pace.objects.filter(credential_id=credential_id, sender__in=wanted).order_by("sender")
    found = {row.sender: row for row in rows.select_for_update()}
    if len(found) < len(wanted):
        missing = [
            Pace(credential_id=credential_id, sender=sender) for sender in wanted if sender not in found
        ]
        Pace.objects.bulk_create(missing, ignore_conflicts=True)
        found = {row.sender: row for row in rows.select_for_update()}
    return found


def _lanes_of(rules: Rules, rows: dict[str, Pace]) -> Lanes:
    own = rows[""]
    return Lanes(
        messages=Lane(rules.messages, _seconds(own.next_message_at)) if rules.messages else None,
        segments=Lane(rules.segments, _seconds(own.next_segment_at)) if rules.segments else None,
        senders={
            sender: Lane(limit, _seconds(rows[sender].next_message_at))
            for sender, limit in rules.senders.items()
        },
    )


def _keep(rows: dict[str, Pace], lanes: Lanes) -> None:
    """Write down where each limit stands."""
    messages = {"": lanes.messages, **lanes.senders}
    update_rows(
        Pace,
        [
            {
                "id": row.pk,
                "next_message_at": _moment(messages.get(sender)),
                "next_segment_at": _moment(None if sender else lanes.segments),
            }
            for sender, row in rows.items()
        ],
    )


def _seconds(moment: datetime | None) -> float:
    return moment.timestamp() if moment is not None else 0.0


def _moment(lane: Lane | None) -> datetime | None:
    return None if lane is None else datetime.fromtimestamp(lane.next_at, UTC)
