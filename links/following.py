"""Following a link: where it leads, and who followed it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import CharField, F
from django.db.models.expressions import CombinedExpression

from core import prepared
from core.bulk import insert_rows
from core.clock import now
from core.compiled import Compiled, Slot
from links.drafting import ALPHABET, LETTERS
from links.models import Click, LinkTarget, TrackedLink, VisitorKind

_LONGEST_AGENT = 300
_LETTERS = frozenset(ALPHABET)


@dataclass(frozen=True, slots=True)
class Found:
    """A link that exists: `url` is where it leads now, "" when it has expired and nothing else was set."""

    slug: str
    target_id: uuid.UUID
    url: str


def find(slug: str) -> Found | None:
    """The link with that slug; None when there is none."""
    if len(slug) != LETTERS or not _LETTERS.issuperset(slug):
        return None
    for target_id, own, url, fallback, expires_at in _FIND.rows({"slug": slug}):
        has_expired = expires_at is not None and expires_at <= now()
        # What somebody entered for all of them comes before each one's own.
        return Found(slug, target_id, fallback if has_expired else url or own)
    return None


_FIND = Compiled(
    lambda: (
        TrackedLink.objects.filter(slug=Slot("slug", CharField()))
        .values_list("target_id", "url", "target__url", "target__fallback_url", "expires_at")
        .order_by()
    )
)


def note(found: Found, *, reason: str, user_agent: str) -> None:
    """Keep one call of a link; `reason` tells a machine's, "" a person's."""
    call = {
        "link_id": found.slug,
        "at": now(),
        "kind": (VisitorKind.MACHINE if reason else VisitorKind.PERSON).value,
        "reason": reason,
        "user_agent": user_agent.replace("\0", "")[:_LONGEST_AGENT],
    }
    if connection.vendor == "postgresql":
        _note_at_once(found, call)
        return
    with transaction.atomic():
        insert_rows(Click, [call])
        counts = _count_machine(found) if reason else _count_person(found)
        # Last: all recipients' calls meet in this row, and whoever holds it lets the others wait.
        LinkTarget.objects.filter(id=found.target_id).update(**counts)


def _note_at_once(found: Found, call: dict[str, Any]) -> None:
    """The same in one statement, which needs no transaction around it: whoever clicked waits for one round trip."""
    moment, is_person = call["at"], call["kind"] == VisitorKind.PERSON
    noted = [found.slug, moment, call["kind"], call["reason"], call["user_agent"]]
    if is_person:
        prepared.execute(_PERSON, [*noted, moment, found.slug, moment, found.target_id])
    else:
        prepared.execute(_MACHINE, [*noted, found.slug, found.target_id])


_LINK, _TARGET, _CLICK = (model._meta.db_table for model in (TrackedLink, LinkTarget, Click))
_NOTED = f"INSERT INTO {_CLICK} (link_id, at, kind, reason, user_agent) VALUES (%s, %s, %s, %s, %s)"
_PERSON = (
    f"WITH noted AS ({_NOTED}), own AS (UPDATE {_LINK} SET clicks = clicks + 1, "
    "first_click_at = COALESCE(first_click_at, %s::timestamptz) WHERE slug = %s "
    "RETURNING first_click_at = %s::timestamptz AS is_first) "
    f"UPDATE {_TARGET} SET clicks = clicks + 1, people = people + (SELECT count(*) FROM own WHERE is_first) "
    "WHERE id = %s"
)
_MACHINE = (
    f"WITH noted AS ({_NOTED}), own AS (UPDATE {_LINK} SET machine_clicks = machine_clicks + 1 WHERE slug = %s) "
    f"UPDATE {_TARGET} SET machine_clicks = machine_clicks + 1 WHERE id = %s"
)


def _count_machine(found: Found) -> dict[str, CombinedExpression]:
    TrackedLink.objects.filter(slug=found.slug).update(machine_clicks=F("machine_clicks") + 1)
    return {"machine_clicks": F("machine_clicks") + 1}


def _count_person(found: Found) -> dict[str, CombinedExpression]:
    link = TrackedLink.objects.filter(slug=found.slug)
    counted = {"clicks": F("clicks") + 1}
    if link.filter(first_click_at=None).update(first_click_at=now(), **counted):
        return {"clicks": F("clicks") + 1, "people": F("people") + 1}
    link.update(**counted)
    return {"clicks": F("clicks") + 1}
