"""How many recipients of a run are where, kept with every change: progress costs no count over millions."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping

from django.db import connection

from campaigns.models import RecipientState, RunTally

# Variant, state, reason.
Cell = tuple[str, str, str]

_TABLE = RunTally._meta.db_table
_UPSERT = (
    f"INSERT INTO {_TABLE} (run_id, variant, state, reason, count) VALUES {{rows}} "
    f"ON CONFLICT (run_id, variant, state, reason) DO UPDATE SET count = {_TABLE}.count + EXCLUDED.count"
)


def add(run_id: uuid.UUID, changes: Mapping[Cell, int]) -> None:
    """Add to the counts, in the transaction of the change and as late as possible: whoever counts too waits."""
    cells = [(*cell, count) for cell, count in sorted(changes.items()) if count]
    if not cells:
        return
    own_id = run_id if connection.vendor == "postgresql" else run_id.hex
    places = ", ".join(["(%s, %s, %s, %s, %s)"] * len(cells))
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT.format(rows=places), [value for cell in cells for value in (own_id, *cell)])


def moved(variants: Mapping[str, int], *, state: str, reason: str = "") -> Counter[Cell]:
    """What changes when so many of each variant leave `pending` for a state."""
    changes: Counter[Cell] = Counter()
    for variant, count in variants.items():
        changes[variant, RecipientState.PENDING.value, ""] -= count
        changes[variant, str(state), str(reason)] += count
    return changes


def of(run_id: uuid.UUID) -> dict[Cell, int]:
    """The counts of a run."""
    rows = RunTally.objects.filter(run_id=run_id, count__gt=0).order_by()
    return {
        (variant, state, reason): count
        for variant, state, reason, count in rows.values_list("variant", "state", "reason", "count")
    }
