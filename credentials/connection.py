""" "Test connection": step by step from the address to the keys, in plain words. Never sends a message."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.structures import CaseInsensitiveDict

from core.addresses import target_of
from core.errors import (
    AddressRefused,
    AnswerLost,
    AnswerTooLarge,
    AuthenticationFailed,
    ConnectionFailed,
    GatewayError,
    TokenEncodingRefused,
    TokenUnavailable,
)
from core.http import certificate_problems, exchange, probe
from core.secrets import mask_text
from core.templating import Missing
from credentials.auth import backend_of, session_for
from credentials.auth.base import AuthBackend
from credentials.auth.certificates import certificate_of
from credentials.building import RequestBuilder
from credentials.questions import question
from credentials.spec import CredentialSpec

_CONNECT: Final = 3.0
_TOTAL: Final = 8.0
_SAMPLE: Final = {
    "toNumber": "+14155550123",
    "fromNumber": "+15005550006",
    "message": "Test",
    "messageId": "01990000-0000-7000-8000-000000000001",
    "profile": {},
}


class Verdict(StrEnum):
    """Where to look after a test."""

    FINE = "fine"
    TEMPORARY = "temporary"
    CREDENTIAL = "credential"
    CONFIGURATION = "configuration"


class Mark(StrEnum):
    """How a step ended."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Step:
    """One thing that was looked at."""

    title: str
    mark: Mark
    text: str = ""


@dataclass(frozen=True)
class ConnectionTest:
    """All steps and what they add up to; `other_encoding` is offered when the token URL may want it."""

    verdict: Verdict
    advice: str
    steps: tuple[Step, ...]
    other_encoding: str = ""

    @property
    def heading(self) -> str:
        """The verdict as a badge says it."""
        return self.verdict.value.capitalize()

    @property
    def tone(self) -> str:
        """Colour of the badge: good, warn or bad."""
        return {Verdict.FINE: "good", Verdict.TEMPORARY: "warn"}.get(self.verdict, "bad")


@dataclass(frozen=True)
class _Fault(Exception):
    """Ends the test: the verdict, what was seen and what to do."""

    verdict: Verdict
    text: str
    advice: str
    other_encoding: str = ""


_FIX_URL: Final = "Correct the Provider URL, then test again."
_LATER: Final = (
    "This usually passes. Try again in a moment; if it stays, ask the provider or check the network."
)
_KEYS: Final = "Check the Auth Type and its fields against what the provider shows you."
_FINE: Final = "Everything that can be checked without sending is fine. Next: send a test SMS."
_KIND_OF: Final[Mapping[type[GatewayError], tuple[Verdict, str]]] = {
    AuthenticationFailed: (Verdict.CREDENTIAL, _KEYS),
    TokenUnavailable: (Verdict.TEMPORARY, _LATER),
    ConnectionFailed: (Verdict.TEMPORARY, _LATER),
    AnswerLost: (Verdict.TEMPORARY, _LATER),
    AnswerTooLarge: (Verdict.CONFIGURATION, "Set a Connection check URL with a short answer."),
    AddressRefused: (Verdict.CONFIGURATION, "Correct the address, then test again."),
}
_OTHER_ENCODING: Final = {"form": "a form", "json": "JSON"}


class _Test:
    """One run over one credential."""

    def __init__(self, spec: CredentialSpec) -> None:
        # Nothing cached: the token is fetched anew, as the keys stand now.
        self.spec = replace(spec, auth=replace(spec.auth, key=""))
        self.steps: list[Step] = []
        self.secrets: tuple[str, ...] = ()

    def run(self) -> ConnectionTest:
        title = ""
        try:
            for title, step in _STEPS:
                if (text := step(self)) is not None:
                    self.steps.append(Step(title, Mark.DONE, mask_text(text, self.secrets)))
        except (_Fault, GatewayError) as error:
            fault = error if isinstance(error, _Fault) else _fault_of(error)
            text = mask_text(fault.text, self.secrets)
            steps = (*self.steps, Step(title, Mark.FAILED, text), *self._rest(title))
            return ConnectionTest(fault.verdict, fault.advice, steps, fault.other_encoding)
        if not self.spec.check_url:
            self.steps.append(Step("Keys tried", Mark.SKIPPED, _NO_CHECK_URL))
        return ConnectionTest(Verdict.FINE, _FINE, tuple(self.steps))

    def _rest(self, failed: str) -> Iterator[Step]:
        titles = [title for title, _ in _STEPS]
        for title in titles[titles.index(failed) + 1 :]:
            if title in self._wanted():
                yield Step(title, Mark.SKIPPED, "Not tried.")

    def _wanted(self) -> frozenset[str]:
        unwanted = set()
        if self.spec.auth_type == "none":
            unwanted.add("Signing")
        if not self.spec.check_url:
            unwanted.add("Keys tried")
        if not self._has_certificate():
            unwanted.add("Client certificate")
        return frozenset(title for title, _ in _STEPS) - unwanted

    def _has_certificate(self) -> bool:
        return bool(self.spec.auth.client_certificate or self.spec.auth.client_key)

    def request(self) -> str:
        builder = RequestBuilder(self.spec, missing=Missing.BLANK)
        self.prepared = builder.build(_SAMPLE)
        self.auth: AuthBackend = backend_of(self.spec.auth_type, self.spec.auth)
        variables = (variable.value for variable in self.spec.variables if variable.secret)
        rows = (row.value for row in self.spec.request.headers if row.secret)
        self.secrets = (*self.auth.secrets(), *filter(None, variables), *filter(None, rows))
        self.target = target_of(self.prepared.url or "")
        return f"{self.prepared.method} to {self.target.host}"

    def certificate(self) -> str | None:
        if not self._has_certificate():
            return None
        config = self.spec.auth
        for _, text in certificate_problems(config.client_certificate, config.client_key):
            raise _Fault(Verdict.CREDENTIAL, text, "Replace the client certificate and its key.")
        return "Certificate and key fit together."

    def address(self) -> str:
        """Name and connection; without encryption, so that each has a line of its own."""
        probe(f"http://{self.target.authority}/", connect=_CONNECT)
        return f"{self.target.authority} is known, allowed and answers."

    def encryption(self) -> str | None:
        if self.target.scheme != "https":
            return "Not encrypted (http): for hosts inside your own network only."
        try:
            certificate = certificate_of(self.spec.auth)
            probe(self.prepared.url or "", certificate=certificate, connect=_CONNECT)
        except ConnectionFailed as error:
            raise _Fault(Verdict.CONFIGURATION, error.text, _FIX_TLS) from error
        return "The server's certificate is trusted."

    def signing(self) -> str | None:
        if self.spec.auth_type == "none":
            return None
        for problem in self.auth.problems():
            raise _Fault(Verdict.CREDENTIAL, problem.text, _KEYS)
        started = time.perf_counter()
        self.auth(self.prepared.copy())
        self.secrets = (*self.secrets, *self.auth.secrets())
        took = round((time.perf_counter() - started) * 1000)
        return _SIGNED.get(self.spec.auth_type, "The request can be signed.").format(took=took)

    def keys(self) -> str | None:
        if not self.spec.check_url:
            return None
        asking = question(self.spec, self.spec.check_url)
        prepared = RequestBuilder(asking, missing=Missing.BLANK).build(_SAMPLE)
        signed: PreparedRequest = self.auth(prepared)
        with session_for(self.spec.auth) as session:
            answer = exchange(session, signed, connect=_CONNECT, total=_TOTAL)
        return _judged(answer.status, answer.headers, urlsplit(signed.url or "").path or "/")


