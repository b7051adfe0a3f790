"""Webhooks as operators fill them in, and everything that came in through them."""

from __future__ import annotations

import base64

from django.db import models
from django.utils import timezone

from core.fields import EncryptedTextField
from core.ids import uuid7
from credentials.models import ApiCredential, CallbackEndpoint
from credentials.vendors import vendor_choices
from messaging.models import Message
from webhooks.keywords import Intent
from webhooks.models.verified import Verified


class WebhookKind(models.TextChoices):
    """What the provider sends to this URL."""

    BOTH = "both", "Inbound and feedback"
    INBOUND = "inbound", "Inbound"
    FEEDBACK = "feedback", "Feedback"


class OptOutScope(models.TextChoices):
    """Whose messages an opt-out stops."""

    ALL = "all", "All senders"
    SENDER = "sender", "Only the number the person wrote to"


class OptOutPurpose(models.TextChoices):
    """Which messages an opt-out stops; requested one-time codes always pass."""

    ALL = "all", "Marketing and transactional"
    MARKETING = "marketing", "Marketing only"


class RequestState(models.TextChoices):
    """What became of a callback."""

    RECEIVED = "received", "Received, not processed"
    PROCESSED = "processed", "Processed"
    QUARANTINED = "quarantined", "Quarantined"
    IGNORED = "ignored", "Nothing in it"


INTENTS = [
    (Intent.OPT_IN.value, "Opt-in"),
    (Intent.OPT_OUT.value, "Opt-out"),
    (Intent.HELP.value, "Help"),
    (Intent.DOUBLE_OPT_IN.value, "Double opt-in"),
    (Intent.CUSTOM.value, "Custom keyword"),
    (Intent.POSSIBLE_OPT_OUT.value, "Possible opt-out"),
    (Intent.NONE.value, "No keyword"),
]


class Webhook(Verified):
    """How a credential's callbacks are read and answered; its URL is the endpoint's."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    endpoint = models.OneToOneField(
        CallbackEndpoint, on_delete=models.PROTECT, related_name="webhook", editable=False
    )
    name = models.CharField("Name", max_length=100, unique=True)
    vendor = models.CharField("Select SMS vendor", max_length=32, choices=vendor_choices, default="custom")
    kind = models.CharField("Type", max_length=10, choices=WebhookKind, default=WebhookKind.BOTH)
    brand = models.CharField("Brand name", max_length=60, blank=True)
    help_contact = models.CharField("Help contact", max_length=120, blank=True)
    opt_in_keywords = models.TextField("Opt-in Keywords", blank=True)
    opt_in_message = models.TextField("Opt-in Message", blank=True)
    opt_out_keywords = models.TextField("Opt-out Keywords", blank=True)
    opt_out_message = models.TextField("Opt-out Message", blank=True)
    help_keywords = models.TextField("Help Keywords", blank=True)
    help_message = models.TextField("Help Message", blank=True)
    double_opt_in_keywords = models.TextField("Double Opt-in Keywords", blank=True)
    double_opt_in_message = models.TextField("Double Opt-in Message", blank=True)
    default_reply = models.TextField("Default Reply Message", blank=True)
    honour_required = models.BooleanField("Always honour required words", default=True)
    fuzzy_reply = models.BooleanField("Ask when an opt-out is unclear", default=False)
    fuzzy_message = models.TextField("Fuzzy Auto Response", blank=True)
    opt_out_scope = models.CharField(
        "An opt-out stops", max_length=10, choices=OptOutScope, default=OptOutScope.ALL
    )
    opt_out_purpose = models.CharField(
        "and these messages", max_length=10, choices=OptOutPurpose, default=OptOutPurpose.ALL
    )
    inbound_mapping = models.TextField("Inbound message payload", blank=True)
    report_mapping = models.TextField("Delivery report payload", blank=True)
    lookup_mapping = models.TextField("Status look-up answer", blank=True)
    status_map = models.TextField("Status words", blank=True)
    # The sections of webhooks.spec.WebhookSpec that are the operator's own; one left out is the vendor preset's.
    mapping = models.JSONField("Mapping", default=dict, blank=True)
    # Listening: callbacks that come in this time are kept as samples, at most so many.
    listening_since = models.DateTimeField(null=True, editable=False)
    listening_until = models.DateTimeField(null=True, editable=False)
    listening_most = models.PositiveSmallIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "SMS webhook"
        verbose_name_plural = "SMS Webhooks"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def credential(self) -> ApiCredential:
        """The credential whose callbacks these are."""
        return self.endpoint.credential

    @property
    def enabled(self) -> bool:
        """Whether its URL answers."""
        return self.endpoint.enabled


class InboundRequest(models.Model):
    """One callback as it came, sealed; `body_is_base64` where the bytes were no UTF-8 text.

    `number_key` and `id_key` are keyed hashes of the number and the provider's id in it (of the first event, where
    it brought several): it can be found by them while it stays sealed.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    webhook = models.ForeignKey(
        Webhook, null=True, on_delete=models.SET_NULL, related_name="requests", db_index=False
    )
    received_at = models.DateTimeField("Received", default=timezone.now)
    method = models.CharField("Method", max_length=8)
    content_type = models.CharField("Content type", max_length=100, blank=True)
    query = EncryptedTextField("Query", blank=True)
    body = EncryptedTextField("Body", blank=True)
    body_is_base64 = models.BooleanField(default=False)
    headers = models.JSONField("Headers", default=dict)
    role = models.CharField("URL ends with", max_length=50, blank=True)
    number_key = models.CharField(max_length=32, blank=True)
    id_key = models.CharField(max_length=32, blank=True)
    state = models.CharField("State", max_length=12, choices=RequestState, default=RequestState.RECEIVED)
    reason = models.CharField("Reason", max_length=500, blank=True)

    class Meta:
        verbose_name = "raw callback"
        ordering = ["-received_at"]
        indexes = [
            models.Index(fields=["webhook", "received_at"], name="callback_webhook"),
            models.Index(fields=["received_at"], name="callback_received"),
            models.Index(
                fields=["state", "received_at"],
                name="callback_attention",
                condition=models.Q(
                    state__in=[RequestState.QUARANTINED, RequestState.RECEIVED, RequestState.IGNORED]
                ),
            ),
            models.Index(fields=["number_key"], name="callback_number", condition=~models.Q(number_key="")),
            models.Index(fields=["id_key"], name="callback_id", condition=~models.Q(id_key="")),
        ]

    def __str__(self) -> str:
        return f"Callback {self.received_at:%Y-%m-%d %H:%M:%S}"

    @property
    def raw_body(self) -> bytes:
        """The bytes as they came."""
        return base64.b64decode(self.body) if self.body_is_base64 else self.body.encode()

    def keep_body(self, body: bytes) -> None:
        """Keep the bytes: as text where they are UTF-8, else in base64."""
        try:
            self.body, self.body_is_base64 = body.decode(), False
        except UnicodeDecodeError:
            self.body, self.body_is_base64 = base64.b64encode(body).decode("ascii"), True


