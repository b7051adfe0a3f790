"""A signed JWT (RFC 7519) whose claims hold digests of URL and body: MessageBird, Bird, Vonage.

Claims: `iss`; `nbf`, `iat`, `exp` with a second of leeway; `url_hash` and `payload_hash`, SHA-256 in hex. `jti` may be
used once.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import Algorithm, get_default_algorithms

from webhooks.callback import Callback
from webhooks.verification.base import Cause, SecretInvalid, Verdict, refused
from webhooks.verification.scheme import Problem, Scheme, same

COVERS: Final[Mapping[str, str]] = {
    "url_body": "URL and body",
    "path_body": "URL without its query, and body",
    "body": "Body only",
}
ANY_ISSUER: Final = "*"
_LEEWAY: Final = 1
_LONGEST: Final = 8192  # characters of a token
_FARTHEST: Final = 366 * 24 * 3600  # seconds for which a used jti is remembered at most
_LATEST: Final = 10**12
_SHARED: Final = ("HS256", "HS384", "HS512")
_ALGORITHMS: Final[Mapping[str, Algorithm]] = get_default_algorithms()


@dataclass(frozen=True, slots=True)
class _Key:
    """A key and the algorithms it may verify: a shared text never checks RS256, a public key never HS256."""

    material: Any = field(repr=False)
    algorithms: tuple[str, ...]


class SignedJwt(Scheme):
    """A JWT in a header, with digests of what was sent."""

    kind = "jwt"
    label = "Signed JWT (MessageBird)"
    help = "MessageBird Dashboard > Developers > API settings: the signing key."
    fields = ("header", "issuer", "covers")
    defaults = {"header": "MessageBird-Signature-JWT", "issuer": "MessageBird"}
    secret_label = "Signing key, or public key in PEM"  # noqa: S105  a label

    @property
    def signs_url(self) -> bool:  # type: ignore[override]
        """Whether the URL is among what is signed."""
        return self.spec.covers != "body"

    def problems(self) -> list[Problem]:
        found = super().problems()
        if self.spec.covers not in COVERS:
            found.append(Problem("covers", f"Choose one of {', '.join(COVERS)}."))
        return found

    def key_of(self, secret: str) -> _Key:
        if "-----BEGIN" not in secret:
            return _Key(secret.encode("utf-8", "surrogatepass"), _SHARED)
        try:
            key = load_pem_public_key(secret.strip().encode())
        except (ValueError, UnsupportedAlgorithm) as error:
            raise SecretInvalid(
                "This PEM holds no public key. Paste it from BEGIN PUBLIC KEY to END."
            ) from error
        if isinstance(key, rsa.RSAPublicKey):
            return _Key(key, ("RS256",))
        if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1":
            return _Key(key, ("ES256",))
        if isinstance(key, ed25519.Ed25519PublicKey):
            return _Key(key, ("EdDSA",))
        raise SecretInvalid("Public keys may be RSA, P-256 or Ed25519.")

    def judge(self, callback: Callback, key: _Key) -> Verdict:
        header = self.setting("header")
        given = callback.headers.get(header)
        if given is None:
            return self.missing(header)
        claims = _claims(given, key)
        if isinstance(claims, Verdict):
            return claims
        for problem in (
            self._wrong_issuer(claims),
            self._wrong_time(callback, claims),
            self._other_url(callback, claims),
            self._other_body(callback, claims),
        ):
            if problem:
                return problem
        jti = claims.get("jti")
        return Verdict(valid=True, nonce=str(jti) if jti else "", until=self._until(callback, claims))

    def _wrong_issuer(self, claims: Mapping[str, Any]) -> Verdict | None:
        issuer = self.setting("issuer")
        if issuer not in (ANY_ISSUER, claims.get("iss")):
            return refused(Cause.ISSUER, f"The token was not issued by {issuer}.")
        return None

    def _wrong_time(self, callback: Callback, claims: Mapping[str, Any]) -> Verdict | None:
        now = callback.received_at.timestamp()
        if any(name in claims and _moment(claims, name) is None for name in ("exp", "nbf", "iat")):
            return refused(Cause.UNREADABLE, "A time in the token is no number.")
        expiry, start = _moment(claims, "exp"), _moment(claims, "nbf")
        if start is None:
            start = _moment(claims, "iat")
        if start is not None and start > now + _LEEWAY:
            return refused(Cause.FUTURE, "The token is not valid yet.")
        if expiry is not None:
            return refused(Cause.OLD, "The token has expired.") if now > expiry + _LEEWAY else None
        if start is None:
            return refused(Cause.UNREADABLE, "The token says neither when it was made nor when it expires.")
        return self.age(callback, start)

    def _other_url(self, callback: Callback, claims: Mapping[str, Any]) -> Verdict | None:
        if self.spec.covers == "body":
            return None
        whole = self.spec.covers == "url_body"
        url = self.site.url_of(callback) if whole else self.site.plain_url_of(callback)
        if same(_text(claims, "url_hash").lower(), hashlib.sha256(url.encode()).hexdigest()):
            return None
        return refused(Cause.URL, "The token was made for another URL.", signed_url=url.partition("?")[0])

    def _other_body(self, callback: Callback, claims: Mapping[str, Any]) -> Verdict | None:
        if not callback.body:
            if "payload_hash" in claims:
                return refused(Cause.BODY, "The token speaks of a body; the call has none.")
            return self.uncovered(callback) if self.spec.covers != "url_body" else None
        if same(_text(claims, "payload_hash").lower(), hashlib.sha256(callback.body).hexdigest()):
            return None
        return refused(Cause.BODY, "The token was made for another body.")

    def _until(self, callback: Callback, claims: Mapping[str, Any]) -> float:
        now = callback.received_at.timestamp()
        expiry = _moment(claims, "exp")
        latest = now + self.spec.tolerance + 30 if expiry is None else expiry + _LEEWAY
        return min(latest, now + _FARTHEST)


def _claims(token: str, key: _Key) -> Mapping[str, Any] | Verdict:
    """The claims of a token that this key signed."""
    parts = token.strip().removeprefix("Bearer ").strip().split(".")
    if len(parts) != 3 or len(token) > _LONGEST:
        return refused(Cause.UNREADABLE, "The header holds no signed JWT.")
    try:
        header, claims = (json.loads(_decoded(part)) for part in parts[:2])
        signature = _decoded(parts[2])
    except (ValueError, RecursionError):
        return refused(Cause.UNREADABLE, "The JWT cannot be read.")
    if not isinstance(header, dict) or not isinstance(claims, dict) or "crit" in header:
        return refused(Cause.UNREADABLE, "The JWT cannot be read.")
    algorithm = header.get("alg")
    if algorithm not in key.algorithms:
        allowed = ", ".join(key.algorithms)
        return refused(
            Cause.ALGORITHM, f"The JWT is signed in another way than {allowed}, which this key is for."
        )
    if not _ALGORITHMS[algorithm].verify(f"{parts[0]}.{parts[1]}".encode(), key.material, signature):
        return refused(Cause.MISMATCH, SignedJwt.mismatch)
    return claims


def _decoded(part: str) -> bytes:
    """base64url without padding, in its one spelling; ValueError else."""
    data = base64.b64decode(part.encode("ascii") + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != part:
        raise binascii.Error("not the one spelling of these bytes")
    return data


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _LATEST:
        return None
    return value


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""
