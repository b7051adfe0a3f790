"""What a call left in the database and got back, beside what the file expects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from consent.models import ConsentEvent, Kind, Source
from consent.sealing import number_hash
from messaging.models import Message, MessageEvent, MessagePart, ParkedReport
from messaging.states import Reason, State
from webhooks.answers import Answer
from webhooks.models import InboundMessage, InboundRequest, RequestState

_STATES: Final[Mapping[str, str]] = {
    State.ACCEPTED: "wired",
    State.SENT: "sent",
    State.DELIVERED: "delivered",
    State.UNDELIVERED: "failed",
    State.EXPIRED: "failed",
    State.FAILED: "failed",
}
_KNOWN: Final = frozenset({"status", "messages", "statuses", "events", "reply", "error", "ignored"})


@dataclass(frozen=True)
class Traces:
    """Everything that was there before the call, by primary key, and where the sent messages stood."""

    messages: frozenset[UUID]
    requests: frozenset[UUID]
    opt_outs: frozenset[Any]
    history: frozenset[Any]
    states: Mapping[UUID, str]

    @classmethod
    def taken(cls) -> Traces:
        """As it is now."""
        return cls(
            messages=frozenset(InboundMessage.objects.values_list("pk", flat=True)),
            requests=frozenset(InboundRequest.objects.values_list("pk", flat=True)),
            opt_outs=frozenset(_opt_outs().values_list("pk", flat=True)),
            history=frozenset(MessageEvent.objects.values_list("pk", flat=True)),
            states=dict(Message.objects.values_list("pk", "state")),
        )

    def differences(self, expect: Mapping[str, Any], answer: Answer) -> Iterator[str]:
        """What is not as expected."""
        for name in expect.keys() - _KNOWN:
            yield f"expect, {name}: there is no such rule for a callback."
        if expect.get("error"):
            yield from self._nothing()
            yield from self._refused(expect, answer)
            return
        if expect.get("ignored"):
            yield from self._nothing()
        else:
            yield from self._messages(expect.get("messages", ()))
            yield from self._statuses(expect.get("statuses", ()))
            yield from self._events(expect.get("events", ()))
        if (status := expect.get("status", 200)) != answer.status:
            yield f"status: {answer.status} instead of {status}"
        yield from self._quarantined()
        yield from _reply(expect.get("reply", {}), answer)

    def _nothing(self) -> Iterator[str]:
        if found := self._new_messages():
            yield f"a message was taken: {found[0].text!r}"
        moved = {key: state for key, state in _now().items() if self.states.get(key, state) != state}
        if moved:
            yield f"a message became {next(iter(moved.values()))}"
        if MessageEvent.objects.exclude(pk__in=self.history).exists():
            yield "the history of a message grew"
        if _opt_outs().exclude(pk__in=self.opt_outs).exists():
            yield "an opt-out was recorded"
        if ParkedReport.objects.exists():
            yield "a report was parked"

    def _refused(self, expect: Mapping[str, Any], answer: Answer) -> Iterator[str]:
        """Refused with a 4xx, or answered and kept for staff; a status that is named must be that one."""
        if "status" in expect:
            if answer.status != expect["status"]:
                yield f"status: {answer.status} instead of {expect['status']}"
        elif 200 <= answer.status < 300:
            if not self._requests().filter(state=RequestState.QUARANTINED).exists():
                yield f"answered {answer.status}, but nothing is kept for staff"
        elif not 400 <= answer.status < 500:
            yield f"status: {answer.status} instead of a refusal"

    def _quarantined(self) -> Iterator[str]:
        for request in self._requests().filter(state=RequestState.QUARANTINED):
            yield f"quarantined: {request.reason}"

    def _messages(self, wanted: Any) -> Iterator[str]:
        found = self._new_messages()
        if len(found) != len(wanted):
            yield f"messages: {len(found)} instead of {len(wanted)}"
        for number, (message, expected) in enumerate(zip(found, wanted, strict=False), start=1):
            got = {
                "from": message.msisdn,
                "text": message.text,
                "external_id": message.provider_message_id or None,
                "to": message.recipient,
                "received_at": message.occurred_at,
            }
            for name, value in expected.items():
                if name not in got:
                    yield f"message {number}, {name}: there is no such rule for a message."
                elif _comparable(name, got[name]) != _comparable(name, value):
                    yield f"message {number}, {name}: {got[name]!r} instead of {value!r}"

    def _statuses(self, wanted: Any) -> Iterator[str]:
        for number, expected in enumerate(wanted, start=1):
            key = expected.get("message_id") or _by_provider_id(expected["external_id"])
            message = Message.objects.filter(pk=key).first() if key else None
            if message is None:
                yield f"status {number}: its message is not there"
                continue
            history = MessageEvent.objects.filter(message=message).exclude(pk__in=self.history)
            told = " ".join(history.values_list("detail", flat=True))
            status = _status(message, frozenset(history.values_list("reason", flat=True)))
            if status != expected["status"]:
                yield f"status {number}: {status} instead of {expected['status']}"
            if (code := expected.get("error_code", "")) and code not in told.split():
                yield f"status {number}: the code {code} is not kept"
        if ParkedReport.objects.exists():
            yield "a report was parked: its message was not found"

    def _events(self, wanted: Any) -> Iterator[str]:
        new = _opt_outs().exclude(pk__in=self.opt_outs).filter(source=Source.PROVIDER)
        numbers = set(new.values_list("subject__number_hash", flat=True))
        for event in wanted:
            if event.get("type") != "opt_out":
                yield f"event {event.get('type')}: there is no such rule."
            elif number_hash(event["number"]) not in numbers:
                yield f"no opt-out of {event['number']} was recorded"
        if len(numbers) > len(wanted):
            yield f"opt-outs: {len(numbers)} instead of {len(wanted)}"

    def _new_messages(self) -> list[InboundMessage]:
        return list(InboundMessage.objects.exclude(pk__in=self.messages).order_by("pk"))

    def _requests(self) -> Any:
        return InboundRequest.objects.exclude(pk__in=self.requests)


def _now() -> dict[UUID, str]:
    return dict(Message.objects.values_list("pk", "state"))


def _opt_outs() -> Any:
    return ConsentEvent.objects.filter(kind=Kind.OPT_OUT)


def _by_provider_id(provider_id: str) -> UUID | None:
    parts = MessagePart.objects.filter(provider_id=provider_id)
    return parts.values_list("message_id", flat=True).first()


def _status(message: Message, reasons: frozenset[str]) -> str:
    if "read" in reasons and message.state == State.DELIVERED:
        return "read"
    if Reason.TEMPORARY in reasons and message.state in (State.ACCEPTED, State.SENT):
        return "errored"
    return _STATES.get(message.state, message.state)


def _reply(wanted: Mapping[str, Any], answer: Answer) -> Iterator[str]:
    got = {"status": answer.status, "body": answer.body}
    for name, value in wanted.items():
        if name == "content_type":
            if not answer.content_type.lower().startswith(value.lower()):
                yield f"reply, content_type: {answer.content_type} instead of {value}"
        elif name == "body_contains":
            if value not in answer.body:
                yield f"reply: {value!r} is not in {answer.body!r}"
        elif name not in got:
            yield f"reply, {name}: there is no such rule for a reply."
        elif got[name] != value:
            yield f"reply, {name}: {got[name]!r} instead of {value!r}"


def _comparable(name: str, value: Any) -> Any:
    if name in ("from", "to"):
        return str(value).removeprefix("tel:").removeprefix("+")
    if name == "received_at" and isinstance(value, str):
        return datetime.fromisoformat(value)
    return value
