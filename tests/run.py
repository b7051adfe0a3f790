"""`make test`: every test on SQLite, and those that ask for a database also on a private PostgreSQL, if installed.

The last lines name the suites that could not run here and what enables them; REQUIRE_ALL=1 makes that an error.
"""

from __future__ import annotations

import os
import subprocess
import sys

from tests import ready, services
from tests.plugins import suites


def main(arguments: list[str]) -> int:
    absent = suites.missing()
    if absent and os.environ.get("REQUIRE_ALL"):
        _say_missing(absent)
        return 1
    code = 0
    if suites.postgresql_bin():
        print("== on PostgreSQL ==", flush=True)
        with services.postgresql(empty=True) as url:
            code = _pytest([*arguments, "--database-only"], DATABASE_URL=url)
    print("== on SQLite ==", flush=True)
    code = _pytest(arguments) or code
    if absent:
        _say_missing(absent)
    return code


def _pytest(arguments: list[str], **environment: str) -> int:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n",
        os.environ.get("TEST_PROCESSES", "2"),
        "--dist",
        "loadgroup",
    ]
    return subprocess.run([*command, *arguments], env={**os.environ, **environment}, check=False).returncode


def _say_missing(absent: list[suites.Suite]) -> None:
    print("\nSuites that did not run here:", flush=True)
    for suite in absent:
        print(f"  {suite.marker}: {suite.enable}, then run `make test` again", flush=True)


if __name__ == "__main__":
    with ready.shared():
        sys.exit(main(sys.argv[1:]))
