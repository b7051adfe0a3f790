"""Django's SQLite backend, with writers of one process taking turns instead of polling for the lock."""

from __future__ import annotations