class InboundRequestKey(models.Model):
    """Number and provider's id, hashed, of one more event in a callback that brought several."""

    request = models.ForeignKey(InboundRequest, on_delete=models.CASCADE, related_name="keys")
    number_key = models.CharField(max_length=32, blank=True)
    id_key = models.CharField(max_length=32, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["number_key"], name="further_number", condition=~models.Q(number_key="")),
            models.Index(fields=["id_key"], name="further_id", condition=~models.Q(id_key="")),
        ]

    def __str__(self) -> str:
        return f"Key of {self.request_id}"


class InboundMessage(models.Model):
    """A message from a person (MO); `recipient` is the number of ours it was sent to."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    webhook = models.ForeignKey(
        Webhook, null=True, on_delete=models.SET_NULL, related_name="messages", db_index=False
    )
    request = models.ForeignKey(InboundRequest, null=True, on_delete=models.SET_NULL, related_name="messages")
    dedupe_key = models.CharField(max_length=300)
    provider_message_id = models.CharField("Provider's id", max_length=255, blank=True)
    msisdn = models.CharField("From", max_length=16)
    recipient = models.CharField("To", max_length=255, blank=True)
    text = models.TextField("Text", blank=True)
    intent = models.CharField("Read as", max_length=20, choices=INTENTS, blank=True)
    keyword = models.CharField("Keyword", max_length=100, blank=True)
    category = models.CharField("Custom keyword", max_length=60, blank=True)
    occurred_at = models.DateTimeField("Written", null=True)
    received_at = models.DateTimeField("Received", default=timezone.now)
    reply = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = "inbound message"
        ordering = ["-received_at"]
        constraints = [models.UniqueConstraint(fields=["webhook", "dedupe_key"], name="inbound_message_once")]
        indexes = [
            models.Index(fields=["msisdn", "received_at"], name="inbound_number"),
            models.Index(fields=["received_at"], name="inbound_received"),
            models.Index(
                fields=["intent", "received_at"],
                name="inbound_intent",
                condition=~models.Q(intent=Intent.NONE.value),
            ),
        ]

    def __str__(self) -> str:
        return f"Message from {self.msisdn}"
