"""Recipients of a run by what became of them, a page at a time: each page reads a stretch of an index, no more.

A page is asked for with the id of the last recipient that was seen; where in the order that one stands its row says.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from campaigns.models import CampaignRun, Exclusion, Recipient, RecipientState
from campaigns.outcomes import LABELS, OUTCOME_OF
from messaging.models import Message

# What became of a message stands with the message: accepted recipients are looked through, so many at a time, ...
_WINDOW = 5_000
# ... and no longer than this for a page.
_SECONDS = 0.15


@dataclass(frozen=True)
class Chosen:
    """Which recipients: of a state, left out for a reason, or with an outcome; blank: all of them."""

    state: str = ""
    reason: str = ""
    outcome: str = ""

    @property
    def key(self) -> str:
        """As it stands in an address: "", "pending", "excluded.opted_out", "accepted.failed"."""
        return ".".join(part for part in (self.state, self.reason or self.outcome) if part)


@dataclass(frozen=True)
class Page:
    """Some recipients; `after` is the id to go on from, 0: these were the last.

    `is_cut`: looking took too long, so that there may be more although the page is not full.
    """

    rows: tuple[Recipient, ...] = ()
    after: int = 0
    is_cut: bool = False


def chosen_by(key: str) -> Chosen:
    """What an address asks for; what nobody knows asks for everybody."""
    state, _, detail = key.partition(".")
    if state not in RecipientState.values:
        return Chosen()
    if state == RecipientState.EXCLUDED and detail in Exclusion.values:
        return Chosen(state, reason=detail)
    if state == RecipientState.ACCEPTED and detail in LABELS:
        return Chosen(state, outcome=detail)
    return Chosen(state)


def page_of(run: CampaignRun, chosen: Chosen, *, after: int, size: int) -> Page:
    """The next recipients after the one with that id."""
    if chosen.outcome:
        return _looked_through(run, chosen.outcome, after, size)
    found: list[Recipient] = []
    for stretch in _stretches(run, chosen, after):
        found += stretch[: size + 1 - len(found)]
        if len(found) > size:
            break
    return Page(tuple(found[:size]), found[size - 1].id if len(found) > size else 0)


def _stretches(run: CampaignRun, chosen: Chosen, after: int) -> Iterator[QuerySet[Recipient]]:
    """Queries that give the rest of the rows one after the other."""
    rows = Recipient.objects.filter(run=run)
    last = rows.filter(id=after).first() if after else None
    if not chosen.state:
        yield rows.filter(id__gt=after).order_by("id")
    elif chosen.state == RecipientState.PENDING:
        yield from _by_turn(rows.filter(state=chosen.state), last)
    else:
        yield from _by_reason(rows.filter(state=chosen.state), chosen, last)


def _by_turn(pending: QuerySet[Recipient], last: Recipient | None) -> Iterator[QuerySet[Recipient]]:
    """Who waits, in the order in which their turn comes."""
    rest = pending.order_by("due_at", "id")
    if last is not None:
        yield rest.filter(due_at=last.due_at, id__gt=last.id)
        rest = rest.filter(due_at__gt=last.due_at)
    yield rest


def _by_reason(
    rows: QuerySet[Recipient], chosen: Chosen, last: Recipient | None
) -> Iterator[QuerySet[Recipient]]:
    """Reason by reason in the order of their list; only who is left out has one."""
    every = [chosen.reason] if chosen.reason else [*Exclusion.values]
    reasons = every if chosen.state == RecipientState.EXCLUDED else [""]
    start = reasons.index(last.reason) if last is not None and last.reason in reasons else 0
    for place, reason in enumerate(reasons[start:]):
        stretch = rows.filter(reason=reason).order_by("id")
        yield stretch.filter(id__gt=last.id) if last is not None and place == 0 else stretch


def _looked_through(run: CampaignRun, outcome: str, after: int, size: int) -> Page:
    """Accepted recipients whose message has an outcome."""
    accepted = Recipient.objects.filter(run=run, state=RecipientState.ACCEPTED, reason="").order_by("id")
    own, until = Message.objects.filter(id=OuterRef("message_id")), time.monotonic() + _SECONDS
    states = [state for state, name in OUTCOME_OF.items() if name == outcome]
    wanted = Exists(own.filter(state__in=states)) if states else ~Exists(own)
    found: list[Recipient] = []
    while True:
        rest = accepted.filter(id__gt=after)
        end = rest.values_list("id", flat=True)[_WINDOW - 1 : _WINDOW].first()
        window = rest.filter(wanted) if end is None else rest.filter(wanted, id__lte=end)
        found += window[: size + 1 - len(found)]
        if len(found) > size:
            return Page(tuple(found[:size]), found[size - 1].id)
        if end is None:
            return Page(tuple(found))
        after = end
        if time.monotonic() > until:
            return Page(tuple(found), after, is_cut=True)
