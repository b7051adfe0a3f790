"""The members of an audience page by page, with what stands about them on record."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper, QuerySet

from campaigns.audiences.checking import look_at
from campaigns.audiences.conditions import consent_is, suppressed
from campaigns.audiences.counting import within
from campaigns.audiences.preview import Person, person_of
from campaigns.audiences.querying import profiles_in
from campaigns.models import Audience
from profiles.models import Profile

PER_PAGE = 50
_SECONDS = 5.0


@dataclass(frozen=True)
class Member:
    """A profile as the list shows it; `consent` in words, with the tone of its badge."""

    profile: Profile
    person: Person
    consent: str
    tone: str


@dataclass(frozen=True)
class MemberPage:
    """Some members in the order of their profiles' ids; `after` leads on, None: these are the last."""

    members: tuple[Member, ...] = ()
    after: UUID | None = None
    took_too_long: bool = False


def page_of(audience: Audience, *, after: UUID | None = None, size: int = PER_PAGE) -> MemberPage:
    """A page of members; a filter that finds next to nobody among very many may take too long for a page."""
    rows = profiles_in(audience)
    if after is not None:
        rows = rows.filter(id__gt=after)
    keys = within(_SECONDS, lambda: list(rows.values_list("id", flat=True)[: size + 1]))
    if keys is None:
        return MemberPage(took_too_long=True)
    node, _ = look_at(audience.filter)
    members = tuple(Member(row, person_of(row, node), *_standing(row)) for row in _marked(keys[:size]))
    return MemberPage(members, after=keys[size - 1] if len(keys) > size else None)


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
