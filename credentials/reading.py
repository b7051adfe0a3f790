"""From a provider's answer to a result in our words; nothing a provider answers raises."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any, Final

from core.http import Answer
from core.text import clean
from core.value_paths import NOTHING, Document, ValuePath, compile_path
from core.vocabulary import FailureClass, Outcome
from credentials.headers import media_type
from credentials.rules import Judge
from credentials.spec import ResponseSpec, Rule

LONGEST_RETRY_AFTER: Final = 3600.0
_LONGEST_TEXT: Final = 500

# Where providers put the message's id, most telling first; tried when the credential names no path.
ID_PATHS: Final = (
    "messageId", "message_id", "messageID", "MessageId", "sid", "message_uuid", "id",
    "messages[0].messageId", "messages[0].message_id", '"messages"[0]."message-id"', "messages[0].id",
    "messages[0].apiMessageId", "data.messageId", "data.message_id", "data.id", "data[0].id",
    "data.messages[0].message_id", "data.messages[0].id", "message.id", "result.id", "result.messageId",
    "[0].id", "[0].messageId", "value[0].messageId", "request_id", "requestId", "reference_id", "batch_id",
)  # fmt: skip
CODE_PATHS: Final = (
    "error.code", "errors[0].code", "requestError.serviceException.messageId", "errorCode", "error_code",
    "code", "status.code", "error.type", "error", "title",
)  # fmt: skip
DETAIL_PATHS: Final = (
    "error.message", "error.description", "errors[0].detail", "errors[0].message", "errors[0].description",
    "errors[0].title", "requestError.serviceException.text", "error_description", "errorMessage",
    "error_message", "message", "detail", "description", "text", "status.description", "title", "error",
)  # fmt: skip

# HTTP status -> outcome, class; every other non-2xx is a refusal, every other 5xx leaves the outcome open.
_STATUSES: Final[Mapping[int, tuple[Outcome, FailureClass]]] = {
    401: (Outcome.FAILED, FailureClass.AUTH),
    402: (Outcome.FAILED, FailureClass.CREDIT),
    403: (Outcome.FAILED, FailureClass.AUTH),
    404: (Outcome.FAILED, FailureClass.CONFIGURATION),
    405: (Outcome.FAILED, FailureClass.CONFIGURATION),
    408: (Outcome.TEMPORARY, FailureClass.NONE),
    413: (Outcome.FAILED, FailureClass.CONTENT),
    415: (Outcome.FAILED, FailureClass.CONFIGURATION),
    425: (Outcome.TEMPORARY, FailureClass.NONE),
    429: (Outcome.TEMPORARY, FailureClass.RATE),
    501: (Outcome.FAILED, FailureClass.CONFIGURATION),
    503: (Outcome.TEMPORARY, FailureClass.NONE),
}


@dataclass(frozen=True)
class SendResult:
    """What became of one request; `retry_after` in seconds, only when the provider asked for it.

    `rule` is the number, from 1, of the response rule that decided, 0 for none; `again_without` names variables
    to empty for one more try.
    """

    outcome: Outcome
    provider_id: str = ""
    code: str = ""
    detail: str = ""
    retry_after: float | None = None
    failure: FailureClass = FailureClass.NONE
    rule: int = 0
    again_without: tuple[str, ...] = ()


class ResponseReader:
    """Rules, id rule and code table of one credential; PathInvalid when a path of them cannot be followed."""

    def __init__(self, spec: ResponseSpec | None = None) -> None:
        spec = spec or ResponseSpec()
        self._codes = {code: FailureClass(value) for code, value in spec.codes.items()}
        self._ignored = frozenset(spec.ignored_ids)
        self._id_paths = _compiled([spec.id_path] if spec.id_path else ID_PATHS)
        self._code_paths = _compiled(_before_usual(spec.code_path, CODE_PATHS))
        self._text_paths = _compiled(_before_usual(spec.text_path, DETAIL_PATHS))
        self._judge = Judge(spec.rules)

    def read(self, answer: Answer) -> SendResult:
        """Judge an answer; never raises."""
        document = Document(answer.body, answer.headers)
        number, rule = self._judge.first_fit(answer.status, document)
        if rule is not None:
            result = self._by_rule(rule, answer, document)
            return replace(result, rule=number, again_without=rule.again_without)
        if 200 <= answer.status < 300:
            return self._success(answer, document)
        return self._refusal(answer, document)

    def _by_rule(self, rule: Rule, answer: Answer, document: Document) -> SendResult:
        outcome = Outcome(rule.outcome)
        if outcome == Outcome.ACCEPTED:
            return self._accepted(document)
        if outcome == Outcome.OPTED_OUT:
            return self._told(outcome, FailureClass.OPTED_OUT, answer, document)
        if outcome == Outcome.FAILED and not rule.failure:
            return self._refused(answer, document, FailureClass.UNKNOWN)
        return self._told(outcome, FailureClass(rule.failure), answer, document)

    def _success(self, answer: Answer, document: Document) -> SendResult:
        if _should_be_readable(answer) and document.json is None:
            return SendResult(
                Outcome.UNKNOWN,
                code="answer_unreadable",
                detail="The provider said yes in a form that cannot be read.",
            )
        return self._accepted(document)

    def _accepted(self, document: Document) -> SendResult:
        provider_id = _first(self._id_paths, document)
        return SendResult(Outcome.ACCEPTED, provider_id="" if provider_id in self._ignored else provider_id)

    def _refusal(self, answer: Answer, document: Document) -> SendResult:
        if 300 <= answer.status < 400:
            return SendResult(
                Outcome.FAILED,
                code=f"http_{answer.status}",
                detail="The Provider URL redirects, which is not followed; type the address it leads to.",
                failure=FailureClass.CONFIGURATION,
            )
        outcome, failure = _STATUSES.get(
            answer.status,
            (Outcome.UNKNOWN, FailureClass.NONE)
            if answer.status >= 500
            else (Outcome.FAILED, FailureClass.UNKNOWN),
        )
        if outcome == Outcome.FAILED:
            return self._refused(answer, document, failure)
        return self._told(outcome, failure, answer, document)

    def _refused(self, answer: Answer, document: Document, failure: FailureClass) -> SendResult:
        """A refusal; what the code table says of its code is more telling than the status, except for a 401."""
        code = self._code(answer, document)
        failure = self._codes.get(code, failure) if answer.status != 401 else failure
        outcomes = {FailureClass.OPTED_OUT: Outcome.OPTED_OUT, FailureClass.RATE: Outcome.TEMPORARY}
        return self._told(outcomes.get(failure, Outcome.FAILED), failure, answer, document)

    def _told(
        self, outcome: Outcome, failure: FailureClass, answer: Answer, document: Document
    ) -> SendResult:
        return SendResult(
            outcome,
            code=self._code(answer, document),
            detail=_first(self._text_paths, document),
            retry_after=_retry_after(answer.headers.get("Retry-After")),
            failure=failure,
        )

    def _code(self, answer: Answer, document: Document) -> str:
        return _first(self._code_paths, document) or f"http_{answer.status}"


def _before_usual(path: str, usual: Sequence[str]) -> Sequence[str]:
    """The path, then the usual places; these alone without one, and nowhere where there is no such value."""
    if path == NOTHING:
        return ()
    return (path, *usual) if path else usual


def _compiled(paths: Iterable[str]) -> tuple[ValuePath, ...]:
    return tuple(compile_path(path) for path in paths)


def _should_be_readable(answer: Answer) -> bool:
    """JSON that does not parse, or a web page in place of an API's answer; an empty or plain one is fine."""
    media = media_type(answer.headers.get("Content-Type") or "")
    body = answer.body.strip()
    is_page = media == "text/html" or body[:15].lower().startswith((b"<!doctype html", b"<html"))
    return bool(body) and (media.endswith("json") or is_page)


def _first(paths: Sequence[ValuePath], document: Document) -> str:
    """The first text or number found, as text."""
    for path in paths:
        value: Any = path.find(document)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return clean(str(value)).strip()[:_LONGEST_TEXT]
    return ""


def _retry_after(value: str | None) -> float | None:
    """Seconds or an HTTP date (RFC 9110, section 10.2.3), bounded; None when absent or unreadable."""
    if not value:
        return None
    try:
        seconds = float(value) if value.strip().isdigit() else _moment(value) - time.time()
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def _moment(value: str) -> float:
    return parsedate_to_datetime(value).timestamp()
