"""Going through an audience by stretches of profiles: no question to the database looks at more than one of them.

A filter that no index answers and that finds next to nobody would otherwise read all profiles before the first page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from campaigns.audiences.counting import within
from campaigns.audiences.querying import profiles_in
from campaigns.models import Audience, AudienceKind
from core.pages import LongListPaginator
from profiles.models import Profile

# Profiles. SQLite has one writer, who must not be kept waiting while a stretch is read.
STRETCH = {"postgresql": 25_000, "sqlite": 10_000}

_TELLING = 0.3  # seconds, for a page that is fetched again and again


@dataclass(frozen=True)
class Stretch:
    """Members found, in the order of their ids, each a tuple that begins with the id; `after` leads on.

    There may be further members though none were found: only `after` None says that everybody was looked at.
    """

    rows: tuple[tuple[Any, ...], ...]
    after: UUID | None


def next_stretch(
    audience: Audience, *, after: UUID | None, size: int, columns: tuple[str, ...] = ()
) -> Stretch:
    """The next members by id, at most `size`, found among the next STRETCH profiles."""
    members = profiles_in(audience).values_list("id", *columns)
    if after is not None:
        members = members.filter(id__gt=after)
    end = None if audience.kind == AudienceKind.STATIC else _end_of_stretch(after)
    if end is not None:
        members = members.filter(id__lte=end)
    rows = tuple(members[:size])
    return Stretch(rows, rows[-1][0] if len(rows) == size else end)


def percent_up_to(place: UUID) -> int | None:
    """About how many of 100 profiles stand up to that one; None where telling takes too long."""
    up_to = Profile.objects.filter(id__lte=place)
    found = within(
        _TELLING, lambda: [LongListPaginator(rows, 50).count for rows in (up_to, Profile.objects.all())]
    )
    return min(100 * found[0] // max(found[1], 1), 99) if found else None


def _end_of_stretch(after: UUID | None) -> UUID | None:
    """The last profile of it; None where all that are left fit in. Read from the index alone."""
    ids = Profile.objects.order_by("id").values_list("id", flat=True)
    if after is not None:
        ids = ids.filter(id__gt=after)
    last = STRETCH[connection.vendor]
    return ids[last - 1 : last].first()
