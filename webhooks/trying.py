"""The test bench: a callback goes the whole way, everything it would do is noted, and nothing of it stays."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from consent import ledger
from consent.wording import summary_of
from core.errors import GatewayError
from messaging.models import Message, MessageEvent
from messaging.states import State
from profiles.selectors import attributes_for
from webhooks.answers import Answer
from webhooks.callback import Callback
from webhooks.configuration import Configuration, configuration_of
from webhooks.models import Forward, InboundMessage, InboundRequest, RequestState, Webhook
from webhooks.reading import Ignored
from webhooks.receiving import rehearse
from webhooks.recording import raw_of
from webhooks.reply_preview import size_line
from webhooks.verification import Verdict

NOTHING_ON_RECORD = "Nothing on record"


@dataclass(frozen=True)
class TriedMessage:
    """What a message from a person would come to; `before` and `after` are its number's consent in words."""

    number: str
    text: str
    read_as: str
    keyword: str
    rule: str
    before: str
    after: str
    reply: str = ""
    reply_size: str = ""
    tagged: Mapping[str, Any] = field(default_factory=dict)
    forwarded_to: str = ""


@dataclass(frozen=True)
class Trial:
    """What a callback would come to. `changes` are states of messages: (number, before, after)."""

    verdict: Verdict | None = None
    problem: str = ""
    events: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)
    standing: str = ""
    reason: str = ""
    messages: list[TriedMessage] = field(default_factory=list)
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    answer: Answer | None = None


def try_callback(*, webhook: Webhook, callback: Callback, again: uuid.UUID | None = None) -> Trial:
    """What would happen if the provider made this call; the database is as before afterwards.

    `again` is a kept callback that is tried as if it came for the first time.
    """
    try:
        configuration = configuration_of(webhook)
    except GatewayError as error:
        return Trial(problem=error.text)
    verdict = configuration.verifier.check(callback)
    with transaction.atomic():
        try:
            return _rehearsed(webhook, callback, configuration, verdict, again)
        except GatewayError as error:
            return Trial(verdict=verdict, problem=error.text)
        finally:
            transaction.set_rollback(True)


def _rehearsed(
    webhook: Webhook,
    callback: Callback,
    configuration: Configuration,
    verdict: Verdict,
    again: uuid.UUID | None,
) -> Trial:
    if again is not None:
        InboundMessage.objects.filter(request_id=again).delete()
    newest = MessageEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    raw = raw_of(webhook, callback)
    savepoint = transaction.savepoint()
    answer = rehearse(raw, webhook)
    after = [_After(message) for message in InboundMessage.objects.filter(request_id=raw.pk).order_by("pk")]
    changes = MessageEvent.objects.filter(pk__gt=newest, message__credential=webhook.credential)
    changed = [
        (change.message.msisdn, State(change.before).label, State(change.after).label)
        for change in changes.exclude(before="").select_related("message")
    ]
    transaction.savepoint_rollback(savepoint)
    return Trial(
        verdict=verdict,
        events=_events(configuration, raw),
        standing=RequestState(raw.state).label,
        reason=raw.reason,
        messages=[one.beside_before(configuration) for one in after],
        changes=changed,
        answer=answer,
    )


class _After:
    """What stands in the database after a message has had its effect."""

    def __init__(self, message: InboundMessage) -> None:
        self.message = message
        self.reply: Message | None = message.reply
        self.consent = _consent_of(message.msisdn)
        self.attributes = attributes_for([message.msisdn]).get(message.msisdn, {})
        forward = Forward.objects.filter(message=message).first()
        self.forwarded_to = forward.url if forward else ""

    def beside_before(self, configuration: Configuration) -> TriedMessage:
        """Compared with what stands there now that it is rolled back."""
        message, match = self.message, configuration.rules.match(self.message.text)
        before = attributes_for([message.msisdn]).get(message.msisdn, {})
        text = self.reply.text if self.reply else ""
        return TriedMessage(
            number=message.msisdn,
            text=message.text,
            read_as=message.get_intent_display(),
            keyword=message.keyword,
            rule=str(match.rule).replace("_", " "),
            before=_consent_of(message.msisdn),
            after=self.consent,
            reply=text,
            reply_size=size_line(text) if text else "",
            tagged={name: value for name, value in self.attributes.items() if before.get(name) != value},
            forwarded_to=self.forwarded_to,
        )


def _consent_of(msisdn: str) -> str:
    subject_id = ledger.subjects_for([msisdn])[msisdn]
    return summary_of(ledger.states_for([subject_id])[subject_id]) or NOTHING_ON_RECORD


def _events(configuration: Configuration, raw: InboundRequest) -> list[tuple[str, list[tuple[str, str]]]]:
    """(kind, its values) of everything that is read in the callback."""
    body = raw.raw_body
    if not raw.query and not body.strip():
        return []
    try:
        found = configuration.reader.read(raw.content_type, raw.query, body)
    except GatewayError:  # said by the callback's own reason
        return []
    return [describe(event) for event in found]


_KINDS = {"InboundText": "Message", "StatusReport": "Delivery report", "Ignored": "Ignored"}


def describe(event: Any) -> tuple[str, list[tuple[str, str]]]:
    """An event in words: its kind, and (name, value) of what was read."""
    if isinstance(event, Ignored):
        return "Ignored", [("Why", event.reason)]
    values = ((name, getattr(event, name)) for name in event.__dataclass_fields__)
    told = [
        (name.replace("_", " ").capitalize(), str(value))
        for name, value in values
        if value or (name == "known" and value is False)
    ]
    return _KINDS.get(type(event).__name__, type(event).__name__), told
