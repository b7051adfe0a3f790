"""What happens when a provider calls: keep the raw callback, read it, act on it once, answer."""

from __future__ import annotations

import logging

from django.db import DatabaseError, OperationalError, connection, transaction

from core.bulk import insert
from core.errors import BodyTooDeep, GatewayError
from messaging import suppress
from messaging.reports import Report, ReportResult, apply_report
from webhooks import inbound
from webhooks.answers import REFUSED, TAKEN, UNAVAILABLE, Answer
from webhooks.callback import Callback
from webhooks.configuration import Configuration, configuration_of
from webhooks.models import InboundRequest, RequestState, Webhook
from webhooks.outcomes import Note, summary
from webhooks.reading import Event, Ignored, InboundText, StatusReport
from webhooks.recording import further_keys, key_of, raw_of
from webhooks.verification import ACCEPTED, Verdict

log = logging.getLogger(__name__)

_OUR_FAULT = "This gateway failed while processing it and asked the provider to send it again: "


def receive(*, webhook: Webhook, callback: Callback) -> Answer:
    """Verify, keep and process one callback.

    The webhook's own answer once it is kept, 403 when it is not genuine, 400 when it is nested too deep, 5xx when
    we failed.
    """
    verdict = _verdict(webhook, callback)
    if not verdict.valid:
        log.warning("webhook %s: a callback was refused: %s", webhook.id, verdict.reason)
        return REFUSED
    raw = raw_of(webhook, callback)
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


def rehearse(raw: InboundRequest, webhook: Webhook) -> Answer:
    """Process a callback as `receive` would, waiting for nobody; the caller rolls everything back."""
    return _process(raw, webhook, waits=False)


def _verdict(webhook: Webhook, callback: Callback) -> Verdict:
    try:
        verifier = configuration_of(webhook).verifier
    except GatewayError:  # nothing is done with what is kept until the configuration can be read again
        return ACCEPTED
    return verifier.check(callback)


def _process_twice(raw: InboundRequest, webhook: Webhook) -> Answer:
    """A deadlock or a lock that took too long passes; the provider may not repeat a STOP."""
    try:
        return _process(raw, webhook)
    except OperationalError:
        log.warning("webhook %s: callback %s failed, second attempt", webhook.id, raw.id, exc_info=True)
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        return _process(raw, webhook, late=InboundRequest.objects.filter(pk=raw.pk).exists())


def _process(raw: InboundRequest, webhook: Webhook, *, late: bool = False, waits: bool = True) -> Answer:
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
    raw.number_key, raw.id_key = key_of(events[0])
    if len(events) == 1:
        notes = _take_one(events[0], raw, webhook, configuration, late=late)
    else:
        notes = _take_several(events, raw, webhook, configuration, late=late)
    for subject_id in {note.wait_for for note in notes if waits and note.wait_for is not None}:
        if not suppress.wait_until_idle(subject_id):
            log.warning("webhook %s: a message was still on the wire when its STOP was answered", webhook.id)
    return configuration.answer


def _take_one(
    event: Event, raw: InboundRequest, webhook: Webhook, configuration: Configuration, *, late: bool
) -> list[Note]:
    """The usual case: callback and effect in one transaction, the callback written once, with what became of it."""
    with transaction.atomic():
        notes = [_act(event, raw, webhook, configuration, late=late)]
        raw.state, raw.reason = summary(notes)
        (_keep if late else insert)(raw)
    return notes


def _take_several(
    events: list[Event], raw: InboundRequest, webhook: Webhook, configuration: Configuration, *, late: bool
) -> list[Note]:
    """Each event in a transaction of its own, since one may hold the lock of one recipient only.

    Until the last is done the callback counts as not processed: a process that dies in between leaves it to
    the leftovers, and events that took effect have none again.
    """
    if not late:
        raw.state, raw.reason = RequestState.RECEIVED, ""
        with transaction.atomic():
            insert(raw)
            further_keys(raw, events[1:])
    notes = [_act(event, raw, webhook, configuration, late=late) for event in events]
    raw.state, raw.reason = summary(notes)
    _keep(raw)
    return notes


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
    raw.save(update_fields=["state", "reason", "number_key", "id_key"])


def _failed(raw: InboundRequest, error: Exception) -> Answer:
    raw.state, raw.reason = RequestState.RECEIVED, f"{_OUR_FAULT}{type(error).__name__}"[:500]
    try:
        kept = InboundRequest.objects.filter(pk=raw.pk).update(state=raw.state, reason=raw.reason)
        if not kept:
            insert(raw)
    except DatabaseError:
        return UNAVAILABLE
    return Answer(500, UNAVAILABLE.body)
