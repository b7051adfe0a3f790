"""Words that messages and channels share: purposes, sources, lengths."""

from __future__ import annotations

from django.db import models

from core.vocabulary import Purpose

PURPOSES = [
    (Purpose.MARKETING.value, "Marketing"),
    (Purpose.TRANSACTIONAL.value, "Transactional"),
    (Purpose.ONE_TIME_CODE.value, "One-time code"),
    (Purpose.CONSENT_REPLY.value, "Consent reply"),
]
CHANNEL_PURPOSES = PURPOSES[:2]
LONGEST_PROVIDER_ID = 200
LONGEST_ROUTE_NAME = 60


class Source(models.TextChoices):
    """Who submitted a message."""

    API = "api", "API"
    ADMIN = "admin", "Staff"
    REPLY = "reply", "Auto reply"
    TEST = "test", "Test send"
    CAMPAIGN = "campaign", "Campaign"
