"""Recipients and what templates may say about them."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from core.ids import uuid7
from core.numbers import mask_number
from profiles.attributes import check_attributes, check_language, check_time_zone
from profiles.hashing import NumberHashField
from profiles.importing.models import ProfileImport as ProfileImport
from profiles.importing.models import ProfileImportBatch as ProfileImportBatch


class Profile(models.Model):
    """A recipient; `msisdn` is the preferred number, `attributes` are what templates call {{profile.<name>}}."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    msisdn = models.CharField("number", max_length=16, unique=True, help_text="Stored as +14155550123.")
    external_id = models.CharField(
        "external ID", max_length=100, blank=True, help_text="The recipient's id in your own system."
    )
    attributes = models.JSONField(
        default=dict,
        blank=True,
        validators=[check_attributes],
        help_text='A JSON object, for example {"firstName": "Ada"}; templates write {{profile.firstName}}.',
    )
    language = models.CharField(
        max_length=35, blank=True, validators=[check_language], help_text="For example en or pt-BR."
    )
    time_zone = models.CharField(
        max_length=64, blank=True, validators=[check_time_zone], help_text="For example Europe/Berlin."
    )
    # What the consent ledger knows the number by: audiences ask by consent. Blank: not filled in yet.
    number_hash = NumberHashField(max_length=64, blank=True, default="", db_default="", editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("-id",)  # ids sort by time: newest first without another index
        permissions = [("export_profile", "Can export profiles")]
        constraints = [
            models.UniqueConstraint(
                fields=("external_id",),
                condition=~models.Q(external_id=""),
                name="profiles_external_id_once",
                violation_error_message="Another profile has this external ID.",
            )
        ]
        indexes = [
            models.Index(fields=("id",), name="profiles_hash_missing", condition=models.Q(number_hash=""))
        ]

    def __str__(self) -> str:
        return mask_number(self.msisdn)


class OtherNumber(models.Model):
    """A further number of a profile. A number belongs to one profile, here or as its preferred one: see `holding`."""

    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="other_numbers")
    msisdn = models.CharField("number", max_length=16, unique=True)

    class Meta:
        verbose_name = "other number"
        ordering = ("id",)

    def __str__(self) -> str:
        return mask_number(self.msisdn)
