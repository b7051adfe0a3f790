"""One connection to a provider: resolved, checked, and opened to the very address that was checked."""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from functools import lru_cache
from ipaddress import ip_address
from typing import cast

import certifi
from django.conf import settings
from urllib3.util.wait import wait_for_read

from core.addresses import Address, Target, check_addresses, check_target, literal
from core.errors import AuthenticationFailed, ConfigurationInvalid, ConnectionFailed
from core.http.certificates import REFUSED, ClientCertificate, hint, refused_by_peer

MAX_IDLE = 5.0  # seconds; a provider may close an idle connection just as we write to it
_VERDICT = 0.3  # seconds a server has to refuse our certificate before the request goes out
_MAX_TRIED = 4  # addresses of one host

SocketAddress = tuple[str, int] | tuple[str, int, int, int]


class Connection:
    """An open connection that can be kept for the next request."""

    __slots__ = ("idle_since", "is_new", "socket")

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.idle_since = time.monotonic()
        self.is_new = True

    @property
    def is_fresh(self) -> bool:
        """Whether it may carry another request: used a moment ago, nothing unread, not closed by the peer."""
        if time.monotonic() - self.idle_since > MAX_IDLE:
            return False
        if isinstance(self.socket, ssl.SSLSocket) and self.socket.pending():
            return False
        return not wait_for_read(self.socket, timeout=0)

    def rest(self) -> None:
        """Mark it as idle from now on."""
        self.idle_since = time.monotonic()
        self.is_new = False

    def __del__(self) -> None:
        # A client that is dropped takes its idle connections along.
        self.close()

    def close(self) -> None:
        """Close it; never fails."""
        try:
            self.socket.close()
        except OSError:
            return


def dial(
    target: Target,
    *,
    connect: float,
    deadline: float,
    private_hosts: frozenset[str],
    ca_file: str = "",
    certificate: ClientCertificate | None = None,
) -> Connection:
    """Open a connection before `deadline` (monotonic).

    AddressRefused, ConnectionFailed, AuthenticationFailed (client certificate refused): nothing was sent.
    """
    check_target(target, private_hosts=private_hosts)
    until = min(deadline, time.monotonic() + connect)  # name, connection and encryption share one budget
    further = settings.SMSGATEWAY_CA_FILE
    context = tls_context(ca_file, certificate, further) if target.scheme == "https" else None
    addresses = _resolve(target, _left(until))
    check_addresses(target, [ip for ip, _, _ in addresses], private_hosts=private_hosts)
    sock = _connect(target, addresses[:_MAX_TRIED], until)
    if context is not None:
        sock = _encrypt(sock, target, _left(until), context)
        if certificate is not None:
            hear_verdict(sock, target, _left(until))
    return Connection(sock)


def _left(until: float) -> float:
    return max(until - time.monotonic(), 0.001)


Resolved = list[tuple[Address, int, SocketAddress]]


def _resolve(target: Target, seconds: float) -> Resolved:
    """Every address of the host. The system's resolver knows no time limit, so it gets its own thread."""
    if literal(target.host) is not None:
        return _look_up(target)
    answers: queue.SimpleQueue[Resolved] = queue.SimpleQueue()
    try:
        threading.Thread(target=lambda: answers.put(_look_up(target)), name="look-up", daemon=True).start()
    except RuntimeError as error:
        raise ConnectionFailed(f"The name {target.host} was not looked up: {error}.") from error
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise ConnectionFailed(f"The name {target.host} was not looked up in time. Check the DNS.") from None
    if not answer:
        raise ConnectionFailed(f"The name {target.host} is not known. Check the URL and the DNS.")
    return answer


def _look_up(target: Target) -> Resolved:
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    places = [(family, cast(SocketAddress, place)) for family, _, _, _, place in found]
    return [(ip_address(place[0]), family, place) for family, place in places]


def _connect(target: Target, addresses: Resolved, until: float) -> socket.socket:
    """The first address that answers; each has its fair share of the time left."""
    reason = "it did not answer in time"
    for position, (_, family, place) in enumerate(addresses):
        share = max(until - time.monotonic(), 0.001) / (len(addresses) - position)
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:  # a kind of address this machine has not, or no file descriptor left
            reason = (error.strerror or str(error)).lower()
            continue
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(share)
            sock.connect(place)
        except TimeoutError:
            sock.close()
        except OSError as error:
            sock.close()
            reason = (error.strerror or str(error)).lower()
        else:
            return sock
    raise ConnectionFailed(f"No connection to {target.authority}: {reason}. Check the URL, or try later.")


def _encrypt(sock: socket.socket, target: Target, seconds: float, context: ssl.SSLContext) -> ssl.SSLSocket:
    try:
        sock.settimeout(seconds)
        return context.wrap_socket(sock, server_hostname=target.host.rstrip("."))
    except ssl.SSLCertVerificationError as error:
        sock.close()
        raise ConnectionFailed(
            f"The certificate of {target.host} is not trusted: {error.verify_message}."
        ) from error
    except (OSError, ValueError) as error:
        sock.close()
        if refused_by_peer(error):
            raise AuthenticationFailed(REFUSED) from error
        raise ConnectionFailed(
            f"No encrypted connection to {target.authority}: {error}.{hint(error)}"
        ) from error


def hear_verdict(sock: socket.socket, target: Target, seconds: float = 1.0) -> None:
    """Wait a moment for what TLS 1.3 says only after the handshake: whether our certificate is good enough.

    A server that is content sends tickets for later sessions, or nothing. Closes the socket when it is not.
    """
    if not isinstance(sock, ssl.SSLSocket) or sock.version() != "TLSv1.3":
        return
    if not wait_for_read(sock, timeout=min(seconds, _VERDICT)):
        return
    sock.settimeout(0)
    try:
        sock.recv(1)
    except ssl.SSLWantReadError:
        return
    except OSError as error:
        sock.close()
        if refused_by_peer(error):
            raise AuthenticationFailed(REFUSED) from error
        raise ConnectionFailed(f"{target.authority} broke off the connection: {error}.") from error
    sock.close()
    raise ConnectionFailed(f"{target.authority} hung up unasked. It may ask for a client certificate.")


@lru_cache(maxsize=64)
def tls_context(
    ca_file: str = "", certificate: ClientCertificate | None = None, further_ca_file: str = ""
) -> ssl.SSLContext:
    """Verifying client context; `certificate` is shown when asked for.

    `ca_file` replaces the public authorities, `further_ca_file` adds to them. ConfigurationInvalid when that cannot
    be read.
    """
    context = ssl.create_default_context(cafile=ca_file or certifi.where())
    if further_ca_file:
        try:
            context.load_verify_locations(further_ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise ConfigurationInvalid(
                f"SMSGATEWAY_CA_FILE, {further_ca_file}, is no readable PEM file of authorities: {error}."
            ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if certificate is not None:
        certificate.load_into(context)
    return context
