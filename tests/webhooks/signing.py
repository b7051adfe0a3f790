"""Signs callbacks as providers do, for the tests; written apart from what checks them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from requests.structures import CaseInsensitiveDict

from webhooks.callback import Callback
from webhooks.verification import Secret, VerificationSpec, Verifier, verifier

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EPOCH = int(NOW.timestamp())
BASE = "https://sms.example.com"
PATH = "/hooks/abc/"
SECRET = "a secret of at least thirty-two bytes"
BODY = json.dumps({"id": "m-1", "from": "+14155550123", "text": "STOP"}, separators=(",", ":")).encode()
ED_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def public_key(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


@dataclass(frozen=True)
class Signed:
    """A scheme with its secret, and how a provider signs for it."""

    kind: str
    secret: str = SECRET
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def spec(self) -> VerificationSpec:
        return VerificationSpec(scheme=self.kind, **self.settings)

    def verifier(self, *secrets: str) -> Verifier:
        keys = [Secret(value=value, id=str(number)) for number, value in enumerate(secrets or [self.secret])]
        return verifier(self.spec, keys, public_url=BASE)

    def call(self, body: bytes = BODY, *, query: str = "", at: float = EPOCH, nonce: str = "n-1") -> Callback:
        content_type = "application/x-www-form-urlencoded" if self.kind == "twilio" else "application/json"
        headers = {"Content-Type": content_type, **self.headers(body, query=query, at=at, nonce=nonce)}
        return Callback(
            path=PATH, query=query, headers=CaseInsensitiveDict(headers), body=body, received_at=NOW
        )

    def headers(self, body: bytes, *, query: str, at: float, nonce: str) -> dict[str, str]:
        url = BASE + PATH + (f"?{query}" if query else "")
        key, time = self.secret.encode(), f"{at:.0f}"
        match self.kind:
            case "header":
                return {"X-Secret": self.secret}
            case "basic":
                return {"Authorization": f"Basic {_b64(b'hook:' + key)}"}
            case "bearer":
                return {"Authorization": f"Bearer {self.secret}"}
            case "hmac":
                said = f"{time}.{nonce}.".encode() + body
                digest = hmac.new(key, said, hashlib.sha256).hexdigest()
                return {"X-Signature": f"sha256={digest}", "X-Time": time, "X-Nonce": nonce}
            case "twilio":
                fields = "".join(
                    k + v for k, v in sorted(set(parse_qsl(body.decode(), keep_blank_values=True)))
                )
                return {"X-Twilio-Signature": mac(key, (url + fields).encode(), "sha1")}
            case "sinch":
                name = "x-sinch-webhook-signature"
                return {
                    name: mac(key, body + f".{nonce}.{time}".encode()),
                    f"{name}-nonce": nonce,
                    f"{name}-timestamp": time,
                    f"{name}-algorithm": "HmacSHA256",
                }
            case "standard":
                raw = base64.b64decode(self.secret.removeprefix("whsec_"))
                signature = f"v1,{mac(raw, f'{nonce}.{time}.'.encode() + body)}"
                return {"webhook-id": nonce, "webhook-timestamp": time, "webhook-signature": signature}
            case "ed25519":
                signature = _b64(ED_KEY.sign(f"{time}|".encode() + body))
                return {"telnyx-signature-ed25519": signature, "telnyx-timestamp": time}
            case "jwt":
                claims = {
                    "iss": "MessageBird", "nbf": at, "exp": at + 60, "jti": nonce,
                    "url_hash": hashlib.sha256(url.encode()).hexdigest(),
                    "payload_hash": hashlib.sha256(body).hexdigest(),
                }  # fmt: skip
                return {"MessageBird-Signature-JWT": token(claims, key)}
        raise AssertionError(self.kind)


FORM = b"Body=STOP&From=%2B14155550123&MessageSid=SM1"
SCHEMES = {
    "header": Signed("header", settings={"header": "X-Secret"}),
    "basic": Signed("basic", settings={"username": "hook"}),
    "bearer": Signed("bearer"),
    "hmac": Signed(
        "hmac",
        settings={
            "header": "X-Signature", "prefix": "sha256=", "signed": "{ts}.{nonce}.{body}",
            "timestamp_header": "X-Time", "nonce_header": "X-Nonce",
        },
    ),
    "twilio": Signed("twilio"),
    "sinch": Signed("sinch"),
    "standard": Signed("standard", secret=f"whsec_{base64.b64encode(SECRET.encode()).decode()}"),
    "ed25519": Signed("ed25519", secret=public_key(ED_KEY)),
    "jwt": Signed("jwt"),
}  # fmt: skip


def body_of(kind: str) -> bytes:
    return FORM if kind == "twilio" else BODY


def token(claims: Any, key: bytes, *, header: Any = None, algorithm: str = "sha256") -> str:
    parts = [
        _b64url(json.dumps(part).encode()) for part in (header or {"alg": "HS256", "typ": "JWT"}, claims)
    ]
    said = ".".join(parts)
    return f"{said}.{_b64url(hmac.new(key, said.encode(), algorithm).digest())}"


def mac(key: bytes, said: bytes, algorithm: str = "sha256") -> str:
    return _b64(hmac.new(key, said, algorithm).digest())


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
