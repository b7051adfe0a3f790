"""How many requests the provider has seen so far, counted as its log grows."""

from __future__ import annotations

import threading
import time
from pathlib import Path

_FRESH = 0.05  # seconds a count stays good


class Tail:
    """Counts the requests in a log that is being written; threads may share it."""

    def __init__(self, path: Path) -> None:
        self._path, self._offset, self._requests = path, 0, 0
        self._looked_at = -1.0
        self._lock = threading.Lock()

    def count(self) -> int:
        """Requests so far; reads only what is new."""
        with self._lock:
            if time.monotonic() - self._looked_at > _FRESH and self._path.exists():
                with self._path.open("rb") as file:
                    file.seek(self._offset)
                    new = file.read()
                self._offset += len(new)
                self._requests += new.count(b'"text"')
                self._looked_at = time.monotonic()
            return self._requests
