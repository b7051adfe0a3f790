"""The state of a campaign as a badge."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString

from campaigns.models import Campaign, CampaignState

_TONES = {
    CampaignState.AWAITING: "warn", CampaignState.SCHEDULED: "", CampaignState.RUNNING: "good",
    CampaignState.PAUSED: "warn", CampaignState.FINISHED: "good", CampaignState.CANCELLED: "bad",
}  # fmt: skip


def badge(campaign: Campaign) -> SafeString:
    """The state as a badge."""
    tone = _TONES.get(CampaignState(campaign.state), "")
    return format_html('<span class="sg-badge {}">{}</span>', tone, campaign.get_state_display())
