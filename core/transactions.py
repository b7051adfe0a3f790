"""Transactions of functions that are called alone and as a part of more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def own_or_callers_transaction() -> Iterator[None]:
    """A transaction of its own, or the caller's where there is one, without a savepoint: that is two round trips.

    Only for functions that refuse what they refuse before their first write.
    """
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        yield
