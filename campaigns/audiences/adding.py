"""People as somebody names them, by number or external id, put on a list or taken off it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction

from campaigns.audiences.members import (
    add_ids,
    add_numbers,
    ids_by_external_id,
    needs_a_list,
    owners_of,
    remove_ids,
)
from campaigns.models import Audience
from core.errors import NumberInvalid
from core.numbers import parse_number


@dataclass(frozen=True)
class Named:
    """One person as named: the profile, a number that has none yet, or what keeps it from being either."""

    given: str
    profile_id: uuid.UUID | None = None
    msisdn: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of adding or removing: rows in the order they were given, and how many changed."""

    named: tuple[Named, ...]
    changed: int = 0
    created: int = 0

    @property
    def unknown(self) -> list[Named]:
        """Those that led to nobody."""
        return [one for one in self.named if one.problem]

    @property
    def unchanged(self) -> int:
        """Those that were on the list already, or not on it, or named twice."""
        return len(self.named) - len(self.unknown) - self.changed


def find_people(given: Iterable[str], *, default_country: str, create: bool) -> list[Named]:
    """Each by external id first, else by number; with `create` a number without a profile is no problem."""
    items = list(given)
    by_id = ids_by_external_id(items)
    numbers = {item: _number_in(item, default_country) for item in items if item not in by_id}
    owners = owners_of([number for number in numbers.values() if number])
    return [
        Named(item, profile_id=by_id[item])
        if item in by_id
        else _by_number(item, numbers[item], owners, create=create)
        for item in items
    ]


@transaction.atomic
def add_people(
    *, audience: Audience, given: Sequence[str], default_country: str = "", create: bool = True
) -> Outcome:
    """Put people on the list; those who cannot be found are told and left out."""
    needs_a_list(audience)
    named = find_people(given, default_country=default_country, create=create)
    known = {one.profile_id for one in named if one.profile_id}
    changed = add_ids(audience=audience, profile_ids=known)
    new = [one.msisdn for one in named if not one.profile_id and not one.problem]
    added = add_numbers(audience=audience, msisdns=new) if new else None
    return Outcome(
        tuple(named), changed + (added.added if added else 0), created=added.created if added else 0
    )


def remove_people(*, audience: Audience, given: Sequence[str], default_country: str = "") -> Outcome:
    """Take people off the list; their profiles stay."""
    named = find_people(given, default_country=default_country, create=False)
    gone = remove_ids(audience=audience, profile_ids={one.profile_id for one in named if one.profile_id})
    return Outcome(tuple(named), gone)


def _number_in(text: str, default_country: str) -> str:
    try:
        return parse_number(text, default_country=default_country)
    except NumberInvalid:
        return ""


def _by_number(given: str, msisdn: str, owners: dict[str, uuid.UUID], *, create: bool) -> Named:
    if not msisdn:
        return Named(
            given, problem="No profile has this external ID, and it is not a number with country code."
        )
    owner = owners.get(msisdn)
    if owner is None and not create:
        return Named(given, msisdn=msisdn, problem="No profile has this number.")
    return Named(given, profile_id=owner, msisdn=msisdn)
