"""JWT (RFC 7519) as bearer token: the API Token is the HMAC key or a PEM private key."""

from __future__ import annotations

import time
import uuid
import warnings
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.warnings import InsecureKeyLengthWarning
from requests import PreparedRequest

from core.errors import AuthenticationFailed
from credentials.auth.base import AuthBackend, FieldProblem, filled, json_object, set_header
from credentials.auth.tokens import TOKENS, Token

# The form warns about short keys itself, once, where somebody reads it.
warnings.filterwarnings("ignore", category=InsecureKeyLengthWarning)

# Algorithm -> what its key is.
JWT_ALGORITHMS: Final = {
    "HS256": "HS256 (shared key)",
    "HS384": "HS384 (shared key)",
    "HS512": "HS512 (shared key)",
    "RS256": "RS256 (RSA private key)",
    "ES256": "ES256 (P-256 private key)",
    "EdDSA": "EdDSA (Ed25519 private key)",
}
_KEY_TYPES: Final[Mapping[str, type]] = {
    "RS256": rsa.RSAPrivateKey,
    "ES256": ec.EllipticCurvePrivateKey,
    "EdDSA": ed25519.Ed25519PrivateKey,
}
DEFAULT_LIFETIME: Final = 3600
_EARLY: Final = 30
_LATEST: Final = 10**12
_RELATIVE_BELOW: Final = 10**9  # a smaller `exp` is a lifetime in seconds, not a moment


def claims_of(payload: str, *, now: int, default_lifetime: int = DEFAULT_LIFETIME) -> dict[str, Any]:
    """The claims to sign: `iat`, `exp` and `jti` filled in where absent; ValueError says what is wrong."""
    claims = json_object(payload, what="JWT Payload")
    expiry = claims.get("exp", default_lifetime)
    if isinstance(expiry, bool) or not isinstance(expiry, int | float) or not 0 < expiry < _LATEST:
        raise ValueError("JWT Payload: exp must be a lifetime in seconds, or a moment as epoch second.")
    expiry = now + int(expiry) if expiry < _RELATIVE_BELOW else int(expiry)
    if expiry <= now:
        raise ValueError(
            "JWT Payload: exp is in the past (expired). Give a lifetime in seconds, such as 3600."
        )
    claims.setdefault("iat", now)
    claims["exp"] = expiry
    claims.setdefault("jti", str(uuid.uuid4()))
    return claims


def signing_key(api_token: str, algorithm: str) -> Any:
    """The key object for `algorithm`; ValueError says what to paste instead."""
    if algorithm not in JWT_ALGORITHMS:
        raise ValueError("Choose a JWT algorithm from the list.")
    pem = "-----BEGIN" in api_token
    if algorithm not in _KEY_TYPES:
        if pem:
            raise ValueError(
                f"This is a PEM key; {algorithm} needs a shared text. Choose RS256, ES256 or EdDSA."
            )
        return api_token.encode()
    if not pem:
        raise ValueError(f"{algorithm} needs a private key in PEM (-----BEGIN PRIVATE KEY-----).")
    key = _load(api_token)
    if not isinstance(key, _KEY_TYPES[algorithm]):
        raise ValueError(f"This PEM holds another kind of key; {JWT_ALGORITHMS[algorithm]} is needed.")
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name != "secp256r1":
        raise ValueError("ES256 needs a key on the curve P-256.")
    return key


def _load(pem: str) -> Any:
    text = pem.replace("\\n", "\n").replace("\r\n", "\n").strip() + "\n"
    if "PUBLIC KEY" in text or "CERTIFICATE" in text:
        raise ValueError("This is a public key or certificate; paste the private key.")
    try:
        return load_pem_private_key(text.encode(), password=None)
    except TypeError as error:
        raise ValueError("This key is protected by a passphrase; paste it without one.") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("This PEM cannot be read. Paste all of it, from BEGIN to END.") from error


class JwtAuth(AuthBackend):
    """Sends the signed claims as `Authorization: Bearer`; a token is kept until 30 s before it expires."""

    kind = "jwt"
    label = "JWT"
    fields = ("auth_name", "api_token", "jwt_payload", "jwt_algorithm")
    required = frozenset({"api_token", "jwt_payload", "jwt_algorithm"})

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        token = TOKENS.get(self._cache_key, self._sign)
        set_header(r, "Authorization", f"Bearer {token.value}")
        return r

    def secrets(self) -> tuple[str, ...]:
        token = TOKENS.peek(self._cache_key)
        return (*super().secrets(), *((token.value,) if token else ()))

    def refresh(self, prepared: PreparedRequest) -> bool:
        sent = str(prepared.headers.get("Authorization", ""))
        TOKENS.drop(self._cache_key, sent.removeprefix("Bearer "))
        return True

    def problems(self) -> list[FieldProblem]:
        found = []
        try:
            claims_of(self._payload, now=int(time.time()))
        except ValueError as error:
            found.append(FieldProblem("jwt_payload", str(error)))
        try:
            signing_key(self.config.api_token, self.config.jwt_algorithm)
        except ValueError as error:
            found.append(FieldProblem("api_token", str(error)))
        return found

    def warnings(self) -> list[str]:
        algorithm, size = self.config.jwt_algorithm, len(self.config.api_token.encode())
        wanted = int(algorithm[2:]) // 8 if algorithm.startswith("HS") else 0
        if size >= wanted:
            return []
        return [f"The API Token has {size} bytes; {algorithm} should have a key of at least {wanted}."]

    @property
    def _cache_key(self) -> str:
        return self.config.key or f"unsaved:{id(self)}"

    @property
    def _payload(self) -> str:
        return self.config.jwt_payload

    @cached_property
    def _key(self) -> Any:
        return signing_key(self.config.api_token, self.config.jwt_algorithm)

    def _sign(self) -> Token:
        now = int(time.time())
        try:
            claims = filled(claims_of(self._payload, now=now), self.config.known)
            value = jwt.encode(claims, self._key, algorithm=self.config.jwt_algorithm)
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            raise AuthenticationFailed(f"The token cannot be signed. {error}") from error
        return Token(value=value, renew_at=claims["exp"] - _EARLY)
