"""Who may do what: API keys, roles, idempotency records, audit trail."""

from __future__ import annotations
