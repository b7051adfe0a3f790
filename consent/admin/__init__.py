"""The consent screens: numbers, the history of what recipients asked for, imports and exports."""

from __future__ import annotations

from consent.admin.events import ConsentEventAdmin
from consent.admin.imports import ConsentImportAdmin
from consent.admin.numbers import ConsentSubjectAdmin

__all__ = ["ConsentEventAdmin", "ConsentImportAdmin", "ConsentSubjectAdmin"]
