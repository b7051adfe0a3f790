"""From a provider's answer to a result in our words; nothing a provider answers raises."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final

import jmespath
from jmespath.exceptions import JMESPathError

from core.http import Answer
from core.text import clean
from core.vocabulary import FailureClass, Outcome
from credentials.headers import media_type
from credentials.vendors import ResponseRules

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
    """What became of one request; `retry_after` in seconds, only when the provider asked for it."""

    outcome: Outcome
    provider_id: str = ""
    code: str = ""
    detail: str = ""
    retry_after: float | None = None
    failure: FailureClass = FailureClass.NONE


class ResponseReader:
    """Success rule, id rule and code table of one credential."""

    def __init__(
        self,
        *,
        message_id_path: str = "",
        rules: ResponseRules | None = None,
        codes: Mapping[str, str] | None = None,
    ) -> None:
        self._rules = rules or ResponseRules()
        self._codes = {code: FailureClass(value) for code, value in (codes or {}).items()}
        self._id_paths = [message_id_path] if message_id_path else ID_PATHS

    def read(self, answer: Answer) -> SendResult:
        """Judge an answer; never raises."""
        content = _parse(answer.body)
        if 200 <= answer.status < 300:
            return self._read_success(answer, content)
        return self._read_refusal(answer, content)

    def _read_success(self, answer: Answer, content: Any) -> SendResult:
        if content is None and _should_be_readable(answer):
            return SendResult(
                Outcome.UNKNOWN,
                code="answer_unreadable",
                detail="The provider said yes in a form that cannot be read.",
            )
        if self._rules.success_path and _search(self._rules.success_path, content) not in (
            self._rules.success_values
        ):
            return self._refused(answer, content, FailureClass.UNKNOWN)
        return SendResult(Outcome.ACCEPTED, provider_id=_first(self._id_paths, content))

    def _read_refusal(self, answer: Answer, content: Any) -> SendResult:
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
            return self._refused(answer, content, failure)
        return SendResult(
            outcome,
            code=_first(CODE_PATHS, content) or f"http_{answer.status}",
            detail=_first(DETAIL_PATHS, content),
            retry_after=_retry_after(answer.headers.get("Retry-After")),
            failure=failure,
        )

    def _refused(self, answer: Answer, content: Any, failure: FailureClass) -> SendResult:
        rules = self._rules
        code = _first([rules.code_path, *CODE_PATHS], content) or f"http_{answer.status}"
        known = self._codes.get(code)
        if failure != FailureClass.AUTH and known:
            failure = known
        outcomes = {FailureClass.OPTED_OUT: Outcome.OPTED_OUT, FailureClass.RATE: Outcome.TEMPORARY}
        return SendResult(
            outcomes.get(failure, Outcome.FAILED),
            code=code,
            detail=_first([rules.detail_path, *DETAIL_PATHS], content),
            failure=failure,
        )


def path_problem(path: str) -> str:
    """Why a message id path cannot be used, "" when it can."""
    try:
        jmespath.compile(path)
    except JMESPathError:
        return "Write the path to the message's id in the answer, such as messages[0].messageId."
    return ""


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _should_be_readable(answer: Answer) -> bool:
    """JSON that does not parse, or a web page in place of an API's answer; an empty or plain one is fine."""
    media = media_type(answer.headers.get("Content-Type") or "")
    body = answer.body.strip()
    is_page = media == "text/html" or body[:15].lower().startswith((b"<!doctype html", b"<html"))
    return bool(body) and (media.endswith("json") or is_page)


def _search(path: str, content: Any) -> Any:
    try:
        return jmespath.search(path, content) if path and content is not None else None
    except (JMESPathError, RecursionError, TypeError, ValueError):
        return None


def _first(paths: Iterable[str], content: Any) -> str:
    """The first text or number found, as text."""
    for path in paths:
        value = _search(path, content)
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
