"""What the "Send test SMS" panel tells an operator about one exchange."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from django import forms
from django.conf import settings

from core.editor import PayloadEditor
from core.errors import NumberInvalid
from core.numbers import parse_sender
from core.secrets import MASK
from core.vocabulary import FailureClass, Outcome


class TestKind(StrEnum):
    """Where to look after a test send."""

    __test__ = False  # not a test class

    SENT = "sent"
    TEMPORARY = "temporary"
    CREDENTIAL = "credential"
    CONFIGURATION = "configuration"


_HEADINGS: Final = {
    TestKind.SENT: "Sent",
    TestKind.TEMPORARY: "Temporary",
    TestKind.CREDENTIAL: "Credential",
    TestKind.CONFIGURATION: "Configuration",
}
_ADVICE: Final = {
    TestKind.SENT: "The provider accepted the message.",
    TestKind.TEMPORARY: "The provider could not take the message just now. Try again in a moment.",
    TestKind.CREDENTIAL: "The provider refused the keys. Check the Auth Type and its fields.",
    TestKind.CONFIGURATION: "The request does not fit the provider. Check the URL, the headers, the payload, "
    "the sender and the number.",
}
_LOST: Final = (
    "The request left and the answer was lost or cannot be read: the message may or may not have been sent."
)


@dataclass(frozen=True)
class TestPart:
    """One request of a text that travels in several."""

    __test__ = False

    number: int
    outcome: str
    provider_id: str = ""
    code: str = ""


@dataclass(frozen=True)
class TestResult:
    """One test send, typed; `request` and `response` are masked."""

    __test__ = False

    kind: TestKind
    heading: str
    advice: str
    provider_id: str = ""
    code: str = ""
    detail: str = ""
    status: int | None = None
    elapsed_ms: int = 0
    request: dict[str, Any] = field(default_factory=dict)
    response: dict[str, Any] = field(default_factory=dict)
    curl: str = ""
    rule: str = ""
    parts: tuple[TestPart, ...] = ()

    @property
    def tone(self) -> str:
        """Colour of the badge: good, warn or bad."""
        return {TestKind.SENT: "good", TestKind.TEMPORARY: "warn"}.get(self.kind, "bad")


class TestSendForm(forms.Form):
    """Number and message of a test; the sender may be left to the credential's channel."""

    __test__ = False

    field_order = ("number", "sender", "message")

    number = forms.CharField(
        label="Number", max_length=40, help_text="In international form, such as +14155550123."
    )
    message = forms.CharField(
        label="Message",
        max_length=1500,
        widget=PayloadEditor(
            "admin:messaging_text_check", {"rows": 3, "spellcheck": "true"}, language="text"
        ),
        initial="Test message",
    )
    sender = forms.CharField(
        label="Sender number",
        max_length=40,
        required=False,
        help_text="Blank: the sender of the credential's first channel configuration.",
    )

    def clean_sender(self) -> str:
        """A number, short code or name as the gateway writes it; blank stays blank."""
        sender = str(self.cleaned_data["sender"])
        try:
            country = settings.SMSGATEWAY_DEFAULT_COUNTRY
            return parse_sender(sender, default_country=country).value if sender else ""
        except NumberInvalid as error:
            raise forms.ValidationError(error.text) from error


def parts_of(message: Any) -> tuple[TestPart, ...]:
    """How each part of a test that travelled in several ended; () for a message of one part."""
    last = {attempt.part: attempt for attempt in message.attempts.order_by("number")}
    parts = list(message.parts.all())
    if len(parts) < 2:
        return ()
    return tuple(
        TestPart(
            number=part.number,
            outcome=str(getattr(last.get(part.number), "outcome", "") or "not sent").replace("_", " "),
            provider_id=part.provider_id,
            code=str(getattr(last.get(part.number), "code", "")),
        )
        for part in parts
    )


def result_of(attempt: Any, message: Any) -> TestResult:
    """Type a test: `attempt` is the stored exchange (outcome, failure, http_status, code, detail, judged_by,
    elapsed_ms, request, response), None when the message was stopped before any request."""
    if attempt is None:
        reason = str(getattr(message, "reason", "") or "").replace("_", " ")
        return TestResult(
            kind=TestKind.CONFIGURATION,
            heading="Not sent",
            advice=f"Nothing was sent. {reason}".strip(),
            detail=str(getattr(message, "detail", "") or ""),
        )
    outcome, failure = Outcome(attempt.outcome), FailureClass(attempt.failure)
    kind = _kind(outcome, failure)
    lost = outcome == Outcome.UNKNOWN
    return TestResult(
        kind=kind,
        heading="Unclear" if lost else _HEADINGS[kind],
        advice=_LOST if lost else _ADVICE[kind],
        provider_id=str(getattr(message, "provider_id", "") or ""),
        code=attempt.code,
        detail=attempt.detail,
        status=attempt.http_status,
        elapsed_ms=attempt.elapsed_ms or 0,
        request=attempt.request,
        response=attempt.response,
        curl=curl_of(attempt.request),
        rule=attempt.judged_by,
    )


def _kind(outcome: Outcome, failure: FailureClass) -> TestKind:
    if outcome == Outcome.ACCEPTED:
        return TestKind.SENT
    if outcome in {Outcome.TEMPORARY, Outcome.UNKNOWN}:
        return TestKind.TEMPORARY
    if failure == FailureClass.AUTH:
        return TestKind.CREDENTIAL
    return TestKind.CONFIGURATION


def curl_of(request: Mapping[str, Any]) -> str:
    """The masked request as a curl command to complete by hand; "" when none was made."""
    if not request:
        return ""
    parts = [f"curl -X {request['method']} {shlex.quote(request['url'])}"]
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in request["headers"].items()]
    if request["body"]:
        parts.append(f"--data-raw {shlex.quote(request['body'])}")
    return " \\\n  ".join(parts).replace(MASK, "YOUR-SECRET")
