"""Databases with all tables, made once and copied: migrating takes longer than most of what is then tried on them.

TEST_READY_DIR, which `make test` and `.ci/run` set, shares them among all processes of a run, PostgreSQL's too.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = "TEST_READY_DIR"


@contextmanager
def shared() -> Iterator[None]:
    """Processes started meanwhile find here what one of them has made."""
    if SHARED in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="smsgateway-ready-", dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        os.environ[SHARED] = directory
        try:
            yield
        finally:
            del os.environ[SHARED]


def is_shared() -> bool:
    """Whether others will use it, too."""
    return SHARED in os.environ


def once(name: str, make: Callable[[Path], None]) -> Path:
    """The directory of that name, made by whoever asks first; the others wait."""
    directory = Path(os.environ[SHARED])
    with (directory / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (directory / name).exists():
            part = directory / f"{name}.part"
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(mode=0o755)
            make(part)
            part.rename(directory / name)
    return directory / name


def give_tables(data_dir: Path) -> None:
    """Put an SQLite database with all tables into a data directory, where the run shares one."""
    if is_shared():
        data_dir.mkdir(parents=True, exist_ok=True)
        shutil.copy(once("sqlite", lambda made: migrate(made, "")) / "smsgateway.sqlite3", data_dir)


def migrate(data_dir: Path, database_url: str) -> None:
    """As a fresh machine does it; without a URL the database is SQLite's in the data directory."""
    dropped = ("SMSGATEWAY_", "DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "PYTEST_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    where = {"DATABASE_URL": database_url} if database_url else {}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"],
        cwd=ROOT,
        env={**kept, **where, "SMSGATEWAY_DATA_DIR": str(data_dir)},
        check=True,
    )
