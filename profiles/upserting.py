"""Writing many profiles in one transaction, in a handful of statements; one profile is many of one.

For some thousands of entries at most: nobody else gives numbers to profiles until the transaction ends.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import transaction

from core.clock import now
from core.columns import insert_columns, update_columns
from profiles.entries import Entry, Key, Outcome, Policy
from profiles.holding import hold_numbers, named, owners_of
from profiles.models import OtherNumber, Profile
from profiles.people import Content, People, Person, in_order

_COLUMNS = ("msisdn", "external_id", "attributes", "language", "time_zone", "updated_at")


def judge_many(entries: Sequence[Entry], *, key: Key, policy: Policy) -> list[Outcome]:
    """What `upsert_many` would do, without doing it."""
    people = People(_loaded(entries, locked=False))
    return [people.take(entry, key=key, policy=policy) for entry in entries]


@transaction.atomic
def upsert_many(entries: Sequence[Entry], *, key: Key, policy: Policy) -> list[Outcome]:
    """Make or change profiles, in the order of the entries; what is refused leaves no trace."""
    hold_numbers()
    people = People(_loaded(entries, locked=True))
    outcomes = [people.take(entry, key=key, policy=policy) for entry in entries]
    _write(people.persons)
    return outcomes


def content_of(profile: Profile, others: Iterable[str]) -> Content:
    """A stored profile in the words of `people`."""
    return Content(
        numbers=in_order((profile.msisdn, *others)),
        external_id=profile.external_id,
        attributes=profile.attributes,
        language=profile.language,
        time_zone=profile.time_zone,
    )


def others_of(profile_ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """The other numbers of profiles."""
    found: dict[UUID, list[str]] = defaultdict(list)
    rows = OtherNumber.objects.filter(profile_id__in=list(profile_ids)).order_by()
    for profile_id, msisdn in rows.values_list("profile_id", "msisdn"):
        found[profile_id].append(msisdn)
    return found


def _loaded(entries: Sequence[Entry], *, locked: bool) -> list[Person]:
    """The profiles that have a number or an external ID of the entries; locked in the order of their ids."""
    ids = {*owners_of({number for entry in entries for number in entry.numbers}).values()}
    ids.update(named({entry.external_id for entry in entries if entry.external_id}))
    if not ids:
        return []
    rows = Profile.objects.filter(id__in=ids).order_by("id")
    if locked:
        rows = rows.select_for_update(no_key=True)
    others = others_of(ids)
    contents = (
        (profile_id, Content(in_order((msisdn, *others.get(profile_id, ()))), *rest))
        for profile_id, msisdn, *rest in rows.values_list("id", *_COLUMNS[:-1])
    )
    return [Person(profile_id, content, content) for profile_id, content in contents]


def _write(persons: Sequence[Person]) -> None:
    made = [one for one in persons if one.before is None]
    changed = [one for one in persons if one.before is not None and one.before != one.now]
    had = {number: one.id for one in changed if one.before for number in one.before.numbers[1:]}
    have = {number: one.id for one in (*changed, *made) for number in one.now.numbers[1:]}
    gone = [number for number, owner in had.items() if have.get(number) != owner]
    if gone:
        OtherNumber.objects.filter(msisdn__in=gone).delete()
    _make_way(changed)
    moment = now()
    update_columns(Profile, (*_COLUMNS, "id"), [(*_row(one.now), moment, one.id) for one in changed])
    insert_columns(
        Profile, (*_COLUMNS, "created_at", "id"), [(*_row(one.now), moment, moment, one.id) for one in made]
    )
    new = [(owner, number) for number, owner in have.items() if had.get(number) != owner]
    insert_columns(OtherNumber, ("profile_id", "msisdn"), new)


def _make_way(changed: Sequence[Person]) -> None:
    """Where preferred numbers change hands among profiles of one statement, none may stand twice in between."""
    had = {one.before.numbers[0]: one.id for one in changed if one.before}
    passed = {had[one.now.numbers[0]] for one in changed if one.now.numbers[0] in had} - {
        one.id for one in changed if one.before and one.before.numbers[0] == one.now.numbers[0]
    }
    rows = [(f"~{profile_id.hex[-15:]}", profile_id) for profile_id in passed]
    update_columns(Profile, ("msisdn", "id"), rows)


def _row(content: Content) -> tuple[str, ...]:
    attributes = json.dumps(content.attributes, ensure_ascii=False)
    return content.numbers[0], content.external_id, attributes, content.language, content.time_zone
