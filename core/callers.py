"""Whose request it is where proxies stand before us. Pure: no Django."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


def networks_of(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks in CIDR notation, single addresses too; ValueError names the text that is none."""
    return tuple(_network(text) for text in texts)


def is_inside(address: str, networks: Sequence[Network]) -> bool:
    """Whether an address belongs to one of the networks; what is no address belongs to none."""
    found = _read(address)
    return found is not None and any(found in network for network in networks)


def caller_of(peer: str, forwarded_for: str, trusted: Sequence[Network]) -> str:
    """The address of the caller: the last hop that is no trusted proxy of ours.

    `forwarded_for` is X-Forwarded-For as it came. Each proxy appends whom it saw, so it is read from the right, and
    only as far as proxies are trusted: what a caller wrote into it himself stands further left and is never read.
    """
    if not is_inside(peer, trusted):
        return peer
    caller = peer
    for hop in reversed(forwarded_for.split(",")):
        found = _read(hop.strip())
        if found is None:
            return caller
        caller = str(found)
        if not is_inside(caller, trusted):
            return caller
    return caller


def _read(text: str) -> Address | None:
    try:
        address = ip_address(_bare(text))
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _bare(text: str) -> str:
    """Without port, brackets and zone: some proxies write [2001:db8::1]:443 or 203.0.113.7:443."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    host, colon, port = text.partition(":")
    return (host if colon and port.isascii() and port.isdigit() and "." in host else text).partition("%")[0]


def _network(text: str) -> Network:
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise ValueError(f"{text} is no address or network. Write 203.0.113.7 or 203.0.113.0/24.") from error
