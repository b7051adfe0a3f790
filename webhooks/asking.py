"""Asking providers what became of messages whose answer was lost; what they say is applied like a delivery report.

Nothing moves unless the answer repeats the reference that the message carried: a provider that passes over a filter it
does not know would otherwise settle one message by the fate of another.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from core.errors import GatewayError
from core.http import Answer
from credentials.client import ProviderClient
from credentials.loading import spec_of as credential_spec
from credentials.models import ApiCredential
from credentials.questions import question
from credentials.spec import CredentialSpec
from messaging import lookups
from messaging.context import context_of
from messaging.models import Message, MessagePart
from messaging.reports import Report, apply_report
from messaging.states import OPEN_PARTS, REPORTED_PART, PartState
from webhooks.configuration import spec_of
from webhooks.inbox import words_of
from webhooks.models import Webhook, WebhookKind
from webhooks.reading import InboundReader, StatusReport
from webhooks.spec import MappingSpec, WebhookSpec
from webhooks.statuses import VAGUE, StatusTable, parse_status_map

_ROUND: Final = 20.0  # seconds: the next round begins with what this one could not ask
_NOT_KNOWN: Final = "The provider knows nothing of it."
_REST_NOT_SENT: Final = (
    "The provider has what was sent of it. The rest was never sent: send it again, or give it up."
)
_REFUSED: Final = frozenset({401, 403, 407, 408, 429})  # by whatever message is asked about


def ask_due() -> int:
    """Ask about messages that are due, some seconds long; gives how many were asked about. Runs in every worker."""
    lookups.begin()
    asked, until = 0, time.monotonic() + _ROUND
    silent: set[UUID] = set()  # whose messages would use the round up, each with a wait of its own
    while time.monotonic() < until and (messages := lookups.take_due(1, silent=silent)):
        for message in messages:
            try:
                said = ask(message)
            except NoAnswer as error:
                silent.add(message.credential_id)
                said = str(error)
            lookups.note(message.id, said or _REST_NOT_SENT, over=not said)
            asked += 1
    return asked


class NoAnswer(Exception):
    """The provider could not be asked, or did not answer; says why."""


def ask(message: Message) -> str:
    """Ask about every part nobody knows of, apply what is said; gives it in words, "" for no such part. NoAnswer."""
    try:
        spec = credential_spec(message.credential)
        client = ProviderClient(question(spec, message.credential.lookup_url))
        reader = reader_of(message.credential)
    except GatewayError as error:
        return f"It could not be asked about: {error.text}"
    with closing(client):
        return " ".join(dict.fromkeys(_asked(message, client, reader, spec)))


def _asked(
    message: Message, client: ProviderClient, reader: InboundReader, spec: CredentialSpec
) -> Iterator[str]:
    """What is said of each part of which nobody knows whether it was accepted."""
    parts = list(message.parts.all())
    texts = [part.text for part in parts] if len(parts) > 1 else []
    for part in parts:
        if part.state in OPEN_PARTS:
            context = context_of(message, part.number, texts=texts, spec=spec.text)
            others = [other for other in parts if other != part and other.state != PartState.WAITING]
            names = {str(context["partReference"])}
            if all(other.provider_id for other in others):  # else the message's own id may mean any of them
                names.add(str(message.id))
            answer = _answered(client, context)
            ids = {other.provider_id for other in others if other.provider_id}
            yield _Answer(answer, reader, names, ids).take(message, part)


def _answered(client: ProviderClient, context: Mapping[str, Any]) -> Answer:
    """What the provider answers, whatever it is; NoAnswer where the next question would get the same."""
    answer, problem = client.ask(context)
    if answer is None:
        raise NoAnswer(f"The provider could not be asked: {problem}")
    if answer.status in _REFUSED or answer.status >= 500:
        raise NoAnswer(f"The provider answered the question with HTTP {answer.status}.")
    return answer


def reader_of(credential: ApiCredential) -> InboundReader:
    """How look-ups of this credential are read: by its webhook's mapping, else by the vendor's."""
    webhooks = Webhook.objects.filter(endpoint__credential=credential).exclude(kind=WebhookKind.INBOUND)
    webhook = webhooks.order_by("created_at").first() or Webhook(vendor=credential.vendor)
    words = parse_status_map(webhook.status_map)
    spec = _as_lookup(spec_of(webhook, credential))
    return InboundReader(spec, StatusTable(spec.statuses, words_of(credential), words, but=VAGUE))


def _as_lookup(spec: WebhookSpec) -> WebhookSpec:
    """Reads nothing but reports; rules are about callbacks, not about a look-up that has a mapping of its own."""
    nothing = MappingSpec()
    if not spec.lookup.given:
        return replace(spec, inbound=nothing, opt_out=nothing)
    return replace(spec, inbound=nothing, opt_out=nothing, report=spec.lookup, rules=())


class _Answer:
    """What came back when one part was asked about. `others`: ids that belong to other parts of the message."""

    def __init__(
        self, answer: Answer, reader: InboundReader, names: Collection[str], others: Collection[str]
    ) -> None:
        self._answer = answer
        self._reader = reader
        self._names = {name.casefold() for name in names}
        self._others = others

    def take(self, message: Message, part: MessagePart) -> str:
        """Apply it to the part; gives it in words."""
        status = self._answer.status
        if status == 404:
            return _NOT_KNOWN
        if not 200 <= status < 300:
            return f"The provider answered the question with HTTP {status}."
        try:
            found = self._about_it()
        except GatewayError as error:
            return f"The provider's answer cannot be read: {error.text}"
        if found is None:
            return _NOT_KNOWN
        if not found.known:
            return (
                f'The provider says "{found.raw_status}", and what that means is not known: add it to Status words '
                "of the webhook."
            )
        apply_report(credential_id=message.credential_id, report=_report(found, message, part))
        return f'The provider says "{found.raw_status}".'

    def _about_it(self) -> StatusReport | None:
        headers = self._answer.headers
        events = self._reader.read(headers.get("Content-Type", ""), "", self._answer.body, headers=headers)
        return next(
            (event for event in events if isinstance(event, StatusReport) and self._is_it(event)), None
        )

    def _is_it(self, event: StatusReport) -> bool:
        named = {event.client_reference.casefold(), event.provider_id.casefold()} & self._names
        return bool(named) and event.provider_id not in self._others


def _report(found: StatusReport, message: Message, part: MessagePart) -> Report:
    """As messaging takes it. Whatever the provider calls the state: what it can tell of, it has accepted."""
    return Report(
        status=found.status if found.status in REPORTED_PART else "accepted",
        provider_id=found.provider_id,
        message_id=f"{message.id}.{part.number}",
        raw_status=found.raw_status,
        code=found.code,
        detail="(asked)",
    )
