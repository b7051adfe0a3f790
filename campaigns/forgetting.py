"""Recipients are forgotten: one person who asks for it, and everybody of runs that ended long ago."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from campaigns.models import CampaignKind, CampaignRun, Exclusion, Recipient, RecipientState
from campaigns.running import tallies

# In the number's place: no number begins so.
_NOBODY = "x"


@transaction.atomic
def erase_number(msisdn: str) -> int:
    """Forget a number (E.164) among recipients, who keep their place in the counts; gives how many there were.

    Who had no message yet gets none.
    """
    rows = list(Recipient.objects.select_for_update().filter(msisdn=msisdn).order_by("id"))
    for row in rows:
        if row.state == RecipientState.PENDING:
            row.state, row.reason = RecipientState.EXCLUDED, Exclusion.ERASED
            changes = tallies.moved(Counter([row.variant]), state=row.state, reason=row.reason)
            tallies.add(row.run_id, changes)
        row.msisdn, row.profile_id = f"{_NOBODY}{row.id}", None
        row.save(update_fields=["msisdn", "profile_id", "state", "reason"])
    return len(rows)


def forget_recipients(*, before: datetime, batch: int) -> int:
    """Delete recipients of runs that ended before a moment, and of calls from before it; the counts stay."""
    ids = list(
        Recipient.objects.filter(run__in=_old_runs(before))
        .order_by("id")
        .values_list("id", flat=True)[:batch]
    )
    if not ids:
        calls = Recipient.objects.filter(run__campaign__kind=CampaignKind.TRIGGERED, due_at__lt=before)
        ids = list(calls.order_by("id").values_list("id", flat=True)[:batch])
    return Recipient.objects.filter(id__in=ids).delete()[0] if ids else 0


def recipients_due(before: datetime) -> int:
    """How many recipients of ended runs that would be."""
    return Recipient.objects.filter(run__in=_old_runs(before)).count()


def _old_runs(before: datetime) -> list[UUID]:
    """Ended runs that still have recipients."""
    ended = CampaignRun.objects.filter(finished_at__lt=before)
    has_some = Recipient.objects.filter(run=OuterRef("id"))
    return list(ended.filter(Exists(has_some)).order_by().values_list("id", flat=True))
