"""HMAC of a text the operator describes, in a header: whatever a provider signs, without code.

The signed text is a template: {body}, {body_md5}, {body_sha256} (hex), {url}, {path}, {query}, {method}, {ts}, {nonce}
and {header:Name} are filled in; \\n is a line break; all else stands for itself. BODY is {body}, URL is {url}.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from webhooks.callback import Callback
from webhooks.verification.base import Cause, SecretInvalid, Verdict, refused
from webhooks.verification.scheme import Problem, Scheme, same
from webhooks.verification.spec import FUTURE, Site, VerificationSpec

ALGORITHMS: Final[Mapping[str, str]] = {
    "sha256": "SHA-256",
    "sha1": "SHA-1",
    "sha224": "SHA-224",
    "sha384": "SHA-384",
    "sha512": "SHA-512",
    "md5": "MD5",
}
ENCODINGS: Final[Mapping[str, str]] = {"hex": "Hex", "base64": "Base64", "base64url": "Base64url"}
SECRET_ENCODINGS: Final[Mapping[str, str]] = {"text": "Text", "base64": "Base64", "hex": "Hex"}
_PIECE: Final = re.compile(
    r"\{(body|body_md5|body_sha256|url|path|query|method|ts|nonce|header:[!#$%&'*+.^_`|~0-9A-Za-z-]+)\}"
    r"|\b(BODY|URL)\b"
)
_BODY: Final = frozenset({"body", "body_md5", "body_sha256"})
_QUERY: Final = frozenset({"url", "query"})
_EPOCH: Final = re.compile(r"[0-9]{1,13}", re.ASCII)
_MILLISECONDS: Final = 10**11  # larger numbers are no seconds before the year 5138

Fill = Callable[[Callback], bytes]


class HmacHeader(Scheme):
    """The general one; `prefix` (as in sha256=…) stands before the digest."""

    kind = "hmac"
    label = "HMAC in a header"
    help = "The provider's documentation of webhook signatures says what is signed; its dashboard shows the secret."
    fields = (
        "header", "prefix", "algorithm", "encoding", "secret_encoding", "signed", "timestamp_header", "nonce_header",
        "tolerance",
    )  # fmt: skip
    required = frozenset({"header"})
    defaults = {"signed": "{body}"}
    secret_label = "Secret"  # noqa: S105  a label

    def __init__(self, spec: VerificationSpec, site: Site) -> None:
        super().__init__(spec, site)
        self._pieces = _split(self.setting("signed"))
        self._names = {name for name, _ in self._pieces if name}

    @property
    def signs_url(self) -> bool:  # type: ignore[override]
        """Whether the template names the URL."""
        return "url" in self._names

    def problems(self) -> list[Problem]:
        found = super().problems()
        for name, choices in (
            ("algorithm", ALGORITHMS),
            ("encoding", ENCODINGS),
            ("secret_encoding", SECRET_ENCODINGS),
        ):
            if getattr(self.spec, name) not in choices:
                found.append(Problem(name, f"Choose one of {', '.join(choices)}."))
        if not self._names & (_BODY | _QUERY):
            found.append(
                Problem("signed", "Name what is signed: {body}, or {url} where a provider calls by GET.")
            )
        for name, setting in (("ts", "timestamp_header"), ("nonce", "nonce_header")):
            if name in self._names and not self.setting(setting):
                found.append(Problem(setting, f"The signed text contains {{{name}}}: name its header."))
            if name not in self._names and self.setting(setting):
                found.append(
                    Problem(
                        "signed", f"{{{name}}} must be part of the signed text, else anybody can change it."
                    )
                )
        if self.setting("nonce_header") and not self.setting("timestamp_header"):
            found.append(
                Problem("timestamp_header", "A nonce needs a signed time, which says how long to keep it.")
            )
        return found

    def key_of(self, secret: str) -> bytes:
        coded = secret.strip()
        try:
            if self.spec.secret_encoding == "base64":  # noqa: S105  a choice
                return base64.b64decode(coded.encode("ascii"), validate=True)
            if self.spec.secret_encoding == "hex":  # noqa: S105  a choice
                return bytes.fromhex(coded)
        except (ValueError, binascii.Error) as error:
            raise SecretInvalid(f"This is not {SECRET_ENCODINGS[self.spec.secret_encoding]}.") from error
        return secret.encode("utf-8", "surrogatepass")

    def judge(self, callback: Callback, key: bytes) -> Verdict:
        header = self.setting("header")
        given = callback.headers.get(header)
        for name in filter(None, (header, self.setting("timestamp_header"), self.setting("nonce_header"))):
            if not callback.headers.get(name):
                return self.missing(name)
        if problem := self._not_covered(callback):
            return problem
        moment = self._moment(callback)
        if isinstance(moment, Verdict):
            return moment
        if not self._fits(given or "", hmac.digest(key, self._signed(callback), self.spec.algorithm)):
            return refused(Cause.MISMATCH, self.mismatch)
        if moment is None:
            return Verdict(valid=True)
        nonce = callback.headers.get(self.setting("nonce_header"), "") if self.setting("nonce_header") else ""
        until = moment + self.spec.tolerance + FUTURE
        return self.age(callback, moment) or Verdict(valid=True, nonce=nonce, until=until)

    def _signed(self, callback: Callback) -> bytes:
        return b"".join(self._piece(callback, name, text) for name, text in self._pieces)

    def _piece(self, callback: Callback, name: str, text: str) -> bytes:
        if not name:
            return _coded(text)
        if name == "url":
            return _coded(self.site.url_of(callback))
        if name in ("ts", "nonce"):
            return _coded(
                callback.headers.get(self.setting("timestamp_header" if name == "ts" else "nonce_header"), "")
            )
        if name.startswith("header:"):
            return _coded(callback.headers.get(name.removeprefix("header:"), ""))
        return _FILLS[name](callback)

    def _fits(self, given: str, digest: bytes) -> bool:
        prefix = self.setting("prefix")
        given = given.strip()
        if prefix and not given.startswith(prefix):
            return False
        text = given.removeprefix(prefix).strip()
        if self.spec.encoding == "hex":
            return same(text.lower(), digest.hex())
        if self.spec.encoding == "base64url":
            return same(text.rstrip("="), base64.urlsafe_b64encode(digest).rstrip(b"="))
        return same(text, base64.b64encode(digest))

    def _moment(self, callback: Callback) -> float | Verdict | None:
        header = self.setting("timestamp_header")
        if not header:
            return None
        moment = _time(callback.headers.get(header, "").strip())
        if moment is None:
            return refused(
                Cause.UNREADABLE,
                f"The header {header} holds no time: epoch seconds or milliseconds, or a date.",
            )
        return moment

    def _not_covered(self, callback: Callback) -> Verdict | None:
        if callback.body and not self._names & _BODY:
            return refused(Cause.UNCOVERED, "The call has a body, which is no part of the signed text.")
        return None if self._names & _QUERY else self.uncovered(callback)


_FILLS: Final[Mapping[str, Fill]] = {
    "body": lambda callback: callback.body,
    "body_md5": lambda callback: hashlib.md5(callback.body, usedforsecurity=False).hexdigest().encode(),
    "body_sha256": lambda callback: hashlib.sha256(callback.body).hexdigest().encode(),
    "path": lambda callback: _coded(callback.path),
    "query": lambda callback: _coded(callback.query),
    "method": lambda callback: _coded(callback.method),
}


def _split(template: str) -> list[tuple[str, str]]:
    """The template as names to fill in ("" before a literal) and literal texts."""
    template = template.replace("\r\n", "\n").replace("\\n", "\n")
    pieces: list[tuple[str, str]] = []
    end = 0
    for found in _PIECE.finditer(template):
        pieces += [("", template[end : found.start()]), (found[1] or found[2].lower(), "")]
        end = found.end()
    return [*pieces, ("", template[end:])]


def _time(text: str) -> float | None:
    if _EPOCH.fullmatch(text):
        number = int(text)
        return number / 1000 if number >= _MILLISECONDS else number
    if not text[:1].isalnum():
        return None
    try:
        moment = datetime.fromisoformat(text) if text[:4].isdigit() else parsedate_to_datetime(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _coded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
