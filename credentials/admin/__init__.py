"""The API Credentials screens."""

from __future__ import annotations

from credentials.admin.credential import ApiCredentialAdmin, Block
from credentials.code_admin import ProviderCodeAdmin

__all__ = ["ApiCredentialAdmin", "Block", "ProviderCodeAdmin"]
