"""What a verification scheme says of a call, and the secrets it is asked with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from webhooks.callback import Callback


class Cause(StrEnum):
    """Why a callback was refused: what is counted, and what hints are given for."""

    NOT_SET_UP = "not_set_up"
    ADDRESS = "address"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    ALGORITHM = "algorithm"
    MISMATCH = "mismatch"
    URL = "url"
    BODY = "body"
    ISSUER = "issuer"
    UNCOVERED = "uncovered"
    OLD = "old"
    FUTURE = "future"
    REPLAYED = "replayed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the call is genuine; `reason` is for staff, never for the caller.

    `nonce` is what may be used only once ("" when the scheme has none): the same again is a replay for as long as
    the call would pass otherwise, which is until `until` (epoch seconds). `secret` is the id of the secret that
    fitted; `signed_url` the URL that was checked, where the scheme signs one.
    """

    valid: bool
    reason: str = ""
    nonce: str = ""
    cause: Cause | None = None
    until: float = 0.0
    secret: str = ""
    signed_url: str = ""


ACCEPTED = Verdict(valid=True)


def refused(cause: Cause, reason: str, *, signed_url: str = "") -> Verdict:
    """A verdict against the call."""
    return Verdict(valid=False, reason=reason, cause=cause, signed_url=signed_url)


class Verifier(Protocol):
    """One webhook's check, its settings and secrets read."""

    def check(self, callback: Callback) -> Verdict:
        """The verdict; never raises for anything a caller can send."""
        ...


class AcceptAll:
    """No check: the unguessable URL is the only key."""

    def check(self, callback: Callback) -> Verdict:
        return ACCEPTED


@dataclass(frozen=True, slots=True)
class Secret:
    """One of a webhook's secrets; `valid_until` None: until it is removed."""

    value: str = field(repr=False)
    id: str = ""
    valid_until: datetime | None = None

    def is_live(self, moment: datetime) -> bool:
        """Whether it still counts."""
        return self.valid_until is None or moment < self.valid_until


class SecretInvalid(ValueError):
    """A secret that cannot be the key of its scheme; the text says what to paste instead."""
