"""Screens of templates, audiences and campaigns."""

from __future__ import annotations

from campaigns.admin import audiences, campaigns, selections, staff_numbers, templates

__all__ = ["audiences", "campaigns", "selections", "staff_numbers", "templates"]
