"""The consent record: subjects by keyed hash, an append-only chain of events, and the state they make."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone

from access.append_only import AppendOnlyModel
from consent.models.words import Decision, Kind, Source, Standing


class ConsentSubject(models.Model):  # type: ignore[django-manager-missing]
    """One recipient, known by the keyed hash of the number; its row is the lock between STOP and sending."""

    number_hash = models.CharField(max_length=64)
    touched_at = models.DateTimeField(default=timezone.now, help_text="Set first by every consent write.")
    last_sequence = models.PositiveIntegerField(default=0)
    next_event_id: int | None = None  # drawn along with the lock, see consent.writing
    is_new: bool = False  # made in this very transaction: it has neither key nor state yet
    owned: tuple[str, tuple[Any, ...]] | None = None  # wrapped key and states that came along with the lock
    head_hash = models.CharField(max_length=64, blank=True, help_text="Hash of the newest event.")

    class Meta:
        verbose_name = "number"
        constraints = [models.UniqueConstraint(fields=("number_hash",), name="consent_subject_once")]
        permissions = [("export_consentsubject", "Can export consent")]

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


class DisclosureText(AppendOnlyModel):
    """One version of what people are shown when they agree; a changed text is a new version of the same slug."""

    slug = models.SlugField("name", max_length=60)
    version = models.PositiveIntegerField(editable=False)
    text = models.TextField()
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.CharField(max_length=150, blank=True, editable=False)

    class Meta:
        verbose_name = "disclosure text"
        ordering = ("slug", "-version")
        constraints = [models.UniqueConstraint(fields=("slug", "version"), name="consent_disclosure_version")]

    def __str__(self) -> str:
        return f"{self.slug}, version {self.version}"


class ConsentEvent(AppendOnlyModel):
    """One thing a person asked for; `evidence` is JSON {number, text, ...} under the subject's data key.

    Evidence of a web form has the keys `url`, `ip` and `user_agent`. `time_proven`: the provider signed
    `occurred_at`. `format` names the columns its hash covers, see `consent.chain`.
    """

    subject = models.ForeignKey(
        ConsentSubject, on_delete=models.PROTECT, related_name="events", db_index=False
    )
    sequence = models.PositiveIntegerField()
    kind = models.CharField("event", max_length=20, choices=Kind)
    scope = models.CharField(max_length=100, default="all")
    purpose = models.CharField(max_length=20, default="all")
    source = models.CharField(max_length=10, choices=Source)
    keyword = models.CharField(max_length=100, blank=True)
    rule_version = models.CharField(max_length=50, blank=True)
    actor = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    reference = models.CharField(max_length=200, blank=True)
    decision = models.CharField(max_length=20, blank=True, choices=Decision)
    disclosure = models.ForeignKey(
        DisclosureText,
        null=True,
        to_field="digest",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    policy_version = models.CharField(max_length=50, blank=True)
    occurred_at = models.DateTimeField()
    time_proven = models.BooleanField(default=False)
    received_at = models.DateTimeField("when", db_index=True)
    evidence = models.TextField()
    format = models.PositiveSmallIntegerField(default=2)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = "consent event"
        verbose_name_plural = "consent history"
        ordering = ("-id",)
        constraints = [models.UniqueConstraint(fields=("subject", "sequence"), name="consent_event_sequence")]
        indexes = [
            models.Index(fields=("kind", "received_at"), name="consent_event_kind"),
            models.Index(fields=("source", "id"), name="consent_event_source"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.received_at:%Y-%m-%d %H:%M}"


class ConsentState(models.Model):
    """What holds now for one subject, scope and purpose; folded from the events in the same transaction."""

    subject = models.ForeignKey(
        ConsentSubject, on_delete=models.PROTECT, related_name="states", db_index=False
    )
    scope = models.CharField(max_length=100)
    purpose = models.CharField(max_length=20)
    state = models.CharField(max_length=3, choices=Standing, blank=True)
    source = models.CharField(max_length=10, choices=Source)
    event = models.ForeignKey(ConsentEvent, on_delete=models.PROTECT, related_name="+", db_index=False)
    changed_at = models.DateTimeField()
    out_at = models.DateTimeField(null=True, help_text="When the latest opt-out for this cell happened.")
    in_at = models.DateTimeField(null=True, help_text="When its latest opt-in happened, if that is proven.")
    paused_at = models.DateTimeField(
        null=True, help_text="Since when a review of a possible opt-out pauses it."
    )

    class Meta:
        verbose_name = "consent state"
        constraints = [
            models.UniqueConstraint(fields=("subject", "scope", "purpose"), name="consent_state_cell")
        ]

    def __str__(self) -> str:
        return f"{self.scope}/{self.purpose}: {self.state}"


class Checkpoint(AppendOnlyModel):
    """An anchor over all events up to `through_id`: without it a cut-off tail with a forged head would not show."""

    through_id = models.BigIntegerField(unique=True)
    events = models.BigIntegerField(help_text="Events since the checkpoint before.")
    digest = models.CharField(max_length=64)
    previous_seal = models.CharField(max_length=64, blank=True)
    seal = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = "ledger checkpoint"
        ordering = ("id",)

    def __str__(self) -> str:
        return f"Checkpoint through event {self.through_id}"
