"""Lists of members: adding and taking out, a statement for all of them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import QuerySet, Value

from campaigns.models import Audience, AudienceKind, AudienceMember
from core.clock import now
from core.errors import AudienceNotAList
from profiles.holding import hold_numbers, owners_of
from profiles.importing.storing import profiles_of
from profiles.models import Profile

_CHUNK = 1_000
_OF_IMPORT = 10_000
Item = TypeVar("Item")


@dataclass(frozen=True)
class Added:
    """What became of numbers that were added: new members, of whom `created` had no profile, and those left out."""

    added: int = 0
    already: int = 0
    created: int = 0
    unknown: tuple[str, ...] = ()


def add_profiles(*, audience: Audience, profiles: QuerySet[Profile]) -> int:
    """Put the profiles of a query on the list, in one statement; gives how many are new on it."""
    needs_a_list(audience)
    chosen = profiles.order_by().annotate(_audience=Value(audience.pk), _added=Value(now()))
    try:
        sql, values = chosen.values_list("_audience", "id", "_added").query.sql_with_params()
    except EmptyResultSet:
        return 0
    table = AudienceMember._meta.db_table
    with transaction.atomic(), connection.cursor() as cursor:
        # "WHERE true" tells SQLite that ON belongs to the INSERT, not to a join.
        cursor.execute(
            f"INSERT INTO {table} (audience_id, profile_id, added_at) SELECT * FROM ({sql}) AS chosen WHERE true "
            "ON CONFLICT (audience_id, profile_id) DO NOTHING",
            values,
        )
        return max(int(cursor.rowcount), 0)


def add_ids(*, audience: Audience, profile_ids: Collection[uuid.UUID]) -> int:
    """Put profiles on the list by their ids; gives how many are new on it."""
    found = 0
    for some in _chunks(list(profile_ids)):
        found += add_profiles(audience=audience, profiles=Profile.objects.filter(pk__in=some))
    return found


def add_import(*, audience: Audience, import_id: uuid.UUID) -> int:
    """Put everybody that a profile import made or found on the list; gives how many are new on it.

    Some thousands at a time: what was added before an interruption stays, and a second call adds the rest.
    """
    needs_a_list(audience)
    added = after = 0
    while True:
        ids, after = profiles_of(import_id, after=after, limit=_OF_IMPORT)
        added += add_ids(audience=audience, profile_ids=ids)
        if not after:
            return added


@transaction.atomic
def add_numbers(*, audience: Audience, msisdns: Collection[str], create_profiles: bool = True) -> Added:
    """Put numbers (E.164) on the list; those without a profile get one, or are left out. All or nothing.

    A number may be any of a profile's. Called in a transaction that holds rows, nothing else may wait for those rows
    while it gives numbers to profiles, see `profiles.holding`.
    """
    needs_a_list(audience)
    wanted = list(dict.fromkeys(msisdns))
    created = _make_profiles(wanted) if create_profiles else 0
    owners = owners_of(wanted)
    people = set(owners.values())
    added = add_ids(audience=audience, profile_ids=people)
    unknown = tuple(number for number in wanted if number not in owners)
    return Added(added=added, already=len(people) - added, created=created, unknown=unknown)


@transaction.atomic
def remove_ids(*, audience: Audience, profile_ids: Collection[uuid.UUID]) -> int:
    """Take profiles off the list; gives how many were on it."""
    needs_a_list(audience)
    members = AudienceMember.objects.filter(audience=audience)
    gone = 0
    for some in _chunks(list(profile_ids)):
        gone += members.filter(profile_id__in=some).delete()[0]
    return gone


def needs_a_list(audience: Audience) -> None:
    """AudienceNotAList unless its members are listed."""
    if audience.kind != AudienceKind.STATIC:
        raise AudienceNotAList(
            f"The audience {audience.name!r} finds its members by a filter; nobody can be put on it or taken off. "
            "Change its filter, or use an audience that is a list."
        )


def ids_by_external_id(names: Collection[str]) -> dict[str, uuid.UUID]:
    """Profile id by external id, for those that are known."""
    found: dict[str, uuid.UUID] = {}
    for some in _chunks([name for name in names if name]):
        # The second condition is that of the index: no planner proves that a long list has no blank.
        rows = Profile.objects.filter(external_id__in=some).exclude(external_id="").order_by()
        found |= dict(rows.values_list("external_id", "id"))
    return found


def _make_profiles(msisdns: Sequence[str]) -> int:
    """Profiles for the numbers that have none; gives how many."""
    hold_numbers()
    known = owners_of(msisdns)
    made = [Profile(msisdn=number) for number in msisdns if number not in known]
    Profile.objects.bulk_create(made, batch_size=_CHUNK)
    return len(made)


def _chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
