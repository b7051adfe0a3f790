"""How a webhook's callbacks are verified, as columns: `VerificationSpec` with the prefix verify_."""

from __future__ import annotations

from dataclasses import fields
from typing import Final

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from webhooks.verification.hmac_header import ALGORITHMS, ENCODINGS, SECRET_ENCODINGS
from webhooks.verification.registry import scheme_choices
from webhooks.verification.signed_jwt import COVERS
from webhooks.verification.spec import TOLERANCE, VerificationSpec
from webhooks.verification.token import PLACES

PREFIX: Final = "verify_"


class Verified(models.Model):
    """The settings; a blank text is the scheme's own default."""

    verify_scheme = models.CharField(
        "Verify callbacks by", max_length=16, choices=scheme_choices, default="none"
    )
    verify_header = models.CharField("Header", max_length=100, blank=True)
    verify_prefix = models.CharField("Before the signature", max_length=50, blank=True)
    verify_username = models.CharField("User name", max_length=200, blank=True)
    verify_place = models.CharField(
        "Token stands", max_length=8, choices=list(PLACES.items()), default="query"
    )
    verify_parameter = models.CharField("Name of the token", max_length=200, blank=True)
    verify_algorithm = models.CharField(
        "Algorithm", max_length=8, choices=list(ALGORITHMS.items()), default="sha256"
    )
    verify_encoding = models.CharField(
        "Signature is written as", max_length=10, choices=list(ENCODINGS.items()), default="hex"
    )
    verify_secret_encoding = models.CharField(
        "Secret is written as", max_length=8, choices=list(SECRET_ENCODINGS.items()), default="text"
    )
    verify_signed = models.TextField("Signed text", max_length=1000, blank=True)
    verify_timestamp_header = models.CharField("Header with the time", max_length=100, blank=True)
    verify_nonce_header = models.CharField("Header with the nonce", max_length=100, blank=True)
    verify_tolerance = models.PositiveIntegerField(
        "Oldest signature (seconds)",
        default=TOLERANCE,
        validators=[MinValueValidator(1), MaxValueValidator(86_400)],
    )
    verify_issuer = models.CharField("Issuer", max_length=100, blank=True)
    verify_covers = models.CharField(
        "Digests cover", max_length=16, choices=list(COVERS.items()), default="url_body"
    )
    verify_addresses = models.TextField("Allowed addresses", max_length=4000, blank=True)
    verify_url = models.CharField("URL as the provider signs it", max_length=1000, blank=True)

    class Meta:
        abstract = True

    @property
    def verification(self) -> VerificationSpec:
        """The settings as the pure schemes take them."""
        return VerificationSpec(**{name.removeprefix(PREFIX): getattr(self, name) for name in VERIFY_FIELDS})


VERIFY_FIELDS: Final = tuple(f"{PREFIX}{item.name}" for item in fields(VerificationSpec))