def test_connection(spec: CredentialSpec) -> ConnectionTest:
    """Look at everything short of sending; never raises for what the provider or the settings do."""
    return _Test(spec).run()


_STEPS: Final[tuple[tuple[str, Callable[[_Test], str | None]], ...]] = (
    ("Request", _Test.request),
    ("Client certificate", _Test.certificate),
    ("Address", _Test.address),
    ("Encryption", _Test.encryption),
    ("Signing", _Test.signing),
    ("Keys tried", _Test.keys),
)
_SIGNED: Final = {
    "oauth": "The OAuth URL gave a token ({took} ms).",
    "jwt": "The token is signed; the provider judges it when it is used.",
    "mac": "The request can be signed; the provider judges the signature when it is used.",
}
_NO_CHECK_URL: Final = (
    "No Connection check URL is set, so nobody asked the provider whether it takes the keys: send a test SMS."
)
_FIX_TLS: Final = (
    "Check that the Provider URL names the provider's own host, and the client certificate if it wants one."
)


def _fault_of(error: GatewayError) -> _Fault:
    if isinstance(error, TokenEncodingRefused):
        other = error.other
        advice = (
            f"Try the other way of sending the token request, as {_OTHER_ENCODING.get(other, other)}; "
            "if it is refused too, check client id and secret."
        )
        return _Fault(Verdict.CONFIGURATION, error.text, advice, other)
    if isinstance(error, ConnectionFailed) and error.text.startswith("The name "):
        return _Fault(Verdict.CONFIGURATION, error.text, _FIX_URL)
    kinds = (kind for name, kind in _KIND_OF.items() if isinstance(error, name))
    verdict, advice = next(kinds, (Verdict.CONFIGURATION, "Correct the credential, then test again."))
    return _Fault(verdict, error.text, advice)


def _judged(status: int, headers: CaseInsensitiveDict[str], path: str) -> str:
    """What the answer to the check says; _Fault unless it is a yes."""
    told = f"GET {path} was answered with {status}."
    if 200 <= status < 300:
        return told
    if 300 <= status < 400:
        where = str(headers.get("Location", ""))[:200]
        raise _Fault(Verdict.CONFIGURATION, f"{told} It leads to {where}.", "Type that address as check URL.")
    verdict, advice = _STATUSES.get(status, _BY_CLASS[min(status // 100, 5)])
    raise _Fault(verdict, told, advice)


_FIX_CHECK: Final = (
    "Correct the Connection check URL: it must be an address that answers a GET with these keys."
)
_STATUSES: Final[Mapping[int, tuple[Verdict, str]]] = {
    401: (Verdict.CREDENTIAL, f"The provider refuses the keys. {_KEYS}"),
    403: (Verdict.CREDENTIAL, f"The provider knows the keys but does not allow this. {_KEYS}"),
    407: (Verdict.CONFIGURATION, _FIX_CHECK),
    408: (Verdict.TEMPORARY, _LATER),
    425: (Verdict.TEMPORARY, _LATER),
    429: (Verdict.TEMPORARY, "The provider asks to slow down. Try again in a minute."),
}
_BY_CLASS: Final[Mapping[int, tuple[Verdict, str]]] = {
    1: (Verdict.CONFIGURATION, _FIX_CHECK),
    4: (Verdict.CONFIGURATION, _FIX_CHECK),
    5: (Verdict.TEMPORARY, _LATER),
}
