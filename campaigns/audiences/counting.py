"""How many profiles an audience has: counted where that is quick, otherwise "about" so many, from a sample."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet

from campaigns.audiences.querying import profiles_in
from campaigns.models import Audience, AudienceKind, AudienceMember
from profiles.models import Profile

SECONDS = 0.7  # for one question; the page that asks has a few of them
_LOOKING = 3.0  # seconds for a question that a step waits for
_SAMPLED = 4_000
_AT_MOST = 1.3  # times an estimate: there are hardly more
_STEPS_BETWEEN_LOOKS = 20_000  # of SQLite's machine
_CANCELLED = "57014"  # query_canceled: the statement took longer than it was given
Found = TypeVar("Found")


@dataclass(frozen=True)
class Count:
    """A number of profiles; not `exact`: about so many. `is_most`: too few to say more than "fewer than"."""

    number: int
    exact: bool = True
    is_most: bool = False

    @classmethod
    def about(cls, found: int, factor: float) -> Count:
        """From `found` in a sample of which each stands for `factor`; of none, that there are few."""
        if not found:
            return cls(_rounded(int(3 * factor)), exact=False, is_most=True)
        return cls(_rounded(int(found * factor)), exact=False)

    @property
    def text(self) -> str:
        """In words: "1 profile", "about 120,000 profiles"."""
        return f"{self.short} profile{'' if self.number == 1 else 's'}"

    @property
    def short(self) -> str:
        """The same without the noun: "about 120,000"."""
        about = "" if self.exact else "fewer than " if self.is_most else "about "
        return f"{about}{self.number:,}"


def count_in(audience: Audience) -> Count:
    """The number of an audience's members; of a list it is read from the list alone."""
    if audience.kind == AudienceKind.STATIC:
        number = within(SECONDS, AudienceMember.objects.filter(audience_id=audience.pk).count)
        if number is not None:
            return Count(number)
    return count_of(profiles_in(audience))


def is_empty(audience: Audience) -> bool:
    """Whether nobody is in it; where looking takes too long there may be somebody, so it is not."""
    return within(_LOOKING, profiles_in(audience).exists) is False


def has_more_than(audience: Audience, most: int) -> bool:
    """Whether it has more members than `most`; where looking takes too long, whether that may be."""
    ids = profiles_in(audience).order_by("id").values_list("id", flat=True)
    found = within(_LOOKING, lambda: bool(ids[most : most + 1]))
    return _AT_MOST * count_in(audience).number > most if found is None else found


def count_of(rows: QuerySet[Profile], *, seconds: float = SECONDS) -> Count:
    """The number of profiles in a query; exact if that takes no longer than `seconds`."""
    number = within(seconds, rows.order_by().count)
    if number is not None:
        return Count(number)
    return within(seconds * 3, lambda: _estimate(rows)) or Count(_total(), exact=False, is_most=True)


def within(seconds: float, ask: Callable[[], Found]) -> Found | None:
    """What `ask` reads from the database, or None when that takes longer."""
    limited = _limited_on_postgresql if connection.vendor == "postgresql" else _limited_on_sqlite
    try:
        with limited(seconds):
            return ask()
    except OperationalError as error:
        if _took_too_long(error):
            return None
        raise


def _took_too_long(error: OperationalError) -> bool:
    cause = error.__cause__
    return getattr(cause, "sqlstate", "") == _CANCELLED or "interrupted" in str(cause)


@contextmanager
def _limited_on_postgresql(seconds: float) -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        (before,) = cursor.fetchone()
        cursor.execute(f"SET LOCAL statement_timeout = {int(seconds * 1000)}")
        yield
        # Around a transaction of the caller's the setting would outlast this block.
        cursor.execute(f"SET LOCAL statement_timeout = '{before}'")


@contextmanager
def _limited_on_sqlite(seconds: float) -> Iterator[None]:
    connection.ensure_connection()
    ends = time.monotonic() + seconds
    connection.connection.set_progress_handler(lambda: time.monotonic() > ends, _STEPS_BETWEEN_LOOKS)
    try:
        yield
    finally:
        connection.connection.set_progress_handler(None, 0)


def sampled(rows: QuerySet[Profile]) -> tuple[QuerySet[Profile], float]:
    """Those of a query that are in a random sample of all profiles, and how many profiles one of these stands for."""
    total = _total()
    keys = _sample(total)
    return rows.order_by().filter(pk__in=keys), total / max(len(keys), 1)


def _estimate(rows: QuerySet[Profile]) -> Count:
    some, factor = sampled(rows)
    return Count.about(some.count(), factor)


def _total() -> int:
    """About how many profiles there are."""
    table = Profile._meta.db_table
    sql = (
        f"SELECT reltuples::bigint FROM pg_class WHERE oid = '{table}'::regclass"
        if connection.vendor == "postgresql"
        else f"SELECT max(rowid) FROM {table}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        (total,) = cursor.fetchone()
    return max(int(total or 0), 1)


def _sample(total: int) -> list[UUID]:
    """Keys of some thousand profiles from everywhere in the table."""
    table = Profile._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            percent = min(100.0, max(100.0 * _SAMPLED / total, 0.01))
            cursor.execute(f"SELECT id FROM {table} TABLESAMPLE SYSTEM ({percent:.4f}) LIMIT {_SAMPLED * 3}")
        else:
            chosen = random.sample(range(1, total + 1), min(_SAMPLED, total))
            cursor.execute(f"SELECT id FROM {table} WHERE rowid IN ({','.join(map(str, chosen))})")
        return [key if isinstance(key, UUID) else UUID(key) for (key,) in cursor.fetchall()]


def _rounded(number: int) -> int:
    """Two digits count: more would claim what nobody knows."""
    step = 10 ** max(len(str(number)) - 2, 0)
    return max(int(round(number / step) * step), 1)
