"""How states look in lists and pages."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString

from messaging.states import PartState, Reason, State

TONES: dict[str, str] = {
    State.ACCEPTED: "good", State.SENT: "good", State.DELIVERED: "good",
    State.UNKNOWN: "warn", State.SUPPRESSED: "warn", State.EXPIRED: "warn", State.QUARANTINED: "warn",
    State.FAILED: "bad", State.UNDELIVERED: "bad",
}  # fmt: skip

_LABELS = {**dict(State.choices), **dict(PartState.choices)}


def badge(state: str) -> SafeString:
    """The state as a coloured pill."""
    return format_html('<span class="sg-badge {}">{}</span>', TONES.get(state, ""), _LABELS.get(state, state))


def reason_text(reason: str) -> str:
    """The reason in words."""
    return dict(Reason.choices).get(reason, reason.replace("_", " ").capitalize())
