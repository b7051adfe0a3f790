"""The screens of profiles and of their imports."""

from __future__ import annotations

from profiles.admin.imports import ProfileImportAdmin
from profiles.admin.people import ProfileAdmin

__all__ = ["ProfileAdmin", "ProfileImportAdmin"]
