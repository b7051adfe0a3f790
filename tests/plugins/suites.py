"""Suites that need a service: which can run here, what enables the others; REQUIRE_ALL=1 forbids leaving any out.

`--database-only` is for a second run on another database: it leaves out what the first run has shown for any of them,
the tests that do not ask for a database. Which these are is no list that somebody keeps: pytest-django refuses every
query of a test that has not asked.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.test import TransactionTestCase


@dataclass(frozen=True)
class Suite:
    """A marker, what it needs, and how to get that."""

    marker: str
    enable: str
    is_available: bool


def chromium() -> str:
    """Path of a Chromium to drive, or nothing."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return next(filter(None, found), "")


def postgresql_bin() -> str:
    """Directory of the PostgreSQL server programs, or nothing."""
    if path := shutil.which("initdb"):
        return str(Path(path).resolve().parent)
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return str(found[-1].parent) if found else ""


SUITES = (
    Suite("postgresql", "install PostgreSQL (Debian: apt-get install postgresql)", bool(postgresql_bin())),
    Suite(
        "redis", "install Redis (Debian: apt-get install redis-server)", bool(shutil.which("redis-server"))
    ),
    Suite("browser", "install Chromium (Debian: apt-get install chromium)", bool(chromium())),
)


ASKING = {"db", "transactional_db", "live_server"}  # fixtures


def missing() -> list[Suite]:
    """Suites that cannot run on this machine."""
    return [suite for suite in SUITES if not suite.is_available]


def on_postgresql() -> bool:
    """Whether this run uses a PostgreSQL database."""
    return os.environ.get("DATABASE_URL", "").startswith("postgres")


def asks_for_a_database(item: pytest.Item) -> bool:
    """Whether a test may query the database of the run, or is about one engine."""
    if any(item.get_closest_marker(marker) for marker in ("django_db", "postgresql", "sqlite")):
        return True
    case = getattr(item, "cls", None)
    if case is not None and issubclass(case, TransactionTestCase):
        return True
    return bool(ASKING & set(getattr(item, "fixturenames", ())))


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option of a second run."""
    parser.addoption(
        "--database-only", action="store_true", help="leave out the tests that do not ask for a database"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave tests about one engine to its run; skip what has no service here, unless all is required."""
    elsewhere = "sqlite" if on_postgresql() else "postgresql"
    _leave_out(config, items, [item for item in items if item.get_closest_marker(elsewhere)])
    if config.getoption("--database-only"):
        _leave_out(config, items, [item for item in items if not asks_for_a_database(item)])
    for item in items:
        if item.get_closest_marker(
            "browser"
        ):  # its module starts a gateway: one process takes the module whole
            item.add_marker(pytest.mark.xdist_group(item.nodeid.split("::")[0]))
    for suite in missing():
        marked = [item for item in items if item.get_closest_marker(suite.marker)]
        if marked and os.environ.get("REQUIRE_ALL"):
            raise pytest.UsageError(
                f"REQUIRE_ALL is set and the {suite.marker} suite cannot run: {suite.enable}"
            )
        for item in marked:
            item.add_marker(pytest.mark.skip(reason=f"{suite.marker}: {suite.enable}"))


def _leave_out(config: pytest.Config, items: list[pytest.Item], others: list[pytest.Item]) -> None:
    if others:
        config.hook.pytest_deselected(items=others)
        left = {id(item) for item in others}
        items[:] = [item for item in items if id(item) not in left]
