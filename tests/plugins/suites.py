"""Suites that need a service: which can run here, what enables the others; REQUIRE_ALL=1 forbids leaving any out."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest


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


def missing() -> list[Suite]:
    """Suites that cannot run on this machine."""
    return [suite for suite in SUITES if not suite.is_available]


def on_postgresql() -> bool:
    """Whether this run uses a PostgreSQL database."""
    return os.environ.get("DATABASE_URL", "").startswith("postgres")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave tests about one engine to its run; skip what has no service here, unless all is required."""
    elsewhere = "sqlite" if on_postgresql() else "postgresql"
    other = [item for item in items if item.get_closest_marker(elsewhere)]
    if other:
        config.hook.pytest_deselected(items=other)
        items[:] = [item for item in items if item not in other]
    for suite in missing():
        marked = [item for item in items if item.get_closest_marker(suite.marker)]
        if marked and os.environ.get("REQUIRE_ALL"):
            raise pytest.UsageError(
                f"REQUIRE_ALL is set and the {suite.marker} suite cannot run: {suite.enable}"
            )
        for item in marked:
            item.add_marker(pytest.mark.skip(reason=f"{suite.marker}: {suite.enable}"))
