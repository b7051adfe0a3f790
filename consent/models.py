"""The consent record: subjects by keyed hash, an append-only chain of events, and the state they make."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from access.append_only import AppendOnlyModel


class Kind(models.TextChoices):
    """What a person asked for."""

    OPT_IN = "opt_in", "Opted in"
    OPT_OUT = "opt_out", "Opted out"
    HELP = "help", "Asked for help"


class Source(models.TextChoices):
    """Through whom an event reached us; it decides which later event may lift an opt-out."""

    KEYWORD = "keyword", "Keyword"
    STAFF = "staff", "Staff"
    API = "api", "API"
    IMPORT = "import", "Import"
    PROVIDER = "provider", "Provider"


class Standing(models.TextChoices):
    """What holds now for one scope and purpose."""

    IN = "in", "Opted in"
    OUT = "out", "Opted out"


class ConsentSubject(models.Model):
    """One recipient, known by the keyed hash of the number; its row is the lock between STOP and sending."""

    number_hash = models.CharField(max_length=64, unique=True)
    touched_at = models.DateTimeField(default=timezone.now, help_text="Set first by every consent write.")
    last_sequence = models.PositiveIntegerField(default=0)
    head_hash = models.CharField(max_length=64, blank=True, help_text="Hash of the newest event.")

    class Meta:
        verbose_name = "consent subject"

    def __str__(self) -> str:
        return self.number_hash[:12]


class SubjectKey(models.Model):
    """The data key of one subject, wrapped by the master key; delete it and number and texts are gone."""

    subject = models.OneToOneField(
        ConsentSubject, on_delete=models.PROTECT, primary_key=True, related_name="key"
    )
    wrapped_key = models.TextField()
    sealed_number = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "subject key"

    def __str__(self) -> str:
        return f"key of {self.subject_id}"


class ConsentEvent(AppendOnlyModel):
    """One thing a person asked for; `evidence` is JSON {number, text, ...} under the subject's data key."""

    subject = models.ForeignKey(ConsentSubject, on_delete=models.PROTECT, related_name="events")
    sequence = models.PositiveIntegerField()
    kind = models.CharField("event", max_length=10, choices=Kind)
    scope = models.CharField(max_length=100, default="all")
    purpose = models.CharField(max_length=20, default="all")
    source = models.CharField(max_length=10, choices=Source)
    keyword = models.CharField(max_length=100, blank=True)
    rule_version = models.CharField(max_length=50, blank=True)
    actor = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    reference = models.CharField(max_length=200, blank=True)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField("when", db_index=True)
    evidence = models.TextField()
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = "consent event"
        verbose_name_plural = "consent history"
        ordering = ("-id",)
        constraints = [models.UniqueConstraint(fields=("subject", "sequence"), name="consent_event_sequence")]
        indexes = [models.Index(fields=("kind", "received_at"), name="consent_event_kind")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.received_at:%Y-%m-%d %H:%M}"


class ConsentState(models.Model):
    """What holds now for one subject, scope and purpose; folded from the events in the same transaction."""

    subject = models.ForeignKey(
        ConsentSubject, on_delete=models.PROTECT, related_name="states", db_index=False
    )
    scope = models.CharField(max_length=100)
    purpose = models.CharField(max_length=20)
    state = models.CharField(max_length=3, choices=Standing)
    source = models.CharField(max_length=10, choices=Source)
    event = models.ForeignKey(ConsentEvent, on_delete=models.PROTECT, related_name="+", db_index=False)
    changed_at = models.DateTimeField()
    out_at = models.DateTimeField(null=True, help_text="When the latest opt-out for this cell happened.")

    class Meta:
        verbose_name = "consent state"
        constraints = [
            models.UniqueConstraint(fields=("subject", "scope", "purpose"), name="consent_state_cell")
        ]

    def __str__(self) -> str:
        return f"{self.scope}/{self.purpose}: {self.state}"


# The tables of an import live beside the code that fills them.
from consent.importing.models import ConsentImport, ImportBatch  # noqa: E402, F401
