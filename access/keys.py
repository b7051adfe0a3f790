"""API keys: made once, shown once, stored as a digest."""

from __future__ import annotations

import hashlib
import secrets
import string
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q

from access.models import ApiKey, Scope
from core.brief import BriefMemory
from core.clock import now
from core.errors import ApiKeyInvalid, RequestInvalid

_ALPHABET = string.ascii_letters + string.digits
_PREFIX_LENGTH, _SECRET_LENGTH = 8, 40  # 40 characters of 62: 238 bits, so a plain SHA-256 is enough
_LONGEST = 200
_USE_NOTED_EVERY = timedelta(minutes=1)


def issue_key(
    *, name: str, scopes: Collection[str], expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Make a key; the second value, "sgw_<prefix>_<secret>", exists nowhere else afterwards."""
    unknown = sorted(set(scopes) - set(Scope.values))
    if unknown or not scopes:
        raise RequestInvalid(f"Choose scopes among {', '.join(Scope.values)}.", param="scopes")
    key = ApiKey(name=name, scopes=sorted(set(scopes)), expires_at=expires_at)
    raw = draw_secret(key=key)
    key.save(force_insert=True)
    return key, raw


def draw_secret(*, key: ApiKey) -> str:
    """Give a row that is about to be inserted its prefix and digest; returns the raw key to show once."""
    key.prefix = _random(_PREFIX_LENGTH)
    raw = f"sgw_{key.prefix}_{_random(_SECRET_LENGTH)}"
    key.digest = _digest(raw)
    return raw


def verify_key(raw: str) -> ApiKey:
    """The key's row, looked up once a second; ApiKeyInvalid when it is unknown, expired or revoked."""
    if not raw.startswith("sgw_") or len(raw) > _LONGEST:
        raise ApiKeyInvalid("This is not an API key of this gateway; keys start with sgw_.")
    key = _keys.get(_digest(raw))
    if key is None:
        raise ApiKeyInvalid("This API key is unknown.")
    if key.revoked_at is not None:
        raise ApiKeyInvalid("This API key was revoked; ask for a new one.")
    if key.expires_at is not None and key.expires_at <= now():
        raise ApiKeyInvalid("This API key has expired; ask for a new one.")
    _note_use(key)
    return key


def revoke_key(*, key: ApiKey) -> None:
    """Refuse the key from now on; a second call changes nothing."""
    moment = now()
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=moment):
        key.revoked_at = moment
    _keys.forget()


def _note_use(key: ApiKey) -> None:
    moment = now()
    stale = moment - _USE_NOTED_EVERY
    if key.last_used_at is None or key.last_used_at < stale:
        unnoted = Q(last_used_at=None) | Q(last_used_at__lt=stale)
        ApiKey.objects.filter(unnoted, pk=key.pk).update(last_used_at=moment)
        key.last_used_at = moment


def _by_digest(digest: str) -> ApiKey | None:
    return ApiKey.objects.filter(digest=digest).first()


_keys: BriefMemory[str, ApiKey] = BriefMemory(_by_digest)


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _digest(raw: str) -> str:
    return hashlib.sha256(raw.encode("utf-8")).hexdigest()
