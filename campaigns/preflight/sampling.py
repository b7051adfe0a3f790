"""Some of an audience, from its whole length, without reading all of it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.db.models import QuerySet

from profiles.models import Profile

# An audience up to this size is looked at whole.
MOST = 1_000
_PLACES = 20


def some_of(profiles: QuerySet[Profile]) -> tuple[list[Profile], bool]:
    """Up to MOST profiles, and whether they are all there are; else from places evenly spread over their ids."""
    columns = profiles.only("id", "msisdn", "language", "time_zone").order_by("id")
    first = list(columns[: MOST + 1])
    if len(first) <= MOST:
        return first, True
    # Some databases cannot tell the least UUID; the order of ids can.
    last = profiles.order_by("-id").values_list("id", flat=True)[0]
    found: dict[UUID, Profile] = {}
    for place in _places(first[0].id, last):
        found |= {one.id: one for one in columns.filter(id__gte=place)[: MOST // _PLACES]}
    return list(found.values()), False


def _places(first: UUID, last: UUID) -> Iterator[UUID]:
    step = (last.int - first.int) // _PLACES
    return (UUID(int=first.int + number * step) for number in range(_PLACES))
