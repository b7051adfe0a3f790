"""How states look in lists and pages."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString

from messaging import breaker
from messaging.models import ChannelStatus, Message
from messaging.states import WAITING, PartState, Reason, State

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


def why_of(message: Message, *, on_hold: bool, expects_reports: bool) -> str:
    """Why a message is where it is, as far as that needs saying."""
    if message.state in WAITING:
        if on_hold:
            return reason_text(Reason.SEND_HOLD)
        if message.credential.paused_at is not None:
            return reason_text(Reason.CREDENTIAL_PAUSED)
        if message.channel is not None and message.channel.status != ChannelStatus.ACTIVE:
            return reason_text(Reason.CHANNEL_INACTIVE)
        if message.credential_id in breaker.open_credentials():
            return reason_text(Reason.PROVIDER_DOWN)
        if message.reason == Reason.PROVIDER_DOWN:
            return ""  # it answers again, the message leaves in its turn
    if message.state == State.ACCEPTED and not expects_reports:
        return "No delivery reports configured"
    if message.reason == Reason.REPORT:
        return f"The provider reports: {message.detail}"
    return reason_text(message.reason) if message.reason else ""
