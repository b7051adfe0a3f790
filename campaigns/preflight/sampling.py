"""Some of an audience, from its whole length, without reading all of it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.db.models import QuerySet

from campaigns.audiences.counting import sampled, within
from profiles.models import Profile

# An audience up to this size is looked at whole.
MOST = 1_000
_SECONDS = 4.0  # for each question
_PLACES = 20
_FAR = 10_000  # ids that are read from either end


def some_of(profiles: QuerySet[Profile]) -> tuple[list[Profile], bool]:
    """Up to MOST profiles, and whether they are all there are; else from places evenly spread over their ids.

    A filter that finds few among very many is tried on a random sample of all profiles: there may be none in it.
    """
    found = within(_SECONDS, lambda: _spread(profiles))
    if found is not None:
        return found
    drawn, _ = sampled(profiles)
    return list(_columns(drawn)[:MOST]), False


def _columns(profiles: QuerySet[Profile]) -> QuerySet[Profile]:
    return profiles.only("id", "msisdn", "language", "time_zone").order_by("id")


def _spread(profiles: QuerySet[Profile]) -> tuple[list[Profile], bool]:
    columns = _columns(profiles)
    first = list(columns[: MOST + 1])
    if len(first) <= MOST:
        return first, True
    # Most people come in few large imports: ids crowd at some times, so places are drawn among the ids themselves.
    last = list(profiles.order_by("-id").values_list("id", flat=True)[:_FAR])
    ids = list(profiles.order_by("id").values_list("id", flat=True)[:_FAR])
    drawn = sorted({*ids, *_between(profiles, first[0].id, last[0]), *last})
    step = max(len(drawn) // MOST, 1)
    return list(columns.filter(id__in=drawn[::step][:MOST])), False


def _between(profiles: QuerySet[Profile], first: UUID, last: UUID) -> Iterator[UUID]:
    """Some ids from places evenly spread in between."""
    step = (last.int - first.int) // _PLACES
    for number in range(_PLACES):
        place = UUID(int=first.int + number * step)
        yield from (
            profiles.filter(id__gte=place).order_by("id").values_list("id", flat=True)[: MOST // _PLACES]
        )
