"""What happens when a provider calls: keep the raw callback, read it, act on it once, answer."""

from __future__ import annotations

import logging
import uuid

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection, transaction

from core import prepared
from core.bulk import insert
from core.errors import BodyTooDeep, GatewayError
from core.logs import about
from messaging import suppress
from webhooks import admission, opting_out, taking
from webhooks.answering import Answers
from webhooks.answers import REFUSED, UNAVAILABLE, Answer
from webhooks.callback import Callback
from webhooks.configuration import Configuration, configuration_of
from webhooks.models import HeldReport, InboundRequest, RequestState, Webhook
from webhooks.outcomes import Note, summary
from webhooks.reading import Event, Ignored, InboundText, OptOut, Refused, StatusReport
from webhooks.recording import further_keys, key_of, raw_of
from webhooks.spool.certainty import is_certain
from webhooks.spool.entries import Entry, keep
from webhooks.spool.outage import outage
from webhooks.spool.store import SpoolUnavailable, store
from webhooks.usual import take_usual
from webhooks.verifying import verifier_of

log = logging.getLogger(__name__)

_OUR_FAULT = "This gateway failed while processing it and asked the provider to send it again: "


@about("webhook", lambda *, webhook, callback: webhook.id)
def receive(*, webhook: Webhook, callback: Callback) -> Answer:
    """Verify, keep and process one callback.

    The webhook's own answer once it is kept, 403 when it is not genuine, 400 when it is nested too deep, 5xx when
    we failed.
    """
    admitted = admission.admit(webhook=webhook, callback=callback)
    if admitted.busy:
        return UNAVAILABLE
    if not admitted.verdict.valid and not admitted.repeats:
        return _refusal(webhook)
    raw = raw_of(webhook, callback)
    if admitted.repeats:  # our answer was lost on its way; it is given again, and nothing is done again
        return _former_answer(raw, webhook)
    answer = _take(raw, webhook, callback)
    admission.settle(admitted, taken=answer.status < 500)
    return answer


def _take(raw: InboundRequest, webhook: Webhook, callback: Callback) -> Answer:
    try:
        return _process_twice(raw, webhook)
    except BodyTooDeep as error:
        return Answer(400, error.text)
    except Exception as error:
        log.exception("webhook %s: callback %s failed", webhook.id, raw.id)
        return _failed(raw, webhook, callback, error)


def receive_in_outage(*, webhook: Webhook, callback: Callback) -> Answer:
    """Verify one callback and keep it on disk, without asking the database; 503 where the disk cannot take it."""
    verdict = verifier_of(webhook).check(callback)
    if not verdict.valid:
        log.warning("webhook %s: a callback was refused: %s", webhook.id, verdict.reason)
        return _refusal(webhook)
    return _spool(raw_of(webhook, callback), webhook, callback)


def receive_spooled(*, webhook_id: uuid.UUID, callback: Callback, request_id: uuid.UUID) -> None:
    """Process a callback that was verified when it came and waited in the spool; twice is harmless.

    Raises OperationalError or InterfaceError where the database stands in the way again.
    """
    if InboundRequest.objects.filter(pk=request_id).exists():
        return
    webhook = Webhook.objects.select_related("endpoint__credential").filter(pk=webhook_id).first()
    if webhook is None:
        raw = raw_of(None, callback, request_id=request_id)
        raw.state, raw.reason = (
            RequestState.QUARANTINED,
            "Its webhook was deleted while it waited in the spool.",
        )
        insert(raw)
        return
    raw = raw_of(webhook, callback, request_id=request_id)
    try:
        _process(raw, webhook, late=True)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.exception("webhook %s: spooled callback %s failed", webhook.id, raw.id)
        _keep_unprocessed(raw, error)


def receive_again(raw: InboundRequest, webhook: Webhook) -> None:
    """Process a kept callback once more; raises what fails now. Reports of it that wait for a word are read anew."""
    HeldReport.objects.filter(request_id=raw.pk).delete()
    _process(raw, webhook, late=True)


def rehearse(raw: InboundRequest, webhook: Webhook) -> Answer:
    """Process a callback as `receive` would, waiting for nobody; the caller rolls everything back."""
    return _process(raw, webhook, waits=False)


def _former_answer(raw: InboundRequest, webhook: Webhook) -> Answer:
    try:
        return _outlook(raw, webhook)[0]
    except BodyTooDeep as error:
        return Answer(400, error.text)


def _refusal(webhook: Webhook) -> Answer:
    try:
        return configuration_of(webhook).answers.refused
    except GatewayError:
        return REFUSED


def _process_twice(raw: InboundRequest, webhook: Webhook) -> Answer:
    """A deadlock, a lock that took too long, a row that another process made passes; a STOP may not be repeated."""
    try:
        return _process(raw, webhook)
    except (OperationalError, InterfaceError, IntegrityError):
        log.warning("webhook %s: callback %s failed, second attempt", webhook.id, raw.id, exc_info=True)
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        raw._state.adding = not InboundRequest.objects.filter(pk=raw.pk).exists()
        return _process(raw, webhook)


