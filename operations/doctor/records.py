"""The database: there, up to date, ours, protected."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from core.triggers import missing
from operations import installation
from operations.doctor.finding import Finding, bad, good, look


def database() -> Finding:
    """The database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return bad(
            "database",
            f"it does not answer: {' '.join(str(error).split())} Check DATABASE_URL and the server.",
        )
    return good("database", connection.vendor)


def migrations() -> Finding:
    """Its tables are those of this version."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        return bad("tables", f"{len(plan)} migrations are missing. Run: python manage.py migrate")
    return good("tables", "up to date")


def keys() -> Finding:
    """The keys of this machine open what stands in the database."""
    fit = installation.keys_fit()
    if fit is None:
        return look("keys", "no worker has started with this database yet.")
    if not fit:
        return bad("keys", installation.WRONG_KEYS)
    return good("keys", "they belong to this database")


def protections() -> Finding:
    """The triggers that keep records from being changed are at work."""
    gone = missing(connection, installation.ALL_TRIGGERS)
    if gone:
        return bad(
            "protections",
            f"triggers are missing: {', '.join(gone)}. Records may have been changed: find out who removed them; "
            "`python manage.py migrate --skip-checks` puts them back.",
        )
    return good("protections", f"{len(installation.ALL_TRIGGERS)} triggers at work")
