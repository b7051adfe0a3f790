"""How a sample request says who sends it: what its headers, user and parameters tell."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from credentials.curl.command import Command
from credentials.curl.names import is_placeholder

_KEY_HEADER: Final = re.compile(
    r"(?:x-)?(?:[\w]+-)*(?:api|auth|access|app|account|subscription)[-_]?(?:key|token|secret)(?:-v\d)?|"
    r"(?:x-)?(?:token|apikey|accesskey|authkey|key)",
    re.IGNORECASE,
)
_SCHEME: Final = re.compile(r"([A-Za-z][\w-]*)\s+(\S.*)")
_SIGNATURES: Final = ("hmac", "mac", "digest", "aws4-hmac-sha256", "signature", "oauth")
_PLACEHOLDER: Final = "The sample has a placeholder here; type yours."


@dataclass
class Signing:
    """Form fields of the auth guess, why, and which headers were used up by it."""

    fields: dict[str, str] = field(default_factory=lambda: {"auth_type": "none"})
    guessed: dict[str, str] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    @property
    def found(self) -> bool:
        """Whether anything in the headers says who sends it."""
        return self.fields["auth_type"] != "none"

    def take(self, fields: Mapping[str, str], why: str) -> None:
        """Take fields over; secrets that are only placeholders stay blank."""
        self.fields = {"auth_type": "none"}
        self.guessed["auth_type"] = why
        for name, value in fields.items():
            is_blank = name in {"api_token", "auth_username", "auth_password"} and is_placeholder(value)
            self.fields[name] = "" if is_blank else value
            if is_blank:
                self.guessed[name] = _PLACEHOLDER


def signing_of(command: Command, url_user: str) -> Signing:
    """What headers, -u and the URL say; parameters are judged later, when nothing is found here."""
    signing = Signing()
    if command.user or url_user:
        _take_basic(signing, command.user or url_user, "The sample signs in with a user name and password.")
    elif command.bearer:
        signing.take(_bearer(command.bearer), "The sample sends a bearer token.")
    for index, (name, value) in enumerate(command.headers):
        if name.lower() == "authorization":
            signing.used.add(index)
            if not signing.found:
                _take_authorization(signing, value)
    for index, (name, value) in enumerate(command.headers):
        if not signing.found and _KEY_HEADER.fullmatch(name):
            signing.used.add(index)
            signing.take(_key(name, "", value), f"The header {name} looks like an API key.")
    return signing


def is_key_header(name: str) -> bool:
    """Whether a header of that name carries a key."""
    return bool(_KEY_HEADER.fullmatch(name))


def key_parameter(location: str, name: str, value: str) -> dict[str, str]:
    """Form fields of an API key in query or body."""
    return {
        "auth_type": "api_key", "key_location": location, "key_name": name, "key_prefix": "", "api_token": value,
    }  # fmt: skip


def _take_authorization(signing: Signing, value: str) -> None:
    match = _SCHEME.fullmatch(value)
    scheme, rest = (match[1], match[2]) if match else ("", value)
    if scheme.lower() == "bearer":
        signing.take(_bearer(rest), "The sample sends a bearer token. If it expires, choose OAuth or JWT.")
    elif scheme.lower() == "basic":
        pair = _decoded(rest)
        if "{{" in rest:  # a variable that holds user and password, coded already
            signing.take(_key("Authorization", "Basic ", rest), "The sample sends a coded user and password.")
        else:
            _take_basic(signing, pair, "The sample signs in with HTTP Basic.")
    elif scheme.lower() in _SIGNATURES:
        signing.notes.append(
            f"Authorization: {scheme} is a signature; choose the Auth Type MAC and fill it in."
        )
    else:
        prefix = f"{scheme} " if scheme else ""
        signing.take(_key("Authorization", prefix, rest), "The header Authorization carries a key.")


def _take_basic(signing: Signing, pair: str, why: str) -> None:
    user, _, password = pair.partition(":")
    signing.take({"auth_type": "basic", "auth_username": user, "auth_password": password}, why)


def _bearer(token: str) -> dict[str, str]:
    return {"auth_type": "bearer", "api_token": token}


def _key(name: str, prefix: str, value: str) -> dict[str, str]:
    return {
        "auth_type": "api_key", "key_location": "header", "key_name": name, "key_prefix": prefix, "api_token": value,
    }  # fmt: skip


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
