"""Triggers of this app's tables, and one that closes a gap of SQLite."""

from __future__ import annotations

from core.triggers import Retained, Trigger, append_only

# Whatever the settings say, nothing younger than a week goes.
AFTER_RETENTION = Retained(column="at", days=7, marker="access_retentionmark")


def no_replace(table: str, *unique_together: str) -> tuple[Trigger, ...]:
    """SQLite's INSERT OR REPLACE removes the old row without a DELETE trigger: refuse a key that is taken."""
    name = f"{table}_no_replace"
    together = " AND ".join(f"{column} = NEW.{column}" for column in unique_together)
    taken = f"id = NEW.id OR ({together})" if together else "id = NEW.id"
    return (
        Trigger(
            name=name,
            table=table,
            sqlite=f"CREATE TRIGGER {name} BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {taken}) "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
            postgresql=(),
        ),
    )


TRIGGERS: tuple[Trigger, ...] = (
    *append_only("access_auditentry", retained=AFTER_RETENTION),
    *no_replace("access_auditentry"),
)
