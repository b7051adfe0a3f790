"""Ed25519 over timestamp and body, as Telnyx signs: the gateway holds a public key only."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from webhooks.callback import Callback
from webhooks.verification.base import ACCEPTED, Cause, SecretInvalid, Verdict, refused
from webhooks.verification.scheme import Scheme, seconds, unreadable_time

_KEY_BYTES: Final = 32


class Ed25519(Scheme):
    """The signature in one header, the time in another; `<timestamp>|<body>` is signed."""

    kind = "ed25519"
    label = "Ed25519 (Telnyx)"
    help = "Telnyx Mission Control > Account > Keys & Credentials > Public Key."
    fields = ("header", "timestamp_header", "tolerance")
    defaults = {"header": "telnyx-signature-ed25519", "timestamp_header": "telnyx-timestamp"}
    secret_label = "Public key"  # noqa: S105  a label

    def key_of(self, secret: str) -> Ed25519PublicKey:
        try:
            raw = base64.b64decode(secret.strip().encode("ascii"), validate=True)
        except (UnicodeEncodeError, binascii.Error):
            raw = b""
        if len(raw) != _KEY_BYTES:
            raise SecretInvalid(
                "This is no Ed25519 public key: 32 bytes in base64, 44 characters that end in =."
            )
        return Ed25519PublicKey.from_public_bytes(raw)

    def judge(self, callback: Callback, key: Ed25519PublicKey) -> Verdict:
        header, time_header = self.setting("header"), self.setting("timestamp_header")
        given, timestamp = callback.headers.get(header), callback.headers.get(time_header)
        if not given:
            return self.missing(header)
        if not timestamp:
            return self.missing(time_header)
        moment = seconds(timestamp)
        if moment is None:
            return unreadable_time(time_header)
        if problem := self.uncovered(callback):
            return problem
        try:
            signature = base64.b64decode(given.strip().encode("ascii"), validate=True)
            key.verify(signature, f"{timestamp}|".encode() + callback.body)
        except (UnicodeEncodeError, binascii.Error):
            return refused(Cause.UNREADABLE, f"The header {header} is not base64.")
        except InvalidSignature:
            return refused(Cause.MISMATCH, self.mismatch)
        return self.age(callback, moment) or ACCEPTED
