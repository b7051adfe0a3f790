"""Who may call the API, what was answered once, and who changed what."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from access.append_only import AppendOnlyModel
from core.ids import uuid7


class Scope(models.TextChoices):
    """What an API key may do."""

    SEND = "messages:send", "Send messages"
    READ = "messages:read", "Read messages"
    CONSENT_READ = "consent:read", "Look up consent"
    CONSENT_WRITE = "consent:write", "Change consent"
    PROFILES_READ = "profiles:read", "Look up profiles"
    PROFILES_WRITE = "profiles:write", "Change profiles"
    AUDIENCES_READ = "audiences:read", "Read audiences and their members"
    CAMPAIGNS_READ = "campaigns:read", "Read campaigns and their progress"
    CAMPAIGNS_TRIGGER = "campaigns:trigger", "Trigger campaigns"
    AUDIENCES_WRITE = "audiences:write", "Change audiences and their members"


class ApiKey(models.Model):
    """A key of one application; only its SHA-256 is stored. Make one with `access.keys.issue_key`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100, help_text="Which application uses this key.")
    prefix = models.CharField(max_length=16, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list, help_text="What the key may do.")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Blank: the key does not expire.")
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "API key"
        verbose_name_plural = "API keys"
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.name} (sgw_{self.prefix}_…)"


class IdempotencyRecord(models.Model):
    """The answer an Idempotency-Key got; status 0 exists only inside the transaction that does the work."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    response = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("api_key", "key"), name="access_idempotency_once")]

    def __str__(self) -> str:
        return self.key


class AuditEntry(AppendOnlyModel):
    """One change by staff or an application: who, when, what, from where. Secrets appear as "changed"."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    actor = models.CharField(max_length=200, help_text="Who did it, as they were called then.")
    actor_id = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=50)
    object_type = models.CharField(max_length=100)
    object_id = models.CharField(max_length=64, blank=True)
    object_repr = models.CharField("object", max_length=200, blank=True)
    changes = models.JSONField(default=dict)
    address = models.CharField(max_length=45, blank=True, help_text="The address the change came from.")

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit trail"
        ordering = ("-id",)
        indexes = [
            models.Index(fields=("object_id", "object_type"), name="access_audit_about"),
            models.Index(fields=("object_type", "id"), name="access_audit_kind"),
            models.Index(fields=("action", "id"), name="access_audit_action"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.object_repr}"


class OneTimePassword(models.Model):
    """A password that was handed out (its hash as stored then); gone once the user has chosen another."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    password = models.CharField(max_length=128)

    def __str__(self) -> str:
        return f"one-time password of user {self.user_id}"


class RetentionMark(models.Model):
    """Lets retention delete evidence rows that are old enough; exists only inside a transaction that does."""

    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"retention at {self.made_at:%Y-%m-%d %H:%M:%S}"
