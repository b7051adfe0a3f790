"""What happens when a provider calls: keep the raw callback, read it, act on it once, answer."""

from __future__ import annotations

import logging
from contextlib import nullcontext

from django.db import DatabaseError, OperationalError, connection, transaction

from core.bulk import insert
from core.errors import BodyTooDeep, GatewayError
from core.secrets import MASK
from messaging import suppress
from messaging.reports import Report, ReportResult, apply_report
from webhooks import inbound
from webhooks.answers import REFUSED, TAKEN, TOO_LARGE, UNAVAILABLE, Answer
from webhooks.callback import LARGEST_BODY, Callback
from webhooks.configuration import Configuration, configuration_of
from webhooks.models import InboundRequest, RequestState, Webhook
from webhooks.outcomes import Note, summary
from webhooks.reading import Event, Ignored, InboundText, StatusReport
from webhooks.verification import Verdict
from webhooks.verifying import verifier_of

log = logging.getLogger(__name__)

_SECRET_HEADERS = ("auth", "cookie", "key", "password", "secret", "signature", "token")
_LONGEST_HEADER = 500
_OUR_FAULT = "This gateway failed while processing it and asked the provider to send it again: "


def receive(*, webhook: Webhook, callback: Callback) -> Answer:
    """Verify, keep and process one callback.

    The webhook's own answer once it is kept, 403 when it is not genuine, 400 or 413 over the limits, 5xx when we
    failed.
    """
    if len(callback.body) > LARGEST_BODY:
        return TOO_LARGE
    verdict = _verdict(webhook, callback)
    if not verdict.valid:
        log.warning("webhook %s: a callback was refused: %s", webhook.id, verdict.reason)
        return REFUSED
    raw = _raw(webhook, callback)
    try:
        return _process_twice(raw, webhook)
    except BodyTooDeep as error:
        return Answer(400, error.text)
    except Exception as error:
        log.exception("webhook %s: callback %s failed", webhook.id, raw.id)
        return _failed(raw, error)


def receive_again(raw: InboundRequest, webhook: Webhook) -> None:
    """Process a kept callback on which this gateway failed; raises what fails now."""
    _process(raw, webhook, late=True)


def _verdict(webhook: Webhook, callback: Callback) -> Verdict:
    return verifier_of(webhook).check(callback)


def _process_twice(raw: InboundRequest, webhook: Webhook) -> Answer:
    """A deadlock or a lock that took too long passes; the provider may not repeat a STOP."""
    try:
        return _process(raw, webhook)
    except OperationalError:
        log.warning("webhook %s: callback %s failed, second attempt", webhook.id, raw.id, exc_info=True)
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        return _process(raw, webhook, late=InboundRequest.objects.filter(pk=raw.pk).exists())


def _process(raw: InboundRequest, webhook: Webhook, *, late: bool = False) -> Answer:
    """Act on a callback; a `late` one is in the database already."""
    keep = _keep if late else insert
    try:
        configuration = configuration_of(webhook)
        events = _events(configuration, raw)
    except BodyTooDeep:
        raise
    except GatewayError as error:  # unreadable, or a configuration that no longer parses: staff must look
        raw.state, raw.reason = RequestState.QUARANTINED, error.text[:500]
        keep(raw)
        return TAKEN
    # One event, the usual case, shares its transaction with the raw callback; of several each has its own,
    # since one transaction may hold the lock of one recipient only.
    with transaction.atomic() if len(events) == 1 else nullcontext():
        raw.state, raw.reason = RequestState.PROCESSED, ""
        keep(raw)
        notes = [_act(event, raw, webhook, configuration, late=late) for event in events]
        _keep_summary(raw, notes)
    for subject_id in {note.wait_for for note in notes if note.wait_for is not None}:
        if not suppress.wait_until_idle(subject_id):
            log.warning("webhook %s: a message was still on the wire when its STOP was answered", webhook.id)
    return configuration.answer


def _events(configuration: Configuration, raw: InboundRequest) -> list[Event]:
    body = raw.raw_body
    if not raw.query and not body.strip():
        return [Ignored("An empty call, as providers make to check the URL.")]
    return configuration.reader.read(raw.content_type, raw.query, body)


def _act(
    event: Event, raw: InboundRequest, webhook: Webhook, configuration: Configuration, *, late: bool
) -> Note:
    if isinstance(event, InboundText):
        return inbound.take(event, raw=raw, webhook=webhook, rules=configuration.rules, late=late)
    if isinstance(event, StatusReport):
        return _take_report(event, webhook)
    return Note(RequestState.IGNORED, event.reason)


def _take_report(event: StatusReport, webhook: Webhook) -> Note:
    if not event.known:
        return Note(
            RequestState.QUARANTINED,
            f'The status "{event.raw_status}" is not known. Add it to Status words of the webhook.',
        )
    if not event.status:
        return Note(RequestState.PROCESSED, f'Status "{event.raw_status}": no progress.')
    report = Report(
        status=event.status,
        provider_id=event.provider_id,
        message_id=event.client_reference,
        raw_status=event.raw_status,
        code=event.code,
    )
    result = apply_report(credential_id=webhook.endpoint.credential_id, report=report)
    parked = "Its message is not known yet; the report waits for it."
    return Note(RequestState.PROCESSED, parked if result is ReportResult.PARKED else "")


def _keep(raw: InboundRequest) -> None:
    raw.save(update_fields=["state", "reason"])


def _keep_summary(raw: InboundRequest, notes: list[Note]) -> None:
    state, reason = summary(notes)
    if (raw.state, raw.reason) != (state, reason):
        raw.state, raw.reason = state, reason
        _keep(raw)


def _failed(raw: InboundRequest, error: Exception) -> Answer:
    raw.state, raw.reason = RequestState.RECEIVED, f"{_OUR_FAULT}{type(error).__name__}"[:500]
    try:
        kept = InboundRequest.objects.filter(pk=raw.pk).update(state=raw.state, reason=raw.reason)
        if not kept:
            insert(raw)
    except DatabaseError:
        return UNAVAILABLE
    return Answer(500, UNAVAILABLE.body)


def _raw(webhook: Webhook, callback: Callback) -> InboundRequest:
    raw = InboundRequest(
        webhook=webhook,
        received_at=callback.received_at,
        method=callback.method[:8],
        content_type=callback.content_type[:100],
        query=callback.query,
    )
    raw.headers = {
        name: MASK if any(word in name.lower() for word in _SECRET_HEADERS) else value[:_LONGEST_HEADER]
        for name, value in callback.headers.items()
    }
    raw.keep_body(callback.body)
    return raw
