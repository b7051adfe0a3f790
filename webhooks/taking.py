"""What a read event brings about: a message or one of its parts, a delivery report with what its code says."""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import NumberInvalid
from core.numbers import parse_number
from core.vocabulary import FailureClass
from credentials import codes as provider_codes
from messaging.reports import Report, ReportResult, addressee_of, apply_report, can_be_ours
from webhooks import acting, assembling, inbound, inbox, opting_out
from webhooks.keywords import KeywordRules
from webhooks.models import InboundRequest, RequestState, Webhook
from webhooks.outcomes import Note
from webhooks.reading import Event, Ignored, InboundText, OptOut, StatusReport
from webhooks.replies import channel_of
from webhooks.statuses import IGNORE, NO_PROGRESS

NO_CODES = ("", "0")  # how providers say that there was no error
_PARKED = "Its message is not known yet; the report waits for it."


def take_text(
    event: InboundText, *, raw: InboundRequest, webhook: Webhook, rules: KeywordRules, late: bool
) -> Note:
    """A message to one of our numbers; one that comes in parts when the last of them is here."""
    if event.only_ours and not _is_ours(event, webhook):
        return Note(
            RequestState.QUARANTINED,
            f'It was sent to "{event.recipient[:50]}", no sender of the channel configurations here.',
        )
    if event.parts:
        found = assembling.add(event, raw=raw, webhook=webhook)
        if found.message is None:
            return Note(RequestState.PROCESSED, found.reason)
        event = found.message
    return inbound.take(event, raw=raw, webhook=webhook, rules=rules, late=late)


def take_report(
    event: StatusReport, *, raw: InboundRequest, webhook: Webhook, codes: Mapping[str, str]
) -> Note:
    """Apply a report; an opt-out in its code is recorded first, since a subject is locked before its messages."""
    credential_id = webhook.endpoint.credential_id
    report = report_of(event)
    if not can_be_ours(report):
        return Note(
            RequestState.QUARANTINED,
            f'The id "{event.client_reference[:50]}" of the report is none of our message ids.',
        )
    if event.status == IGNORE:
        return Note(RequestState.IGNORED, f'Status "{event.raw_status}": ignored.')
    opted_out = _opt_out_of(event, report, raw=raw, webhook=webhook, codes=codes)
    if not event.known:
        inbox.hold(webhook=webhook, request=raw, report=report)
        return Note(
            RequestState.QUARANTINED,
            f'The status "{event.raw_status}" is not known. Say what it means under Provider statuses, or add it '
            "to Status words of the webhook; the report is applied then.",
            opted_out.wait_for if opted_out else None,
        )
    if event.status == NO_PROGRESS:
        return Note(RequestState.PROCESSED, f'Status "{event.raw_status}": no progress.')
    result = apply_report(credential_id=credential_id, report=report)
    reason = _PARKED if result is ReportResult.PARKED else ""
    if opted_out and opted_out.state is RequestState.QUARANTINED:
        return opted_out
    return Note(RequestState.PROCESSED, reason, opted_out.wait_for if opted_out else None)


def may_forbid_a_send(event: Event, codes: Mapping[str, str]) -> bool:
    """Whether the event may hold a person's wish: anything but a report, and a report whose code is an opt-out."""
    if isinstance(event, StatusReport):
        return codes.get(event.code) == FailureClass.OPTED_OUT.value
    return not isinstance(event, Ignored)


def report_of(event: StatusReport) -> Report:
    """The event as messaging takes it."""
    return Report(
        status=event.status,
        provider_id=event.provider_id,
        message_id=event.client_reference,
        raw_status=event.raw_status,
        code=event.code,
        recipient=_e164(event.number),
    )


def _opt_out_of(
    event: StatusReport,
    report: Report,
    *,
    raw: InboundRequest,
    webhook: Webhook,
    codes: Mapping[str, str],
) -> Note | None:
    """The opt-out that the report's error code means, recorded; None when it means none."""
    if event.code in NO_CODES:
        return None
    failure = codes.get(event.code)
    if failure is None and event.status not in _GOOD:
        provider_codes.note(
            credential_id=webhook.endpoint.credential_id, seen=[(event.code, event.raw_status)]
        )
    if failure != FailureClass.OPTED_OUT.value:
        return None
    number, sender = addressee_of(credential_id=webhook.endpoint.credential_id, report=report)
    # The number we sent to is the surer form of what the provider writes; another number is their word.
    digits = event.number.strip().lstrip("+0")
    if not (number and number.endswith(digits)):
        number = event.number
    if not number:
        return None
    return opting_out.take(
        OptOut(number=number, provider_id=event.provider_id, occurred_at=event.occurred_at),
        raw=raw,
        webhook=webhook,
        reason=f"The delivery report says {event.code}",
        scope=f"sender:{sender}" if sender else "all",
    )


_GOOD = ("sent", "delivered", "read", NO_PROGRESS)


def _is_ours(event: InboundText, webhook: Webhook) -> bool:
    channels = acting.channels_of(webhook)
    return channel_of(event.recipient, channels, country=acting.country_of(channels)) is not None


def _e164(number: str) -> str:
    """The number in our form, as far as it can be told without knowing more; "" when it cannot."""
    digits = number.strip().removeprefix("tel:").lstrip("+")
    try:
        return parse_number(f"+{digits}") if digits.isascii() and digits.isdigit() else ""
    except NumberInvalid:
        return ""
