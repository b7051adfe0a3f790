"""What an operator fills in about a provider, the headers that go along, the URLs the provider calls back."""

from __future__ import annotations

import time
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from core.fields import EncryptedTextField
from core.ids import uuid7
from core.vocabulary import Outcome
from credentials.auth import auth_type_choices
from credentials.choices import (
    FAILURES,
    RULE_OUTCOMES,
    BodyKind,
    ClientAuth,
    FieldKind,
    KeyLocation,
    MacLayout,
    Method,
    NumberFormat,
    Place,
    SecretEncoding,
    SplitMode,
    Test,
    TextEncoding,
    TimestampFormat,
    TokenEncoding,
    When,
)
from credentials.vendors import vendor_choices

_RATE = MinValueValidator(0.01, "At least 0.01, one in 100 seconds, or blank.")
_ONE = MinValueValidator(1, "Write 1 or more, or leave this blank.")
_LENGTH = MaxValueValidator(20_000, "At most 20,000 characters.")


def next_revision() -> int:
    """A number that grows with every save: microseconds, so that two saves at once differ."""
    return time.time_ns() // 1_000


class ApiCredential(models.Model):
    """How to talk to one provider: where, signed how, with which payload."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    vendor = models.CharField("SMS vendor", max_length=32, choices=vendor_choices, default="custom")
    name = models.CharField("Name", max_length=100, unique=True)
    provider_app_id = models.CharField("Provider AppId", max_length=200, blank=True)
    provider_name = models.CharField("Provider Name", max_length=100, blank=True)
    provider_url = models.CharField("Provider URL", max_length=1000)
    method = models.CharField("Method", max_length=8, choices=Method.choices, default=Method.POST)
    auth_type = models.CharField("Auth Type", max_length=32, choices=auth_type_choices, default="api_key")

    auth_name = models.CharField("Name", max_length=100, blank=True)
    api_token = EncryptedTextField("API Token", blank=True)
    api_secret_key = EncryptedTextField("API Secret Key", blank=True)
    mac_hash_format = models.CharField(
        "Mac Authorization Hash Format", max_length=40, default="hmac-sha256:base64"
    )
    mac_layout = models.CharField(
        "MAC layout", max_length=16, choices=MacLayout.choices, default=MacLayout.TS_NONCE
    )
    mac_secret_encoding = models.CharField(
        "Secret key is written as", max_length=16, choices=SecretEncoding.choices, default=SecretEncoding.TEXT
    )
    mac_header = models.CharField("Signature header", max_length=100, blank=True, default="Authorization")
    mac_value = models.CharField("Signature value", max_length=500, blank=True, default="{{signature}}")
    mac_string = models.TextField("String to sign", blank=True)
    mac_timestamp_format = models.CharField(
        "Timestamp format", max_length=16, choices=TimestampFormat.choices, default=TimestampFormat.UNIX
    )
    mac_extra_headers = models.TextField("Further signed headers", blank=True)
    auth_username = models.CharField("User name", max_length=200, blank=True)
    auth_password = EncryptedTextField("Password", blank=True)
    key_location = models.CharField(
        "Send key as", max_length=16, choices=KeyLocation.choices, default=KeyLocation.HEADER
    )
    key_name = models.CharField("Key name", max_length=100, blank=True, default="Authorization")
    key_prefix = models.CharField("Key prefix", max_length=50, blank=True, default="Bearer ")
    oauth_url = models.CharField("OAuth URL", max_length=1000, blank=True)
    oauth_body = EncryptedTextField("OAuth Body", blank=True)
    oauth_encoding = models.CharField(
        "Send token request as", max_length=16, choices=TokenEncoding.choices, default=TokenEncoding.FORM
    )
    oauth_client_auth = models.CharField(
        "Client authentication", max_length=16, choices=ClientAuth.choices, default=ClientAuth.BODY
    )
    oauth_token_path = models.CharField("Token path", max_length=500, blank=True)
    oauth_expiry_path = models.CharField("Expiry path", max_length=500, blank=True)
    jwt_payload = models.TextField("JWT Payload", blank=True)
    jwt_algorithm = models.CharField("JWT algorithm", max_length=16, default="HS256")

    client_certificate = EncryptedTextField("Client certificate", blank=True)
    client_key = EncryptedTextField("Client key", blank=True)

    body_kind = models.CharField("Body", max_length=8, choices=BodyKind.choices, default=BodyKind.JSON)
    payload = models.TextField("Provider Payload", blank=True)
    to_format = models.CharField(
        "Recipient's number as",
        max_length=16,
        choices=NumberFormat.choices,
        default=NumberFormat.INTERNATIONAL,
    )
    from_format = models.CharField(
        "Sender number as", max_length=16, choices=NumberFormat.choices, default=NumberFormat.INTERNATIONAL
    )
    text_encoding = models.CharField(
        "Characters", max_length=8, choices=TextEncoding.choices, default=TextEncoding.AS_IS
    )
    max_length = models.PositiveIntegerField(
        "Longest text per request", null=True, blank=True, validators=[_LENGTH]
    )
    max_length_unicode = models.PositiveIntegerField(
        "Longest Unicode text per request", null=True, blank=True, validators=[_LENGTH]
    )
    split_mode = models.CharField(
        "Send long texts as", max_length=16, choices=SplitMode.choices, default=SplitMode.REQUESTS
    )

    message_id_path = models.CharField("Message id path", max_length=500, blank=True)
    ignored_ids = models.CharField("Ids to ignore", max_length=200, blank=True)
    error_code_path = models.CharField("Error code path", max_length=500, blank=True)
    error_text_path = models.CharField("Error text path", max_length=500, blank=True)
    check_url = models.CharField("Connection check URL", max_length=1000, blank=True)
    lookup_url = models.CharField("Status look-up URL", max_length=1000, blank=True)

    messages_per_second = models.FloatField("Messages per second", null=True, blank=True, validators=[_RATE])
    segments_per_second = models.FloatField("Segments per second", null=True, blank=True, validators=[_RATE])
    at_once = models.PositiveIntegerField("Requests at once", null=True, blank=True, validators=[_ONE])

    # The [webhook] table of the preset it was made of; {}: the shipped preset's own counts.
    webhook_preset = models.JSONField(default=dict, blank=True, editable=False)
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    paused_reason = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    revision = models.BigIntegerField(default=next_revision, editable=False)

    class Meta:
        verbose_name = "API credential"
        verbose_name_plural = "API Credentials"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save under a new revision, so that no cached client or token of the old one is used again."""
        self.revision = max(self.revision + 1, next_revision())
        if (chosen := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*chosen, "revision", "updated_at"}
        super().save(*args, **kwargs)


