"""What an operator fills in about a provider, the headers that go along, the URLs the provider calls back."""

from __future__ import annotations

import time
from typing import Any

from django.db import models
from django.db.models.functions import Lower

from core.fields import EncryptedTextField
from core.ids import uuid7
from credentials.auth import auth_type_choices
from credentials.vendors import vendor_choices


class KeyLocation(models.TextChoices):
    """Where an API key travels."""

    HEADER = "header", "Header"
    QUERY = "query", "Query parameter"
    BASIC = "basic", "HTTP Basic (user name and API Token)"


class TokenEncoding(models.TextChoices):
    """How an OAuth token request carries its body."""

    FORM = "form", "Form (RFC 6749)"
    JSON = "json", "JSON"


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
    auth_type = models.CharField("Auth Type", max_length=32, choices=auth_type_choices, default="api_key")

    auth_name = models.CharField("Name", max_length=100, blank=True)
    api_token = EncryptedTextField("API Token", blank=True)
    api_secret_key = EncryptedTextField("API Secret Key", blank=True)
    mac_hash_format = models.CharField(
        "Mac Authorization Hash Format", max_length=40, default="hmac-sha256:base64"
    )
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
    jwt_payload = models.TextField("JWT Payload", blank=True)
    jwt_algorithm = models.CharField("JWT algorithm", max_length=16, default="HS256")

    payload = models.TextField("Provider Payload")
    message_id_path = models.CharField("Message id path", max_length=200, blank=True)

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
