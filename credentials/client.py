"""Sending one message to one provider: build, sign, exchange, read, and a masked record of it all."""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

from django.db.models import UUIDField
from requests import PreparedRequest

from core.compiled import Compiled, Slot
from core.errors import (
    AddressRefused,
    AnswerLost,
    AnswerTooLarge,
    AuthenticationFailed,
    ConnectionFailed,
    GatewayError,
    SecretUnreadable,
    TokenEncodingRefused,
    TokenUnavailable,
)
from core.http import Answer, GuardedSession, exchange
from core.http.headers import pairs_of
from core.secrets import MASK, mask_text
from core.vocabulary import FailureClass, Outcome
from credentials.auth import backend_of, session_for
from credentials.building import RequestBuilder
from credentials.headers import is_secret_name
from credentials.loading import spec_of
from credentials.models import ApiCredential
from credentials.reading import ResponseReader, SendResult
from credentials.rule_words import in_words
from credentials.spec import CredentialSpec

# An error of ours -> what it means for the message; every other one is a matter of configuration.
_MEANING: Final[Mapping[type[GatewayError], tuple[Outcome, FailureClass]]] = {
    ConnectionFailed: (Outcome.TEMPORARY, FailureClass.NONE),
    TokenUnavailable: (Outcome.TEMPORARY, FailureClass.NONE),
    # What a form took and is refused now is an answer of the DNS that may be another one in a minute.
    AddressRefused: (Outcome.TEMPORARY, FailureClass.NONE),
    AnswerLost: (Outcome.UNKNOWN, FailureClass.NONE),
    AnswerTooLarge: (Outcome.UNKNOWN, FailureClass.NONE),
    AuthenticationFailed: (Outcome.FAILED, FailureClass.AUTH),
    TokenEncodingRefused: (Outcome.FAILED, FailureClass.AUTH),
    SecretUnreadable: (Outcome.FAILED, FailureClass.AUTH),
}
_LONGEST_RECORD: Final = 20_000
_CACHED_CLIENTS: Final = 256
_CACHED_HEADERS: Final = 64


@dataclass(frozen=True)
class Exchange:
    """One attempt: its result and what went over the wire, masked; `revision` is the credential's it was made with.

    `request` is {"method", "url", "headers", "body"}, `response` {"status", "headers", "body"}; {}: none.
    `judged_by` says which response rule decided, "" for none.
    """

    result: SendResult
    request: dict[str, Any] = field(default_factory=dict)
    response: dict[str, Any] = field(default_factory=dict)
    elapsed_ms: int = 0
    revision: int = 0
    judged_by: str = ""

    @classmethod
    def lost(cls, code: str, detail: str = "") -> Exchange:
        """An attempt of which nobody knows how it ended."""
        return cls(result=SendResult(Outcome.UNKNOWN, code=code, detail=detail))


# What a caller wants to be asked: before a request, and right before its first byte.
_Asked = tuple[Callable[[], None], Callable[[], None] | None]


