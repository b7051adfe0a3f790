"""Numbers that are not written to whatever they agreed to; apart from consent."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from consent.models.record import ConsentSubject


class SuppressionReason(models.TextChoices):
    """Why a number is not written to, whatever it agreed to."""

    INVALID_NUMBER = "invalid_number", "The number does not exist"
    UNREACHABLE = "unreachable", "The number cannot be reached"
    COMPLAINT = "complaint", "Complaint"
    DO_NOT_CONTACT = "do_not_contact", "On a do-not-contact list"
    TEST = "test", "Test number"
    OTHER = "other", "Other"


class SuppressionSource(models.TextChoices):
    """Who put a number on the list."""

    AUTOMATIC = "automatic", "Automatic"
    STAFF = "staff", "Staff"
    API = "api", "API"
    IMPORT = "import", "Import"


class Suppression(models.Model):
    """A number that gets nothing but replies to its own keywords, apart from consent; lifted ones stay as a record."""

    subject = models.ForeignKey(
        ConsentSubject, on_delete=models.PROTECT, related_name="suppressions", db_index=False
    )
    scope = models.CharField(max_length=100, default="all")
    code = models.CharField("reason", max_length=20, choices=SuppressionReason)
    source = models.CharField(max_length=10, choices=SuppressionSource)
    note = models.CharField(max_length=500, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField("since", default=timezone.now)
    created_by = models.CharField(max_length=200, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "suppression"
        verbose_name_plural = "suppression list"
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=("subject", "scope"),
                condition=models.Q(lifted_at__isnull=True),
                name="consent_suppression_once",
            )
        ]
        indexes = [
            models.Index(
                fields=("until",),
                name="consent_suppression_until",
                condition=models.Q(lifted_at__isnull=True, until__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_code_display()} since {self.created_at:%Y-%m-%d}"


class FailureCount(models.Model):
    """Permanent failures of one number in a row, of the kind that puts it on the suppression list."""

    subject = models.OneToOneField(
        ConsentSubject, on_delete=models.PROTECT, primary_key=True, related_name="failures"
    )
    count = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        verbose_name = "failure count"

    def __str__(self) -> str:
        return f"{self.count} failures of {self.subject_id}"
