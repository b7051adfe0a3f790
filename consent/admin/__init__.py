"""The consent screens: numbers, history, review queue, suppression list, disclosure texts, imports and exports."""

from __future__ import annotations

from consent.admin.disclosures import DisclosureTextAdmin
from consent.admin.events import ConsentEventAdmin
from consent.admin.imports import ConsentImportAdmin
from consent.admin.numbers import ConsentSubjectAdmin
from consent.admin.reviews import ConsentReviewAdmin
from consent.admin.suppression import SuppressionAdmin

__all__ = [
    "ConsentEventAdmin",
    "ConsentImportAdmin",
    "ConsentReviewAdmin",
    "ConsentSubjectAdmin",
    "DisclosureTextAdmin",
    "SuppressionAdmin",
]
