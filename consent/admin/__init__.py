"""The consent screens: history, review queue, suppression list, disclosure texts."""

from __future__ import annotations

from consent.admin.disclosures import DisclosureTextAdmin
from consent.admin.events import ConsentEventAdmin
from consent.admin.reviews import ConsentReviewAdmin
from consent.admin.suppression import SuppressionAdmin

__all__ = ["ConsentEventAdmin", "ConsentReviewAdmin", "DisclosureTextAdmin", "SuppressionAdmin"]
