"""What a scheme is: settings in, a verdict on a call out."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from webhooks.callback import Callback
from webhooks.verification.base import Cause, Verdict, refused
from webhooks.verification.spec import FUTURE, Site, VerificationSpec

_SECONDS: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a setting, and what to do about it."""

    setting: str
    text: str


class Scheme:
    """One way to verify. Built once per webhook and shared by threads; nothing a caller sends makes it raise."""

    kind: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str]  # where the provider shows what to fill in
    fields: ClassVar[tuple[str, ...]] = ()  # settings in screen order
    required: ClassVar[frozenset[str]] = frozenset()
    defaults: ClassVar[Mapping[str, str]] = {}  # what a blank setting means
    secret_label: ClassVar[str] = ""  # "": the scheme needs no secret
    signs_url: ClassVar[bool] = False
    mismatch: ClassVar[str] = "The signature does not match."

    def __init__(self, spec: VerificationSpec, site: Site) -> None:
        self.spec = spec
        self.site = site

    def setting(self, name: str) -> str:
        """A text setting; the scheme's default where it is blank."""
        value = str(getattr(self.spec, name))
        return value if value.strip() else self.defaults.get(name, "")

    def problems(self) -> list[Problem]:
        """What an operator must correct before anything can be verified."""
        empty = [name for name in self.fields if name in self.required and not self.setting(name)]
        headers = [name for name in self.fields if name.endswith("header") and self.setting(name)]
        return [
            *(Problem(name, "Fill this in.") for name in empty),
            *(Problem(name, _NO_HEADER) for name in headers if not _TOKEN.fullmatch(self.setting(name))),
        ]

    def key_of(self, secret: str) -> Any:
        """The key that a secret stands for; SecretInvalid says what to paste instead."""
        return secret.encode("utf-8", "surrogatepass")

    def judge(self, callback: Callback, key: Any) -> Verdict:
        """The verdict on a call with one key."""
        raise NotImplementedError

    def check(self, callback: Callback, keys: Sequence[Any]) -> tuple[Verdict, int]:
        """The verdict with several keys, newest first, and the place of the key that fitted."""
        for number, key in enumerate(keys):
            verdict = self.judge(callback, key)
            if verdict.cause is not Cause.MISMATCH:
                return verdict, number
        return refused(Cause.MISMATCH, self.mismatch, signed_url=self._signed_url(callback)), 0

    def missing(self, header: str) -> Verdict:
        """The refusal of a call without the header that carries the proof."""
        return refused(Cause.MISSING, f"The header {header} is missing.")

    def uncovered(self, callback: Callback) -> Verdict | None:
        """Where only the body is signed, a call that says everything in its query has no proof at all."""
        if callback.query and not callback.body:
            return refused(
                Cause.UNCOVERED, "The call has no body, and its query is not covered by the signature."
            )
        return None

    def age(self, callback: Callback, timestamp: float) -> Verdict | None:
        """The refusal of a signed moment (epoch seconds) outside the tolerance."""
        now = callback.received_at.timestamp()
        if now - timestamp > self.spec.tolerance:
            return refused(
                Cause.OLD,
                f"It was signed {_duration(now - timestamp)} ago; {self.spec.tolerance} s are allowed.",
            )
        if timestamp - now > FUTURE:
            return refused(
                Cause.FUTURE,
                f"It is dated {_duration(timestamp - now)} in the future; {FUTURE} s are allowed.",
            )
        return None

    def _signed_url(self, callback: Callback) -> str:
        return self.site.plain_url_of(callback) if self.signs_url else ""


_NO_HEADER: Final = "This is no header name: use letters, digits and hyphens, such as X-Signature."


def seconds(text: str) -> int | None:
    """A timestamp in whole epoch seconds; None for anything else (signs, fractions, NaN, other digits)."""
    return int(text) if _SECONDS.fullmatch(text) else None


def unreadable_time(header: str) -> Verdict:
    """The refusal of a timestamp that is none."""
    return refused(Cause.UNREADABLE, f"The header {header} holds no time in epoch seconds.")


def same(given: str | bytes, expected: str | bytes) -> bool:
    """Compare in constant time, whatever characters a caller sent."""
    return hmac.compare_digest(_bytes(given), _bytes(expected))


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


def _duration(amount: float) -> str:
    if amount < 180:
        return f"{amount:.0f} s"
    return f"{amount / 60:.0f} min" if amount < 7200 else f"{amount / 3600:.0f} h"