class RequestHeader(models.Model):
    """One HTTP header of every request; values are sealed since many of them are secrets."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    credential = models.ForeignKey(ApiCredential, on_delete=models.CASCADE, related_name="headers")
    name = models.CharField("Name", max_length=100)
    value = EncryptedTextField("Value", blank=True)
    secret = models.BooleanField(
        "Secret", default=False, help_text="Not shown again after saving, and masked in every record."
    )

    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "header"
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint("credential", Lower("name"), name="credentials_header_once"),
        ]

    def __str__(self) -> str:
        return self.name


class CredentialVariable(models.Model):
    """A value the operator named, usable as {{name}} everywhere in the request; sealed since many are secrets."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    credential = models.ForeignKey(ApiCredential, on_delete=models.CASCADE, related_name="variables")
    name = models.CharField("Name", max_length=50)
    label = models.CharField("Label", max_length=100, blank=True)
    value = EncryptedTextField("Value", blank=True)
    secret = models.BooleanField(
        "Secret", default=False, help_text="Not shown again after saving, and masked in every record."
    )
    required = models.BooleanField(default=False, editable=False)
    help = models.CharField(max_length=300, blank=True, editable=False)
    position = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = "variable"
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["credential", "name"], name="credentials_variable_once"),
        ]

    def __str__(self) -> str:
        return self.label or self.name


class RequestField(models.Model):
    """One query parameter or body field of every request."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    credential = models.ForeignKey(ApiCredential, on_delete=models.CASCADE, related_name="request_fields")
    place = models.CharField("Where", max_length=8, choices=Place.choices, default=Place.QUERY)
    name = models.CharField("Name", max_length=200)
    value = models.TextField("Value", blank=True)
    when = models.CharField("Sent", max_length=16, choices=When.choices, default=When.ALWAYS)
    kind = models.CharField("Type", max_length=8, choices=FieldKind.choices, default=FieldKind.TEXT)
    position = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = "request field"
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class ResponseRule(models.Model):
    """One line of "if the answer says … then": the first that fits decides, before the HTTP status does."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    credential = models.ForeignKey(ApiCredential, on_delete=models.CASCADE, related_name="response_rules")
    statuses = models.CharField("HTTP status", max_length=100, blank=True)
    path = models.CharField("Where", max_length=500, blank=True)
    test = models.CharField("Test", max_length=16, choices=Test.choices, default=Test.ANY_OF)
    values = models.TextField("Values", blank=True)
    outcome = models.CharField("Outcome", max_length=16, choices=RULE_OUTCOMES, default=Outcome.FAILED.value)
    failure = models.CharField("Failure class", max_length=20, blank=True, choices=FAILURES)
    again_without = models.CharField("Send again without", max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = "response rule"
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return f"{self.statuses or 'any status'}: {self.outcome}"


class ProviderCode(models.Model):
    """An error code of a provider and what it means in our words; blank: nobody has said so yet."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    scope = models.CharField(max_length=60, editable=False)
    code = models.CharField("Code", max_length=100, editable=False)
    sample = models.CharField("The provider's words", max_length=500, blank=True, editable=False)
    failure = models.CharField("Means", max_length=20, blank=True, choices=FAILURES)
    seen = models.PositiveIntegerField("Seen", default=1, editable=False)
    first_seen_at = models.DateTimeField("First seen", auto_now_add=True)
    last_seen_at = models.DateTimeField("Last seen", default=timezone.now, editable=False)

    class Meta:
        verbose_name = "provider code"
        ordering = ["-last_seen_at"]
        constraints = [models.UniqueConstraint(fields=["scope", "code"], name="credentials_code_once")]

    def __str__(self) -> str:
        return self.code


class CallbackEndpoint(models.Model):
    """An unguessable URL under which a credential's provider reaches us."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # A webhook protects its endpoint and so the credential; an endpoint without one goes along.
    credential = models.ForeignKey(ApiCredential, on_delete=models.CASCADE, related_name="endpoints")
    token = EncryptedTextField()
    token_digest = models.CharField(max_length=64, unique=True)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    rotated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return f"Callback URL {self.id}"
