"""A second person looks at large campaigns before they start; what is approved is what was shown."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.conf import settings

from campaigns.audiences.counting import has_more_than
from campaigns.models import Campaign

GROWN = (
    "By now it goes to more people than one person decides about, and nobody else has approved it. Copy it and have "
    "the copy approved."
)
# A change of any of these takes the approval away.
_CONTENT = (
    "kind", "channel_id", "audience_id", "when", "start_on", "start_time", "time_zone", "by_recipient_clock",
    "weekdays", "day_of_month", "ends_on", "per_minute", "holdout_percent",
)  # fmt: skip


def digest_of(campaign: Campaign) -> str:
    """What the campaign says, to whom and when, as one value."""
    content: dict[str, Any] = {name: getattr(campaign, name) for name in _CONTENT}
    content["filter"] = campaign.audience.filter if campaign.audience else {}
    content["variants"] = sorted(campaign.variants.values_list("label", "version_id", "weight"))
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def needs_approval(campaign: Campaign) -> bool:
    """Whether it goes to more people than one person may decide about, and nobody else has agreed to it as it is."""
    most = settings.SMSGATEWAY_APPROVAL_ABOVE
    if not most or campaign.audience is None or is_approved(campaign):
        return False
    return has_more_than(campaign.audience, most)


def most_of(campaign: Campaign) -> int | None:
    """How many recipients a run may have that is begun now; None: somebody has agreed, or need not."""
    most = settings.SMSGATEWAY_APPROVAL_ABOVE
    return None if not most or campaign.audience is None or is_approved(campaign) else most


def is_approved(campaign: Campaign) -> bool:
    """Whether somebody has approved what it is now."""
    return bool(campaign.approved_by) and campaign.approved_digest == digest_of(campaign)


def may_approve(campaign: Campaign, actor: str) -> bool:
    """A second person: neither who made it nor who asked for the start."""
    return actor not in (campaign.created_by, campaign.requested_by)
