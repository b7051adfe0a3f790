"""Where the gateway may connect: URL syntax, our own deny table, the private-host list."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from core.errors import AddressRefused

Address = IPv4Address | IPv6Address

# Python's is_global and is_private are both wrong in places, so the table is our own. Sources: the IANA
# special-purpose registries, and 168.63.129.16, a cloud's host service inside a public range.
_DENIED_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)
# Only 2000::/3 is handed out to the public; the rest (loopback, mapped and translated IPv4, unique
# local, link local, site local, multicast ...) falls under the first three rows.
_DENIED_V6 = tuple(
    IPv6Network(network)
    for network in (
        "::/3",
        "4000::/2",
        "8000::/1",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
    )
)
# Refused even for hosts on the private-host list: they hand out cloud credentials.
_METADATA = frozenset(
    ip_address(address)
    for address in (
        "168.63.129.16",
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
    )
)
_METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "metadata.goog", "instance-data"})
_LOCAL_NAMES = re.compile(r"(^|\.)localhost$|^ip6-(localhost|loopback)$")
_UNWANTED = re.compile(r"[\x00-\x20\x7f\\]")
_ORIGIN = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://[^/?#]*")
_NUMERIC = re.compile(r"[0-9a-fx]+(\.[0-9a-fx]+){0,3}\.?")
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|[0-9a-f:.]*:[0-9a-f:.]*(%.+)?")
_PORTS = {"http": 80, "https": 443}
_HOW_TO_ALLOW = "If the provider really is inside your network, list it as {} in SMSGATEWAY_PRIVATE_HOSTS."


@dataclass(frozen=True)
class Target:
    """The place a URL leads to; `host` is lower case, an IPv6 address without brackets."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """host:port as the private-host list writes it."""
        return f"{self._bracketed}:{self.port}"

    @property
    def host_header(self) -> str:
        """The Host header: the port only when it is not the usual one."""
        return self._bracketed if self.port == _PORTS[self.scheme] else self.authority

    @property
    def _bracketed(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


def check_url(url: str, *, private_hosts: frozenset[str]) -> None:
    """Refuse (AddressRefused) a URL that can never be right: scheme, host, user name, forbidden address."""
    check_target(target_of(url), private_hosts=private_hosts)


def check_target(target: Target, *, private_hosts: frozenset[str]) -> None:
    """Refuse (AddressRefused) a target whose host is a forbidden address or a name of this very machine."""
    address = literal(target.host)
    if address is not None:
        check_addresses(target, [address], private_hosts=private_hosts)
    elif _LOCAL_NAMES.search(target.host.rstrip(".")) and not _is_private_host(target, private_hosts):
        raise _refused(target)


def target_of(url: str) -> Target:
    """Scheme, host and port of a URL (AddressRefused when it is not one the gateway can call)."""
    if _UNWANTED.search(url):
        raise AddressRefused("The URL contains blanks, control characters or a backslash. Remove them.")
    origin = _ORIGIN.match(url)
    if origin is None:
        raise AddressRefused("The URL must start with https:// or http:// and name a host.")
    return _target(origin.group())


@lru_cache(maxsize=1024)
def _target(origin: str) -> Target:
    try:
        parts = parse_url(origin)
    except LocationParseError as error:
        raise AddressRefused("The host or port of the URL cannot be read. Check its spelling.") from error
    scheme = (parts.scheme or "").lower()
    if scheme not in _PORTS:
        raise AddressRefused("The URL must start with https:// or http://.")
    if parts.auth is not None or "@" in origin:
        raise AddressRefused("The URL must not contain a user name or password. Use the credential's fields.")
    host = (parts.host or "").strip("[]").lower()
    if not _HOST.fullmatch(host):
        raise AddressRefused("The URL names no host that can be called. Check its spelling.")
    if parts.port == 0:
        raise AddressRefused("Port 0 cannot be called.")
    if host.rstrip(".") in _METADATA_NAMES:
        raise AddressRefused("Metadata services are never called.")
    return Target(scheme, host, parts.port or _PORTS[scheme])


def check_addresses(target: Target, addresses: Iterable[Address], *, private_hosts: frozenset[str]) -> None:
    """Refuse (AddressRefused) the target if any one of its addresses is forbidden."""
    allowed = _is_private_host(target, private_hosts)
    for address in addresses:
        if is_metadata(address):
            raise AddressRefused(f"{target.host} is a metadata service. These are never called.")
        if not allowed and is_refused(address):
            raise _refused(target)


def is_refused(address: Address | str) -> bool:
    """Whether the deny table holds the address: private, local, reserved, multicast, translated, metadata."""
    ip = ip_address(address) if isinstance(address, str) else address
    if isinstance(ip, IPv4Address):
        return any(ip in network for network in _DENIED_V4)
    return any(_unscoped(ip) in network for network in _DENIED_V6)


def is_metadata(address: Address | str) -> bool:
    """Whether the address, or the IPv4 address written inside it, is a cloud's metadata service."""
    ip = ip_address(address) if isinstance(address, str) else address
    if isinstance(ip, IPv4Address):
        return ip in _METADATA
    return _unscoped(ip) in _METADATA or any(inner in _METADATA for inner in _embedded(ip))


def _embedded(ip: IPv6Address) -> tuple[IPv4Address, ...]:
    # Mapped, compatible and translated forms end in the IPv4 address; 6to4 has it after the first 16 bits.
    value = int(ip)
    return IPv4Address(value & 0xFFFF_FFFF), IPv4Address((value >> 80) & 0xFFFF_FFFF)


def _unscoped(ip: IPv6Address) -> IPv6Address:
    return IPv6Address(int(ip)) if ip.scope_id else ip


def _is_private_host(target: Target, private_hosts: frozenset[str]) -> bool:
    return target.authority in private_hosts


def literal(host: str) -> Address | None:
    """The address a host is written as, also in the old forms every resolver takes (127.1, 0x7f000001)."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host.rstrip("."))) if _NUMERIC.fullmatch(host) else None
    except OSError:
        return None


def _refused(target: Target) -> AddressRefused:
    return AddressRefused(
        f"{target.host} is a private or reserved address, which the gateway does not call. "
        + _HOW_TO_ALLOW.format(target.authority)
    )
