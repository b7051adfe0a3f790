"""Storing the links of accepted messages, many at once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from core.bulk import insert_rows
from links.drafting import Draft
from links.models import LinkTarget, TrackedLink

_CHUNK = 100


def store(drafts: Sequence[tuple[Draft, uuid.UUID]], *, moment: datetime) -> None:
    """Make links real, each for the message with that id; in the transaction that stores the messages."""
    rows = [
        {
            "slug": draft.slug,
            "target_id": _target_of(draft),
            "message_id": message_id,
            "url": draft.url if draft.is_personal else "",
            "created_at": moment,
            "expires_at": moment + timedelta(days=draft.options.days) if draft.options.days else None,
        }
        for draft, message_id in drafts
    ]
    for start in range(0, len(rows), _CHUNK):
        insert_rows(TrackedLink, rows[start : start + _CHUNK])


def _target_of(draft: Draft) -> uuid.UUID:
    url = "" if draft.is_personal else draft.url
    return _known_target(draft.options.owner, draft.written, url, draft.options.fallback_url)


@lru_cache(maxsize=4096)
def _known_target(owner: str, written: str, url: str, fallback_url: str) -> uuid.UUID:
    """The target's id; targets are never deleted, so it may be remembered. What was edited stays as edited."""
    found = _id_of(owner, written)
    if found is not None:
        return found
    row = LinkTarget(owner=owner, written=written, url=url, fallback_url=fallback_url)
    # Somebody else may make the same one now: the database decides which stands.
    LinkTarget.objects.bulk_create([row], ignore_conflicts=True)
    return LinkTarget.objects.values_list("id", flat=True).get(owner=owner, written=written)


def _id_of(owner: str, written: str) -> uuid.UUID | None:
    return LinkTarget.objects.filter(owner=owner, written=written).values_list("id", flat=True).first()