def _process(raw: InboundRequest, webhook: Webhook, *, late: bool = False, waits: bool = True) -> Answer:
    """Act on a callback; the wish in a `late` one dates from when it came."""
    answers = Answers()
    try:
        configuration = configuration_of(webhook)
        answers = configuration.answers
        events = events_of(configuration, raw)
    except BodyTooDeep:
        raise
    except GatewayError as error:  # unreadable, or a configuration that no longer parses: staff must look
        raw.state, raw.reason = RequestState.QUARANTINED, error.text[:500]
        _keep(raw)
        return answers.unreadable
    raw.number_key, raw.id_key = key_of(events[0])
    if len(events) == 1:
        notes = _take_one(events[0], raw, webhook, configuration, late=late)
    else:
        notes = _take_several(events, raw, webhook, configuration, late=late)
    for subject_id in {note.wait_for for note in notes if waits and note.wait_for is not None}:
        if not suppress.wait_until_idle(subject_id):
            log.warning("webhook %s: a message was still on the wire when its STOP was answered", webhook.id)
    return answers.to(events)


def _take_one(
    event: Event, raw: InboundRequest, webhook: Webhook, configuration: Configuration, *, late: bool
) -> list[Note]:
    """The usual case: callback and effect in one transaction, the callback written once, with what became of it."""
    if usual := take_usual(event, raw, webhook):
        return [usual]
    with transaction.atomic(), prepared.together():
        notes = [_act(event, raw, webhook, configuration, late=late)]
        raw.state, raw.reason = summary(notes)
        _keep(raw)
    return notes


def _take_several(
    events: list[Event], raw: InboundRequest, webhook: Webhook, configuration: Configuration, *, late: bool
) -> list[Note]:
    """Each event in a transaction of its own, since one may hold the lock of one recipient only.

    Until the last is done the callback counts as not processed: a process that dies in between leaves it to
    the leftovers, and events that took effect have none again.
    """
    if raw._state.adding:
        raw.state, raw.reason = RequestState.RECEIVED, ""
        with transaction.atomic():
            _keep(raw)
            further_keys(raw, events[1:])
    notes = []
    for event in events:
        with transaction.atomic():
            notes.append(_act(event, raw, webhook, configuration, late=late))
    raw.state, raw.reason = summary(notes)
    _keep(raw)
    return notes


def events_of(configuration: Configuration, raw: InboundRequest) -> list[Event]:
    """What a kept callback says; raises PayloadUnreadable or BodyTooDeep."""
    body = raw.raw_body
    if not raw.query and not raw.role and not body.strip():
        return [Ignored("An empty call, as providers make to check the URL.")]
    content_type = raw.headers.get("Content-Type", raw.content_type)
    return configuration.reader.read(content_type, raw.query, body, role=raw.role, headers=raw.headers)


def _act(
    event: Event, raw: InboundRequest, webhook: Webhook, configuration: Configuration, *, late: bool
) -> Note:
    if isinstance(event, InboundText):
        return taking.take_text(event, raw=raw, webhook=webhook, rules=configuration.rules, late=late)
    if isinstance(event, StatusReport):
        return taking.take_report(event, raw=raw, webhook=webhook, codes=configuration.codes)
    if isinstance(event, OptOut):
        return opting_out.take(
            event, raw=raw, webhook=webhook, reason="The provider says so in its callback."
        )
    state = RequestState.QUARANTINED if isinstance(event, Refused) else RequestState.IGNORED
    return Note(state, event.reason)


def _keep(raw: InboundRequest) -> None:
    """Write the callback, or what became of it where it is in the database already."""
    if raw._state.adding:
        insert(raw)
    else:
        raw.save(update_fields=["state", "reason", "number_key", "id_key"])


def _failed(raw: InboundRequest, webhook: Webhook, callback: Callback, error: Exception) -> Answer:
    """Keep what could not be processed: in the database, where the leftovers are looked after, else on disk."""
    try:
        _keep_unprocessed(raw, error)
    except Exception as second:
        if isinstance(second, DatabaseError):
            outage.begin()
        else:
            log.exception("webhook %s: callback %s goes to the spool", webhook.id, raw.id)
        return _spool(raw, webhook, callback)
    return Answer(500, UNAVAILABLE.body)


def _keep_unprocessed(raw: InboundRequest, error: Exception) -> None:
    raw.state, raw.reason = RequestState.RECEIVED, f"{_OUR_FAULT}{type(error).__name__}"[:500]
    if not InboundRequest.objects.filter(pk=raw.pk).update(state=raw.state, reason=raw.reason):
        insert(raw)


def _spool(raw: InboundRequest, webhook: Webhook, callback: Callback) -> Answer:
    """Keep a verified callback on disk under the id its row will have."""
    try:
        answer, urgent = _outlook(raw, webhook)
        name = keep(Entry(request_id=raw.id, webhook_id=webhook.id, callback=callback))
    except BodyTooDeep as error:
        return Answer(400, error.text)
    except SpoolUnavailable as error:
        log.error("webhook %s: a callback was turned away: %s", webhook.id, error)
        return UNAVAILABLE
    return answer if not urgent or is_certain(store(), name) else UNAVAILABLE


def _outlook(raw: InboundRequest, webhook: Webhook) -> tuple[Answer, bool]:
    """The answer that a callback will have, and whether it may forbid a send: any that may hold a person's words."""
    try:
        configuration = configuration_of(webhook)
        events = events_of(configuration, raw)
    except BodyTooDeep:
        raise
    except GatewayError:
        return Answers().unreadable, True
    urgent = any(taking.may_forbid_a_send(event, configuration.codes) for event in events)
    return configuration.answers.to(events), urgent
