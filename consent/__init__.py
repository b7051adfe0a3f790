"""The consent record: subjects, append-only ledger, current state."""

from __future__ import annotations
