"""SQLite for many threads of one process.

SQLite lets one writer in at a time and makes the others sleep and try again, up to 100 ms a turn, whoever comes
first. Under load most of the time goes into those sleeps. Here a thread waits for its turn before BEGIN IMMEDIATE,
so that the next writer starts the moment the last one has committed. Other processes still meet SQLite's own lock.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import Any

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

_turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
_registry_lock = threading.Lock()


class DatabaseWrapper(base.DatabaseWrapper):
    """The stock backend plus one lock per database file, held from BEGIN to COMMIT or ROLLBACK."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._has_turn = False

    def _start_transaction_under_autocommit(self) -> None:
        if not self._turn().acquire(timeout=float(self.settings_dict["OPTIONS"].get("timeout", 20))):
            raise OperationalError("database is locked")
        self._has_turn = True
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._end_turn()
            raise

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self._end_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._end_turn()

    def close(self) -> None:
        """Close the connection; an unfinished transaction ends with it."""
        super().close()
        if not self.in_atomic_block:
            self._end_turn()

    def _turn(self) -> threading.Lock:
        with _registry_lock:
            return _turns[str(self.settings_dict["NAME"])]

    def _end_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._turn().release()
