"""Storing the links of accepted messages, many at once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from core.bulk import insert_rows
from links.drafting import Draft
from links.models import LinkTarget, TrackedLink

_CHUNK = 100
_MOST_KNOWN = 4096
_known: dict[tuple[str, str], uuid.UUID] = {}


def store(drafts: Sequence[tuple[Draft, uuid.UUID]], *, moment: datetime) -> None:
    """Make links real, each for the message with that id; in the transaction that stores the messages."""
    targets = {_key(draft): draft for draft, _ in drafts}
    ids = {key: _target_of(key, draft) for key, draft in targets.items()}
    rows = [
        {
            "slug": draft.slug,
            "target_id": ids[_key(draft)],
            "message_id": message_id,
            "url": draft.url if draft.is_personal else "",
            "created_at": moment,
            "expires_at": moment + timedelta(days=draft.options.days) if draft.options.days else None,
        }
        for draft, message_id in drafts
    ]
    for start in range(0, len(rows), _CHUNK):
        insert_rows(TrackedLink, rows[start : start + _CHUNK])


def forget() -> None:
    """Look targets up again."""
    _known.clear()


def _key(draft: Draft) -> tuple[str, str]:
    return draft.options.owner, draft.written


def _target_of(key: tuple[str, str], draft: Draft) -> uuid.UUID:
    known = _known.get(key)
    if known is None:
        known = _id_of(*key) or _made(draft)
        # Only once it is committed: what is rolled back was never there. Targets are never deleted.
        transaction.on_commit(partial(_remember, key, known))
    return known


def _made(draft: Draft) -> uuid.UUID:
    """A new target; somebody else may make the same one now: the database decides which stands."""
    row = LinkTarget(
        owner=draft.options.owner,
        written=draft.written,
        url="" if draft.is_personal else draft.url,
        fallback_url=draft.options.fallback_url,
    )
    LinkTarget.objects.bulk_create([row], ignore_conflicts=True)
    return LinkTarget.objects.values_list("id", flat=True).get(owner=row.owner, written=row.written)


def _remember(key: tuple[str, str], target_id: uuid.UUID) -> None:
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    _known[key] = target_id


def _id_of(owner: str, written: str) -> uuid.UUID | None:
    return LinkTarget.objects.filter(owner=owner, written=written).values_list("id", flat=True).first()
