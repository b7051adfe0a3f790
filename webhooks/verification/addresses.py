"""From where a provider may call: networks in CIDR notation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
_BETWEEN = re.compile(r"[\s,;]+")


def networks_of(text: str) -> tuple[Network, ...]:
    """The networks of a list separated by commas, blanks or lines; ValueError names the one that is none."""
    return tuple(_network(item) for item in _BETWEEN.split(text.strip()) if item)


def is_inside(address: str, networks: Sequence[Network]) -> bool:
    """Whether an address belongs to one of the networks; an unknown address belongs to none."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    plain = getattr(found, "ipv4_mapped", None) or found
    return any(plain in network for network in networks)


def _network(text: str) -> Network:
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise ValueError(f"{text} is no address or network. Write 203.0.113.7 or 203.0.113.0/24.") from error