class ProviderClient:
    """Talks to the provider of one credential revision; shared by threads, one pooled session for each."""

    def __init__(self, spec: CredentialSpec, *, broken: GatewayError | None = None) -> None:
        self.spec = spec
        self._local = threading.local()
        self._broken = broken  # told with every send, so that nothing is lost silently
        if broken is None:
            try:
                self._prepare(spec)
            except GatewayError as error:
                self._broken = error

    def send(
        self,
        context: Mapping[str, Any],
        *,
        before_request: Callable[[], None] | None = None,
        before_send: Callable[[], None] | None = None,
    ) -> Exchange:
        """One attempt to hand over a message, or one part of it; faults of provider and network become results.

        `before_request` is called before each request that carries the message, `before_send` once that request is
        connected, right before its first byte; either may raise to stop it.
        """
        record = _Record()
        try:
            if self._broken is not None:
                raise self._broken
            asked = (before_request or _nothing, before_send)
            return self._attempt(context, asked, record)
        except GatewayError as error:
            return self._failed(error, record)

    def ask(self, context: Mapping[str, Any]) -> tuple[Answer | None, str]:
        """Ask the provider something: its answer as it came, unmasked, or None and why there is none, masked."""
        record = _Record()
        try:
            if self._broken is not None:
                raise self._broken
            return self._answer(context, (_nothing, None), record), ""
        except GatewayError as error:
            return None, self._failed(error, record).result.detail

    def refused(self, error: GatewayError) -> Exchange:
        """What an error of ours before any request means for the message."""
        return self._failed(error, _Record())

    def close(self) -> None:
        """End the connections of this thread; a client that is kept needs no such thing."""
        if (session := getattr(self._local, "session", None)) is not None:
            session.close()

    def _prepare(self, spec: CredentialSpec) -> None:
        self._auth = backend_of(spec.auth_type, spec.auth)
        rows = spec.request.headers
        # Who knows a callback URL can report in the provider's name, so its token is as secret as the keys.
        self._secrets = (
            *(row.value for row in rows if row.secret and row.value),
            *(variable.value for variable in spec.variables if variable.secret and variable.value),
            *spec.further_secrets,
        )
        self._secret_names = frozenset(row.name.lower() for row in rows if row.secret)
        self._key_name = spec.auth.key_name.lower() if spec.auth_type == "api_key" else ""
        self._builder = RequestBuilder(spec)
        self._reader = ResponseReader(spec.judging)
        # Most headers are the same with every message.
        self._seen = lru_cache(maxsize=_CACHED_HEADERS)(self._shown)
        self._rules = [in_words(number, rule) for number, rule in enumerate(spec.response.rules, start=1)]

    def _attempt(self, context: Mapping[str, Any], asked: _Asked, record: _Record) -> Exchange:
        """One request, and one more when a renewed token or a changed message can help."""
        result = self._exchange(context, asked, record)
        if result.again_without:
            known = {**self.spec.values(), **context}
            if any(known.get(name) for name in result.again_without):
                changed = {**context, **dict.fromkeys(result.again_without, "")}
                result = self._exchange(changed, asked, record)
        return self._finish(result, record)

    def _exchange(self, context: Mapping[str, Any], asked: _Asked, record: _Record) -> SendResult:
        return self._reader.read(self._answer(context, asked, record))

    def _answer(self, context: Mapping[str, Any], asked: _Asked, record: _Record) -> Answer:
        answer = self._request(context, asked, record)
        if answer.status == 401 and self._auth.refresh(record.prepared or PreparedRequest()):
            answer = self._request(context, asked, record)
        return answer

    def _request(self, context: Mapping[str, Any], asked: _Asked, record: _Record) -> Answer:
        prepared = self._auth(self._builder.build(context))
        before_request, before_send = asked
        before_request()
        record.prepared, record.answer = prepared, None
        record.answer = exchange(self._session(), prepared, before_send=before_send)
        record.elapsed_ms += record.answer.elapsed_ms
        return record.answer

    def _session(self) -> GuardedSession:
        session: GuardedSession | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = session_for(self.spec.auth)
        return session

    def _failed(self, error: GatewayError, record: _Record) -> Exchange:
        outcome, failure = _MEANING.get(type(error), (Outcome.FAILED, FailureClass.CONFIGURATION))
        result = SendResult(outcome, code=error.code, detail=error.text, failure=failure)
        return self._finish(result, record)

    def _finish(self, result: SendResult, record: _Record) -> Exchange:
        """The exchange with every secret masked, also where the provider repeats one."""
        if self._broken is not None:
            return Exchange(result=result, revision=self.spec.revision)
        secrets = (*self._auth.secrets(), *self._secrets)
        return Exchange(
            result=_masked(result, secrets),
            request=self._request_record(record.prepared, secrets),
            response=self._response_record(record.answer, secrets),
            elapsed_ms=record.elapsed_ms,
            revision=self.spec.revision,
            judged_by=mask_text(self._rules[result.rule - 1], secrets) if result.rule else "",
        )

    def _request_record(self, prepared: PreparedRequest | None, secrets: tuple[str, ...]) -> dict[str, Any]:
        if prepared is None:
            return {}
        return {
            "method": prepared.method,
            "url": mask_text(prepared.url or "", secrets),
            "headers": self._headers_record(prepared.headers, secrets),
            "body": mask_text(_text(prepared.body, self._builder.charset), secrets)[:_LONGEST_RECORD],
        }

    def _response_record(self, answer: Answer | None, secrets: tuple[str, ...]) -> dict[str, Any]:
        if answer is None:
            return {}
        return {
            "status": answer.status,
            "headers": self._headers_record(answer.headers, secrets),
            "body": mask_text(_text(answer.body, "utf-8"), secrets)[:_LONGEST_RECORD],
        }

    def _headers_record(self, headers: Mapping[str, Any], secrets: tuple[str, ...]) -> dict[str, str]:
        return {name: self._seen(name, value, secrets) for name, value in pairs_of(headers)}

    def _shown(self, name: str, raw: str | bytes, secrets: Iterable[str]) -> str:
        value = _text(raw, "latin-1")
        lower = name.lower()
        if is_secret_name(lower) or lower == self._key_name or lower in self._secret_names:
            scheme, space, _ = value.partition(" ")
            return f"{scheme} {MASK}" if space and lower == "authorization" else MASK
        return mask_text(value, secrets)


class _Record:
    """What has happened so far in an attempt."""

    def __init__(self) -> None:
        self.prepared: PreparedRequest | None = None
        self.answer: Answer | None = None
        self.elapsed_ms = 0


def _masked(result: SendResult, secrets: tuple[str, ...]) -> SendResult:
    if not result.code and not result.detail:
        return result
    return replace(result, code=mask_text(result.code, secrets), detail=mask_text(result.detail, secrets))


def _text(value: Any, charset: str) -> str:
    if isinstance(value, bytes):
        value = value.decode(charset, "replace")
    return str(value or "").replace("\0", "\N{REPLACEMENT CHARACTER}")  # PostgreSQL stores no NUL


def _nothing() -> None:
    return None


_clients: OrderedDict[uuid.UUID, tuple[object, ProviderClient]] = OrderedDict()
_clients_lock = threading.Lock()
_VERSION: Final = Compiled(
    lambda: (
        ApiCredential.objects.filter(pk=Slot("credential", UUIDField()))
        .order_by("endpoints__pk")
        .values_list("revision", "endpoints__token_digest", "endpoints__enabled")
    )
)


def client_for(credential_id: uuid.UUID) -> ProviderClient:
    """The client of the credential as it stands now, kept while neither it nor a callback URL of it changes.

    One small query; ApiCredential.DoesNotExist when the credential is gone.
    """
    version = tuple(_VERSION.rows({"credential": credential_id}))
    if not version:
        raise ApiCredential.DoesNotExist
    with _clients_lock:
        kept = _clients.get(credential_id)
        if kept is not None and kept[0] == version:
            _clients.move_to_end(credential_id)
            return kept[1]
    client = _client_of(ApiCredential.objects.get(pk=credential_id))
    with _clients_lock:
        _clients[credential_id] = version, client
        while len(_clients) > _CACHED_CLIENTS:
            _clients.popitem(last=False)
    return client


def _client_of(credential: ApiCredential) -> ProviderClient:
    try:
        return ProviderClient(spec_of(credential))
    except SecretUnreadable as error:
        return ProviderClient(CredentialSpec(revision=credential.revision), broken=error)
