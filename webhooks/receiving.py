"""What happens when a provider calls: keep the raw callback, read it, act on it once, answer."""

from __future__ import annotations

import logging
from contextlib import nullcontext

from django.db import DatabaseError, OperationalError, connection, transaction

from core.bulk import insert
from core.errors import BodyTooDeep, GatewayError
from core.secrets import MASK
from messaging import suppress
from webhooks import opting_out, taking
from webhooks.answering import Answers
from webhooks.answers import REFUSED, TOO_LARGE, UNAVAILABLE, Answer
from webhooks.callback import LARGEST_BODY, Callback
from webhooks.configuration import Configuration, configuration_of
from webhooks.models import InboundRequest, RequestState, Webhook
from webhooks.outcomes import Note, summary
from webhooks.reading import Event, Ignored, InboundText, OptOut, Refused, StatusReport
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
        return _refusal(webhook)
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


def _refusal(webhook: Webhook) -> Answer:
    try:
        return configuration_of(webhook).answers.refused
    except GatewayError:
        return REFUSED


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
    answers = Answers()
    try:
        configuration = configuration_of(webhook)
        answers = configuration.answers
        events = _events(configuration, raw)
    except BodyTooDeep:
        raise
    except GatewayError as error:  # unreadable, or a configuration that no longer parses: staff must look
        raw.state, raw.reason = RequestState.QUARANTINED, error.text[:500]
        keep(raw)
        return answers.unreadable
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
    return answers.to(events)


def _events(configuration: Configuration, raw: InboundRequest) -> list[Event]:
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
        role=callback.role[:40],
        query=callback.query,
    )
    raw.headers = {
        name: MASK if any(word in name.lower() for word in _SECRET_HEADERS) else value[:_LONGEST_HEADER]
        for name, value in callback.headers.items()
    }
    raw.keep_body(callback.body)
    return raw
