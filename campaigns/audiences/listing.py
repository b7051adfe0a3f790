"""The members of an audience page by page, with what stands about them on record."""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper, QuerySet

from campaigns.audiences.checking import look_at
from campaigns.audiences.conditions import consent_is, suppressed
from campaigns.audiences.counting import within
from campaigns.audiences.preview import Person, person_of
from campaigns.audiences.querying import profiles_in
from campaigns.audiences.scanning import next_stretch
from campaigns.models import Audience
from profiles.models import Profile

PER_PAGE = 50
_AT_ONCE = 1.0  # seconds: what an index answers takes far less
_SECONDS = 3.0


@dataclass(frozen=True)
class Member:
    """A profile as the list shows it; `consent` in words, with the tone of its badge."""

    profile: Profile
    person: Person
    consent: str
    tone: str


@dataclass(frozen=True)
class MemberPage:
    """Some members in the order of their profiles' ids; `after` leads on, None: these are the last.

    `is_short`: looking took too long, so there are fewer than there could be, or none, though others may follow.
    """

    members: tuple[Member, ...] = ()
    after: UUID | None = None
    is_short: bool = False


def page_of(audience: Audience, *, after: UUID | None = None, size: int = PER_PAGE) -> MemberPage:
    """A page of members with what stands about them."""
    page = keys_of(audience, after=after, size=size)
    node, _ = look_at(audience.filter)
    members = tuple(Member(row, person_of(row, node), *_standing(row)) for row in _marked(list(page.keys)))
    return MemberPage(members, page.after, page.is_short)


@dataclass(frozen=True)
class Keys:
    """The ids of a page of members; the rest as in a MemberPage."""

    keys: tuple[UUID, ...]
    after: UUID | None
    is_short: bool = False


def keys_of(audience: Audience, *, after: UUID | None, size: int) -> Keys:
    """The next members: at once where that is quick, else stretch by stretch for about so many seconds."""
    rows = profiles_in(audience)
    if after is not None:
        rows = rows.filter(id__gt=after)
    found = within(_AT_ONCE, lambda: list(rows.values_list("id", flat=True)[: size + 1]))
    if found is not None:
        return Keys(tuple(found[:size]), found[size - 1] if len(found) > size else None)
    return _looked_for(audience, after, size, time.monotonic() + _SECONDS)


def _looked_for(audience: Audience, after: UUID | None, size: int, until: float) -> Keys:
    keys: list[UUID] = []
    while len(keys) < size:
        stretch = next_stretch(audience, after=after, size=size - len(keys))
        keys += [row[0] for row in stretch.rows]
        after = stretch.after
        if after is None or time.monotonic() > until:
            break
    return Keys(tuple(keys), after, is_short=after is not None and len(keys) < size)


def _marked(keys: list[UUID]) -> QuerySet[Profile]:
    """Profiles with their marks. Of a few by key: for a whole audience PostgreSQL would read all of the ledger."""
    return (
        Profile.objects.filter(pk__in=keys)
        .annotate(
            is_in=ExpressionWrapper(consent_is("opted_in"), output_field=BooleanField()),
            is_out=ExpressionWrapper(consent_is("refused"), output_field=BooleanField()),
            is_stopped=ExpressionWrapper(suppressed(), output_field=BooleanField()),
        )
        .order_by("id")
    )


def _standing(profile: Profile) -> tuple[str, str]:
    marks = vars(profile)
    if marks["is_stopped"]:
        return "Suppressed", "bad"
    if marks["is_out"]:
        return "Refused marketing", "bad"
    return ("Opted in", "good") if marks["is_in"] else ("Nothing on record", "warn")
