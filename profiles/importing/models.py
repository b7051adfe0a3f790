"""An import under way: what was brought, how it is read, how far it has come."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from core.ids import uuid7


class ImportState(models.TextChoices):
    """Where an import stands; workers act on CHECKING and RUNNING only."""

    RECEIVING = "receiving", "Receiving"
    MAPPING = "mapping", "Columns to choose"
    CHECKING = "checking", "Trying"
    CHECKED = "checked", "Tried, not imported"
    RUNNING = "running", "Importing"
    DONE = "done", "Imported"
    CANCELLED = "cancelled", "Cancelled"
    FAILED = "failed", "Failed"


AT_WORK = (ImportState.CHECKING, ImportState.RUNNING)
UNDONE = (ImportState.MAPPING, ImportState.CHECKING, ImportState.CHECKED)
ENDED = (ImportState.DONE, ImportState.CANCELLED, ImportState.FAILED)


class ProfileImport(models.Model):
    """One CSV file on its way into the profiles; `position` is the next batch, so a killed worker loses nothing."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    file_name = models.CharField("file", max_length=200)
    encoding = models.CharField(max_length=20)
    separator = models.CharField(max_length=20)
    columns = models.JSONField(default=list, help_text="Column names, in the order of the file.")
    plan = models.JSONField(default=dict, help_text="How the columns are read.")
    state = models.CharField(max_length=10, choices=ImportState, default=ImportState.RECEIVING)
    rows = models.PositiveIntegerField(default=0)
    batches = models.PositiveIntegerField(default=0)
    position = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField("made", default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField("left alone", default=0)
    refused = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True)
    created_by = models.CharField("by", max_length=150)
    created_at = models.DateTimeField("when", default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "profile import"
        ordering = ("-id",)
        indexes = [
            models.Index(fields=("id",), name="profile_import_at_work", condition=models.Q(state__in=AT_WORK))
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def percent(self) -> int:
        """How much of the present pass is done."""
        return 100 * self.position // self.batches if self.batches else 0


class ProfileImportBatch(models.Model):
    """Up to 1,000 records, sealed until they are imported, what became of each, and the profiles they are about."""

    of = models.ForeignKey(ProfileImport, on_delete=models.CASCADE, related_name="parts", db_index=False)
    number = models.PositiveIntegerField()
    records = models.TextField(help_text="Sealed [[line, cells], …]; blank once imported.")
    report = models.TextField(blank=True, help_text="Sealed [[line, verdict, why], …] of the latest pass.")
    refused = models.PositiveIntegerField(default=0)
    profile_ids = models.BinaryField(default=bytes, help_text="16 bytes for each profile, once imported.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=("of", "number"), name="profile_import_batch_once")]

    def __str__(self) -> str:
        return f"{self.of_id}/{self.number}"
