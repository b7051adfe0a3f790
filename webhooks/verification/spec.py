"""How a webhook's callbacks are verified, as plain data, and the URL that providers sign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final
from urllib.parse import urlsplit

from core.errors import ConfigurationInvalid
from webhooks.callback import Callback

TOLERANCE: Final = 300  # seconds a signed timestamp may be old
FUTURE: Final = 30  # seconds it may be ahead of our clock


@dataclass(frozen=True, slots=True)
class VerificationSpec:
    """The settings, without secrets; what a scheme does not use is ignored, a blank text is the scheme's default.

    `addresses` are networks separated by commas or blanks; `url` replaces the public URL in what was signed.
    """

    scheme: str = "none"
    header: str = ""
    prefix: str = ""
    username: str = ""
    place: str = "query"
    parameter: str = ""
    algorithm: str = "sha256"
    encoding: str = "hex"
    secret_encoding: str = "text"  # noqa: S105  a choice, no secret
    signed: str = ""
    timestamp_header: str = ""
    nonce_header: str = ""
    tolerance: int = TOLERANCE
    issuer: str = ""
    covers: str = "url_body"
    addresses: str = ""
    url: str = ""

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> VerificationSpec:
        """Read a table of a preset or a configuration file; ConfigurationInvalid names an unknown or wrong key."""
        known = {item.name: int if item.name == "tolerance" else str for item in fields(cls)}
        for name, value in data.items():
            if name not in known:
                raise ConfigurationInvalid(
                    f"{name}: verification has no such setting. Known: {', '.join(known)}.", param=name
                )
            if type(value) is not known[name]:
                raise ConfigurationInvalid(f"{name}: write a {_WORDS[known[name]]}.", param=name)
        return cls(**data)

    def table(self) -> dict[str, Any]:
        """The table that makes this specification again; what is as it would be anyway is left out."""
        found = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: value for name, value in found.items() if name == "scheme" or value != _DEFAULT[name]}


_DEFAULT: Final[Mapping[str, Any]] = {item.name: item.default for item in fields(VerificationSpec)}
_WORDS: Final[Mapping[type, str]] = {str: "text", int: "whole number"}


@dataclass(frozen=True, slots=True)
class Site:
    """Where providers reach us: the public URL, never what a request claims about host or scheme.

    `override`: where they reach one webhook instead. {path} in it is the path of the call; one without any path
    stands before the path, and one with a path of its own stands for it.
    """

    public_url: str
    override: str = ""

    def url_of(self, callback: Callback) -> str:
        """The URL the provider called, as it signed it."""
        return self.plain_url_of(callback) + (f"?{callback.query}" if callback.query else "")

    def plain_url_of(self, callback: Callback) -> str:
        """The same without the query."""
        if "{path}" in self.override:
            return self.override.replace("{path}", callback.path)
        if urlsplit(self.override).path.strip("/"):
            return f"{self.override.rstrip('/')}/{_end_of(callback)}" if callback.role else self.override
        base = (self.override or self.public_url).rstrip("/")
        prefix = urlsplit(base).path
        path = callback.path
        # A server that knows the prefix leaves it in the path, one that strips it does not.
        return base + (path.removeprefix(prefix) if prefix and path.startswith(f"{prefix}/") else path)


def _end_of(callback: Callback) -> str:
    """The last part of the path, which tells what the call is about, as it was written."""
    return callback.path[callback.path.rstrip("/").rfind("/") + 1 :]
