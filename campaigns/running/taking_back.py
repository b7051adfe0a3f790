"""Messages that were handed over and still wait: taken back when their campaign pauses, cancelled when it ends."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection
from uuid import UUID

from django.db import transaction

from campaigns.models import CampaignRun, Recipient, RecipientState
from campaigns.running import tallies
from campaigns.running.feeding import reference_of
from core.clock import database_now
from messaging.cancelling import cancel_untried, untried
from messaging.states import WAITING, Reason

_PAGE = 500
_LOOK_EVERY = 1.0  # seconds: with a long queue of others a look takes its time
_look_again_at: dict[UUID, float] = {}  # runs of which messages waited when this process looked last
Variants = dict[UUID, str]


def take_back(run_id: UUID, *, actor: str) -> int:
    """Cancel messages of a run that wait untried, their recipients are pending again; gives how many.

    What was tried before, or may have reached somebody, goes its way.
    """
    return _page_by_page(run_id, actor=actor, reason=Reason.CAMPAIGN_PAUSED, back_to=RecipientState.PENDING)


def cancel_waiting(run_id: UUID, *, actor: str) -> int:
    """Cancel messages of a run that wait untried, and with them their recipients; gives how many."""
    return _page_by_page(
        run_id, actor=actor, reason=Reason.CAMPAIGN_CANCELLED, back_to=RecipientState.CANCELLED
    )


def _page_by_page(run_id: UUID, *, actor: str, reason: Reason, back_to: RecipientState) -> int:
    total = 0
    while True:
        taken = _next_page(run_id, actor=actor, reason=reason, back_to=back_to)
        total += taken
        if taken == 0:
            return total


@transaction.atomic
def _next_page(run_id: UUID, *, actor: str, reason: Reason, back_to: RecipientState) -> int:
    """The run is locked first, as by who hands over: the two never work on one recipient together."""
    CampaignRun.objects.select_for_update(of=("self",)).get(id=run_id)
    variant_of = _waiting(run_id)
    ids = cancel_untried(variant_of, reason=reason, actor=actor)
    if not ids:
        return 0
    own = Recipient.objects.filter(run_id=run_id, message_id__in=ids, state=RecipientState.ACCEPTED)
    if back_to == RecipientState.PENDING:
        own.update(state=back_to, message_id=None, due_at=database_now())
    else:
        own.update(state=back_to, message_id=None)
    tallies.add(run_id, _changes(Counter(variant_of[message_id] for message_id in ids), back_to))
    return len(ids)


def _changes(variants: Counter[str], back_to: RecipientState) -> Counter[tallies.Cell]:
    changes: Counter[tallies.Cell] = Counter()
    for variant, count in variants.items():
        changes[variant, RecipientState.ACCEPTED.value, ""] -= count
        changes[variant, back_to.value, ""] += count
    return changes


def _waiting(run_id: UUID) -> Variants:
    """Messages of a run that wait, with their variants: few, since campaigns run only a little ahead.

    State by state: each has an index of its own, which is short however many messages there are.
    """
    found: Variants = {}
    for state in WAITING:
        waiting = untried().filter(state=state).order_by()
        rows = Recipient.objects.filter(
            run_id=run_id, state=RecipientState.ACCEPTED, message_id__in=waiting.values("id")
        )
        for message_id, variant in rows.order_by().values_list("message_id", "variant")[:_PAGE]:
            if message_id is not None:
                found[message_id] = variant
    return found


def waits(run: CampaignRun) -> bool:
    """Whether messages of a run wait untried: it can still be paused or cancelled. Looked up once a second."""
    if time.monotonic() < _look_again_at.get(run.id, 0.0):
        return True
    own = untried().filter(reference=reference_of(run)).order_by()
    found = any(own.filter(state=state).exists() for state in WAITING)
    _look_again_at[run.id] = time.monotonic() + _LOOK_EVERY
    if not found:
        del _look_again_at[run.id]
    return found


def cancel_pending(run: CampaignRun, *, page: int = 5_000) -> int:
    """Cancel the next recipients of a run that had no message yet; gives how many. The run is locked."""
    pending = Recipient.objects.filter(run=run, state=RecipientState.PENDING)
    rows: Collection[tuple[int, str]] = list(
        pending.select_for_update().order_by("due_at", "id").values_list("id", "variant")[:page]
    )
    Recipient.objects.filter(id__in=[row_id for row_id, _ in rows]).update(state=RecipientState.CANCELLED)
    tallies.add(
        run.id, tallies.moved(Counter(variant for _, variant in rows), state=RecipientState.CANCELLED)
    )
    return len(rows)
