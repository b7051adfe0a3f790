"""Links to the hosted opt-out page."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from consent.models.record import ConsentSubject


class OptOutLink(models.Model):
    """The way out for one person and one sender; the token says nothing about either."""

    token = models.CharField(max_length=24, unique=True)
    subject = models.ForeignKey(
        ConsentSubject, on_delete=models.CASCADE, related_name="links", db_index=False
    )
    sender = models.CharField(max_length=20)
    reference = models.CharField(max_length=200, help_text="The credential whose messages carry the link.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "opt-out link"
        constraints = [
            models.UniqueConstraint(
                fields=("subject", "sender", "reference"), name="consent_optout_link_once"
            )
        ]

    def __str__(self) -> str:
        return f"opt-out link of {self.subject_id}"
