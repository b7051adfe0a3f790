"""Writing many profiles in one transaction, in a handful of statements; one profile is many of one.

For some thousands of entries at most: nobody else gives numbers to profiles until the transaction ends.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from uuid import UUID

from django.db import connection, transaction

from core import prepared
from core.clock import now
from core.columns import insert_columns, update_columns
from core.secrets import number_hash
from profiles.entries import Entry, Key, Outcome, Policy
from profiles.holding import among, as_uuid, hold_numbers, named, owners_of
from profiles.models import OtherNumber, Profile
from profiles.people import Content, People, Person, in_order

_PROFILES = f"""
    SELECT id, msisdn, external_id, attributes, language, time_zone FROM {Profile._meta.db_table}
    WHERE id {{among}} ORDER BY id {{locking}}
"""
_OTHERS = f"SELECT profile_id, msisdn FROM {OtherNumber._meta.db_table} WHERE profile_id {{among}}"
_COLUMNS = ("msisdn", "external_id", "attributes", "language", "time_zone", "updated_at")
_WRITTEN = ("number_hash", *_COLUMNS)


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


def others_of(profile_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """The other numbers of profiles."""
    found: dict[UUID, list[str]] = defaultdict(list)
    if profile_ids:
        condition, value = among(profile_ids)
        for profile_id, msisdn in prepared.execute(_OTHERS.format(among=condition), [value])[0]:
            found[as_uuid(profile_id)].append(msisdn)
    return found


def _loaded(entries: Sequence[Entry], *, locked: bool) -> list[Person]:
    """The profiles that have a number or an external ID of the entries; locked in the order of their ids."""
    ids = {*owners_of({number for entry in entries for number in entry.numbers}).values()}
    ids.update(named({entry.external_id for entry in entries if entry.external_id}))
    if not ids:
        return []
    condition, value = among(ids)
    locking = "FOR NO KEY UPDATE" if locked and connection.vendor == "postgresql" else ""
    rows, _ = prepared.execute(_PROFILES.format(among=condition, locking=locking), [value])
    others = others_of(ids)
    persons = []
    for key, msisdn, external_id, attributes, language, time_zone in rows:
        profile_id = as_uuid(key)
        numbers = in_order((msisdn, *others[profile_id])) if profile_id in others else (msisdn,)
        content = Content(numbers, external_id, json.loads(attributes), language, time_zone)
        persons.append(Person(profile_id, content, content))
    return persons


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
    update_columns(Profile, (*_WRITTEN, "id"), [(*_row(one.now), moment, one.id) for one in changed])
    insert_columns(
        Profile, (*_WRITTEN, "created_at", "id"), [(*_row(one.now), moment, moment, one.id) for one in made]
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
    msisdn = content.numbers[0]
    return (
        number_hash(msisdn),
        msisdn,
        content.external_id,
        attributes,
        content.language,
        content.time_zone,
    )
