"""Admin screens of access; the account screens live in `access.accounts_admin`."""

from __future__ import annotations

from access.accounts_admin import GroupAdmin, UserAdmin
from access.api_key_admin import ApiKeyAdmin
from access.audit_admin import AuditEntryAdmin

__all__ = ("ApiKeyAdmin", "AuditEntryAdmin", "GroupAdmin", "UserAdmin")
