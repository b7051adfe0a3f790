"""The campaign screens."""

from __future__ import annotations

from campaigns.admin.audiences import AudienceAdmin
from campaigns.admin.selections import ListableProfileAdmin

__all__ = ["AudienceAdmin", "ListableProfileAdmin"]
