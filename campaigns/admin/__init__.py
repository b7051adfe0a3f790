"""Screens of templates, audiences and campaigns."""

from __future__ import annotations

from campaigns.admin import staff_numbers, templates

__all__ = ["staff_numbers", "templates"]
