"""Secrets at rest and in print: sealing (AES-256-GCM), keyed hashes, masks."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote, quote_plus

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from core.errors import ConfigurationInvalid, SecretUnreadable

MASK = "••••••"
_NONCE_BYTES = 12
_SHORTEST_MASKED = 4
_SHORTEST_BASE64 = 6


@dataclass(frozen=True)
class KeyRing:
    """Master keys by id (32 bytes each), the id that seals, the pepper of keyed hashes (never rotated)."""

    primary: str
    keys: Mapping[str, bytes] = field(repr=False)
    pepper: bytes = field(repr=False)


def key_ring() -> KeyRing:
    """The ring made of the settings; the last master key seals, all of them open."""
    return _ring(tuple(settings.SMSGATEWAY_MASTER_KEYS.items()), settings.SMSGATEWAY_PEPPER)


@lru_cache(maxsize=4)
def _ring(master_keys: tuple[tuple[str, str], ...], pepper: str) -> KeyRing:
    try:
        keys = {key_id: base64.b64decode(value, validate=True) for key_id, value in master_keys}
        pepper_bytes = base64.b64decode(pepper, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ConfigurationInvalid("SMSGATEWAY_MASTER_KEYS and SMSGATEWAY_PEPPER must be base64.") from error
    if not keys or any(len(key) != 32 for key in keys.values()) or len(pepper_bytes) < 32:
        raise ConfigurationInvalid("Each master key and the pepper must be 32 bytes, written in base64.")
    return KeyRing(primary=list(keys)[-1], keys=keys, pepper=pepper_bytes)


def seal(plaintext: bytes, *, aad: str) -> str:
    """Encrypt under the primary key, bound to `aad`; gives "v1:<key id>:<base64url(nonce + ciphertext)>"."""
    ring = key_ring()
    return f"v1:{ring.primary}:{seal_with(ring.keys[ring.primary], plaintext, aad=aad)}"


def unseal(token: str, *, aad: str) -> bytes:
    """Decrypt what `seal` gave; SecretUnreadable on a wrong key, another place (`aad`) or a changed byte."""
    version, _, rest = token.partition(":")
    key_id, _, body = rest.partition(":")
    key = key_ring().keys.get(key_id)
    if version != "v1" or key is None:
        raise SecretUnreadable(
            f"A stored secret was sealed with key {key_id!r}, which this process does not have."
        )
    return unseal_with(key, body, aad=aad)


def seal_with(key: bytes, plaintext: bytes, *, aad: str) -> str:
    """AES-256-GCM under a given key: base64url(12-byte nonce + ciphertext + tag)."""
    nonce = os.urandom(_NONCE_BYTES)
    return base64.urlsafe_b64encode(nonce + AESGCM(key).encrypt(nonce, plaintext, aad.encode())).decode(
        "ascii"
    )


def unseal_with(key: bytes, body: str, *, aad: str) -> bytes:
    """The reverse of `seal_with`; SecretUnreadable when anything does not fit."""
    try:
        raw = base64.urlsafe_b64decode(body)
        return AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], aad.encode())
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise SecretUnreadable(
            "A stored secret does not open: wrong key, or moved from another row."
        ) from error


def keyed_hash(value: str, *, use: str) -> str:
    """HMAC-SHA256 of `use` and `value` under the pepper, 64 hex digits: equal inputs meet."""
    return hmac.new(key_ring().pepper, f"{use}\0{value}".encode(), hashlib.sha256).hexdigest()


def number_hash(msisdn: str) -> str:
    """The keyed hash under which a number (E.164) is known to the consent ledger; 64 hex digits."""
    return keyed_hash(msisdn, use="consent-subject")


def mask_text(text: str, secrets: Iterable[str]) -> str:
    """Replace every secret of at least 4 characters in `text` by a mask, however it is written there.

    Known ways: as it is, URL-encoded, as inside a JSON text, and in base64, also as part of something longer
    (HTTP Basic is the base64 of name and secret together).
    """
    for form in _written_forms(frozenset(secrets)) if text else ():
        if form in text:
            text = text.replace(form, MASK)
    return text


@lru_cache(maxsize=512)
def _written_forms(secrets: frozenset[str]) -> tuple[str, ...]:
    forms: set[str] = set()
    for secret in secrets:
        if len(secret) >= _SHORTEST_MASKED:
            forms |= {secret, quote(secret, safe=""), quote_plus(secret)}
            forms |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
            forms |= set(_base64_forms(secret.encode()))
    return tuple(sorted(forms, key=len, reverse=True))


def _base64_forms(secret: bytes) -> Iterator[str]:
    """The secret in base64 alone, and the letters it always gives after 0, 1 or 2 bytes of something else."""
    whole = base64.b64encode(secret).decode("ascii")
    forms = [whole, whole.rstrip("=")]
    for before in range(3):
        start = -(-before * 8 // 6)  # first letter made of the secret's bits only
        end = (before + len(secret)) * 8 // 6  # and the last such
        inner = base64.b64encode(b"\0" * before + secret).decode("ascii")[start:end]
        if len(inner) >= _SHORTEST_BASE64:
            forms.append(inner)
    for form in forms:
        yield form
        yield form.replace("+", "-").replace("/", "_")
