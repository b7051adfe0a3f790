"""Screens of templates, audiences and campaigns."""

from __future__ import annotations

from campaigns.admin import staff_numbers, templates
from campaigns.admin.audiences import AudienceAdmin
from campaigns.admin.selections import ListableProfileAdmin

__all__ = ["AudienceAdmin", "ListableProfileAdmin", "staff_numbers", "templates"]
