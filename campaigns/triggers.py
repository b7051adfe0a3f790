"""What a template said stays as it was said: the database refuses to change a version."""

from __future__ import annotations

from core.triggers import Trigger, unchangeable

TRIGGERS: tuple[Trigger, ...] = (
    *unchangeable("campaigns_templateversion"),
    *unchangeable("campaigns_templatetext"),
)
