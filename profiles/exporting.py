"""Profiles as CSV, streamed; the columns are those that an import takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from core.csv_out import csv_lines
from profiles.attributes import as_text, flat
from profiles.models import Profile
from profiles.upserting import others_of

MOST_ATTRIBUTES = 150
_PAGE = 1000
_FIRST = ("external_id", "number", "other_numbers", "language", "time_zone")
_LAST = ("created_at", "updated_at")
_REST = "attributes_json"
_VALUES = ("id", "external_id", "msisdn", "language", "time_zone", "attributes", "created_at", "updated_at")


def profiles_csv() -> Iterator[str]:
    """One line per profile, oldest first; a column for each attribute by its dotted name.

    The profiles are read twice: a file names its columns in its first line. Beyond 150 attributes the others of a
    profile stand in one column, as JSON.
    """
    return csv_lines(_rows())


def _rows() -> Iterator[Sequence[object]]:
    names: dict[str, None] = {}
    for (attributes,) in _pages("attributes"):
        names.update((name, None) for name, _ in flat(attributes))
    shown = sorted(names)[:MOST_ATTRIBUTES]
    is_cut = len(names) > len(shown)
    yield (*_FIRST, *shown, *([_REST] if is_cut else []), *_LAST)
    page: list[tuple[Any, ...]] = []
    for row in _pages(*_VALUES[1:], with_id=True):
        page.append(row)
        if len(page) == _PAGE:
            yield from _lines(page, shown, is_cut=is_cut)
            page = []
    yield from _lines(page, shown, is_cut=is_cut)


def _lines(
    page: Sequence[tuple[Any, ...]], shown: Sequence[str], *, is_cut: bool
) -> Iterator[Sequence[object]]:
    others = others_of([row[0] for row in page])
    for profile_id, external_id, msisdn, language, time_zone, attributes, created_at, updated_at in page:
        values = dict(flat(attributes))
        cells = [as_text(values.pop(name)) if name in values else "" for name in shown]
        rest = [json.dumps(values, ensure_ascii=False) if values else ""] if is_cut else []
        more = "; ".join(sorted(others.get(profile_id, ())))
        yield (
            external_id,
            msisdn,
            more,
            language,
            time_zone,
            *cells,
            *rest,
            _text(created_at),
            _text(updated_at),
        )


def _pages(*names: str, with_id: bool = False) -> Iterator[tuple[Any, ...]]:
    """Rows by id, a page per query: no transaction stays open while somebody downloads slowly."""
    last: UUID | None = None
    rows = Profile.objects.order_by("id").values_list("id", *names)
    while True:
        page = list((rows.filter(id__gt=last) if last else rows)[:_PAGE])
        yield from (row if with_id else row[1:] for row in page)
        if len(page) < _PAGE:
            return
        last = page[-1][0]


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
