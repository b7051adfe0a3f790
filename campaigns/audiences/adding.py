"""People as somebody names them, by number or external id, put on a list or taken off it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from campaigns.audiences.members import (
    Added,
    add_ids,
    add_numbers,
    ids_by_external_id,
    needs_a_list,
    remove_ids,
)
from campaigns.models import Audience
from core.errors import NumberInvalid
from core.numbers import parse_number
from profiles.holding import owners_of


@dataclass(frozen=True)
class Key:
    """What a person is named by: a number in any form, an external id, or a text that may be either."""

    number: str = ""
    external_id: str = ""

    @property
    def param(self) -> str:
        """The name of what is given."""
        return "number" if self.number else "external_id"

    @property
    def given(self) -> str:
        """What was written."""
        return self.external_id or self.number


@dataclass(frozen=True)
class Named:
    """One person as named: the profile, a number that has none yet, or what keeps it from being either."""

    key: Key
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


def either(text: str) -> Key:
    """A text as somebody pastes it: an external id if it is one, else a number."""
    return Key(number=text, external_id=text)


def find_people(keys: Iterable[Key], *, default_country: str, create: bool) -> list[Named]:
    """Each by external id first, else by number; with `create` a number without a profile is no problem."""
    wanted = list(keys)
    by_id = ids_by_external_id({key.external_id for key in wanted if key.external_id})
    numbers = {key.number: _number_in(key.number, default_country) for key in wanted if key.number}
    owners = owners_of({msisdn for msisdn in numbers.values() if msisdn})
    return [_named(key, by_id, numbers.get(key.number, ""), owners, create=create) for key in wanted]


@transaction.atomic
def add_people(
    *, audience: Audience, keys: Sequence[Key], default_country: str = "", create: bool = True
) -> Outcome:
    """Put people on the list; those who cannot be found are told and left out."""
    needs_a_list(audience)
    named = find_people(keys, default_country=default_country, create=create)
    # New numbers first: who gives numbers to profiles takes the lock for that before any row.
    new = [one.msisdn for one in named if not one.profile_id and not one.problem]
    made = add_numbers(audience=audience, msisdns=new) if new else Added()
    changed = add_ids(audience=audience, profile_ids={one.profile_id for one in named if one.profile_id})
    return Outcome(tuple(named), changed + made.added, created=made.created)


def remove_people(*, audience: Audience, keys: Sequence[Key], default_country: str = "") -> Outcome:
    """Take people off the list; their profiles stay."""
    named = find_people(keys, default_country=default_country, create=False)
    gone = remove_ids(audience=audience, profile_ids={one.profile_id for one in named if one.profile_id})
    return Outcome(tuple(named), gone)


def _named(
    key: Key,
    by_id: Mapping[str, uuid.UUID],
    msisdn: str,
    owners: Mapping[str, uuid.UUID],
    *,
    create: bool,
) -> Named:
    if key.external_id in by_id:
        return Named(key, profile_id=by_id[key.external_id])
    if not msisdn:
        return Named(key, problem=_WHY[bool(key.number), bool(key.external_id)])
    owner = owners.get(msisdn)
    if owner is None and not create:
        return Named(key, msisdn=msisdn, problem="No profile has this number.")
    return Named(key, profile_id=owner, msisdn=msisdn)


# By whether it may be a number, and whether it may be an external id.
_WHY = {
    (True, True): "No profile has this external ID, and it is not a number with country code.",
    (True, False): "This is not a phone number. Write it with + and the country code, like +14155238886.",
    (False, True): "No profile has this external ID.",
}


def _number_in(text: str, default_country: str) -> str:
    try:
        return parse_number(text, default_country=default_country)
    except NumberInvalid:
        return ""
