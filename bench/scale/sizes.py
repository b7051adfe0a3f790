"""How many bytes a row takes, by table and index."""

from __future__ import annotations

from django.db import connection

_TABLES = (
    "messaging_message", "messaging_messagepart", "messaging_attempt", "messaging_messageevent",
    "webhooks_inboundrequest", "webhooks_inboundmessage", "consent_consentsubject", "consent_subjectkey",
    "consent_consentevent", "consent_consentstate", "access_auditentry", "access_idempotencyrecord",
)  # fmt: skip
_SQL = """
SELECT c.relname, t.reltuples, pg_table_size(t.oid), NULL FROM pg_class t
    JOIN pg_class c ON c.oid = t.oid WHERE t.relname = %s
UNION ALL
SELECT i.relname, t.reltuples, NULL, pg_relation_size(i.oid) FROM pg_class t JOIN pg_index x ON x.indrelid = t.oid
    JOIN pg_class i ON i.oid = x.indexrelid WHERE t.relname = %s
"""


def print_sizes() -> None:
    """One line for each table, one for each of its indexes: megabytes, and bytes for each row of the table."""
    print(f"\n{'':44} {'rows':>12} {'MB':>9} {'bytes/row':>10}")
    for table in _TABLES:
        with connection.cursor() as cursor:
            cursor.execute(_SQL, [table, table])
            for name, rows, heap, index in cursor.fetchall():
                size = heap or index or 0
                label = name if heap is not None else f"  {name}"
                print(f"{label[:44]:44} {rows:12,.0f} {size / 1e6:9.1f} {size / max(rows, 1):10.1f}")
