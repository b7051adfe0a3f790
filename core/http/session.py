"""requests with our own adapter underneath: its sessions and auth classes, with our rules on the wire."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from core.addresses import Target, target_of
from core.errors import AnswerLost, AnswerTooLarge, ConfigurationInvalid, ConnectionFailed
from core.http.certificates import ClientCertificate
from core.http.connection import Connection, dial
from core.http.wire import RawAnswer, receive, request_bytes, send

_USER_AGENT = "smsgateway"
_POOLED = 8  # idle connections kept per target


class Limits(NamedTuple):
    """Limits of one exchange: seconds to connect, seconds in all, bytes of answer."""

    connect: float = 3.0
    total: float = 20.0
    max_body: int = 65_536
    before_send: Callable[[], None] | None = None  # asked when connected, right before the first byte


DEFAULT_LIMITS = Limits(total=settings.SMSGATEWAY_PROVIDER_TIMEOUT_SECONDS)


@dataclass(frozen=True)
class Answer:
    """A provider's answer, read to its end."""

    status: int
    headers: CaseInsensitiveDict[str]
    body: bytes
    elapsed_ms: int


class GuardedAdapter(HTTPAdapter):
    """Carries every request of a guarded session; raises our errors, each telling whether a byte left.

    `timeout` may be `Limits`, a (connect, total) pair or one total; there is no way to have none. `proxies`,
    `cert` and `verify=False` are ignored; `verify` may name a file of certificate authorities.
    """

    def __init__(self, certificate: ClientCertificate | None = None) -> None:
        super().__init__(max_retries=0)
        self._certificate = certificate
        self._idle: dict[tuple[Target, str], list[Connection]] = defaultdict(list)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """One exchange, read to its end; raises what `exchange` lists."""
        limits = _limits(timeout)
        deadline = time.monotonic() + limits.total
        target = target_of(request.url or "")
        method = (request.method or "GET").upper()
        data = request_bytes(
            method=method,
            host=target.host_header,
            path=request.path_url,
            headers=_with_defaults(request.headers),
            body=_body_bytes(request.body),
        )
        place = (target, verify if isinstance(verify, str) else "")
        connection = self._take(place) or dial(
            target,
            connect=limits.connect,
            deadline=deadline,
            private_hosts=settings.SMSGATEWAY_PRIVATE_HOSTS,
            ca_file=place[1],
            certificate=self._certificate,
        )
        if limits.before_send is not None:
            self._ask(limits.before_send, place, connection)
        try:
            send(connection, data, deadline=deadline)
            answer = receive(connection, method=method, deadline=deadline, max_body=limits.max_body)
        except BaseException:
            connection.close()
            raise
        self._give_back(place, connection, keep=answer.reusable)
        return _response(self, request, answer)

    def _ask(
        self, before_send: Callable[[], None], place: tuple[Target, str], connection: Connection
    ) -> None:
        """Ask before the first byte; who may not go leaves the connection, which cost most of the time, to the next."""
        try:
            before_send()
        except BaseException:
            self._give_back(place, connection, keep=True)
            raise

    def _take(self, place: tuple[Target, str]) -> Connection | None:
        idle = self._idle[place]
        while idle:
            try:
                connection = idle.pop()
            except IndexError:  # another thread was faster
                return None
            if connection.is_fresh:
                return connection
            connection.close()
        return None

    def _give_back(self, place: tuple[Target, str], connection: Connection, *, keep: bool) -> None:
        idle = self._idle[place]
        if keep and len(idle) < _POOLED:
            connection.rest()
            idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close all idle connections."""
        super().close()
        for idle in self._idle.values():
            while idle:
                idle.pop().close()


class Guarded(requests.Session):
    """Mix-in (first base) that puts any kind of requests session behind the guard."""

    def __init__(self, *args: Any, certificate: ClientCertificate | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.trust_env = False
        self.max_redirects = 0
        self.adapters.clear()
        adapter = GuardedAdapter(certificate)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Redirects are answers like any other: following one would carry keys to another host."""
        return


class GuardedSession(Guarded):
    """A session for one credential and thread."""


def exchange(
    session: requests.Session,
    prepared: requests.PreparedRequest,
    *,
    connect: float = DEFAULT_LIMITS.connect,
    total: float = DEFAULT_LIMITS.total,
    max_body: int = DEFAULT_LIMITS.max_body,
    before_send: Callable[[], None] | None = None,
) -> Answer:
    """Send a prepared, signed request once and read the answer.

    `before_send` is called once connected, right before the first byte; what it raises ends the exchange, nothing sent.

    ConnectionFailed: no byte left, safe to retry. AnswerLost, AnswerTooLarge: the outcome is unknown.
    AddressRefused, ConfigurationInvalid, AuthenticationFailed (client certificate refused): not processed, and a
    retry will not help.
    """
    started = time.perf_counter()
    target_of(prepared.url or "")
    adapter = session.get_adapter(prepared.url or "")
    try:
        limits: Any = Limits(connect, total, max_body, before_send)
        response = adapter.send(prepared, timeout=limits, verify=session.verify or True)
        body = response.content
    except requests.ConnectTimeout as error:
        raise ConnectionFailed("The provider was not reached.") from error
    except requests.RequestException as error:
        raise AnswerLost("The provider's answer was lost.") from error
    if len(body) > max_body:
        raise AnswerTooLarge(
            f"The provider's answer is larger than {max_body} bytes; its outcome is not known."
        )
    elapsed_ms = round((time.perf_counter() - started) * 1000)
    return Answer(response.status_code, response.headers, body, elapsed_ms)


def _limits(timeout: Any) -> Limits:
    if isinstance(timeout, Limits):
        return timeout
    if timeout is None:
        return DEFAULT_LIMITS
    connect, total = timeout if isinstance(timeout, tuple) else (timeout, timeout)
    return Limits(
        min(connect or DEFAULT_LIMITS.connect, DEFAULT_LIMITS.connect),
        min(total or DEFAULT_LIMITS.total, DEFAULT_LIMITS.total),
    )


def _with_defaults(headers: Mapping[str, str | bytes]) -> Mapping[str, str | bytes]:
    if "User-Agent" in headers and "Accept" in headers:
        return headers
    return CaseInsensitiveDict({"User-Agent": _USER_AGENT, "Accept": "*/*", **headers})


def _body_bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode("utf-8")
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    raise ConfigurationInvalid("A request body must be text or bytes.")


def _response(
    adapter: GuardedAdapter, request: requests.PreparedRequest, answer: RawAnswer
) -> requests.Response:
    response = requests.Response()
    response.status_code = answer.status
    response.reason = answer.reason
    response.headers = answer.headers
    response.encoding = requests.utils.get_encoding_from_headers(answer.headers)
    response.url = request.url or ""
    response.request = request
    response.connection = adapter
    response._content = answer.body
    response._content_consumed = True  # type: ignore[attr-defined]
    return response
