"""One HTTP call of a provider, as it came: what is verified, kept and read. Pure: no Django, no models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from requests.structures import CaseInsensitiveDict

from core.clock import now

LARGEST_BODY = 256 * 1024  # bytes


def _no_headers() -> Mapping[str, str]:
    return CaseInsensitiveDict()


@dataclass(frozen=True, slots=True)
class Callback:
    """A call: `path` and `query` as the provider wrote them, headers found in any case, `body` the raw bytes.

    `role` is what the URL ends with after the token ("sent" in /hooks/<token>/sent/), "" for the plain URL;
    `address` the caller's IP address, "" when it is not known; `received_at` aware UTC.
    """

    method: str = "POST"
    path: str = ""
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=_no_headers)
    body: bytes = b""
    role: str = ""
    address: str = ""
    received_at: datetime = field(default_factory=now)

    @property
    def content_type(self) -> str:
        """The header of that name, "" without one."""
        return self.headers.get("Content-Type", "")
