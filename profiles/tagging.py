"""Setting an attribute of a recipient's profile."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction

from core.errors import RequestInvalid
from profiles.attributes import check_attributes
from profiles.models import Profile


@transaction.atomic
def set_attribute(*, msisdn: str, name: str, value: str) -> None:
    """Set one attribute, in a profile that is made if there is none; RequestInvalid when it cannot be stored."""
    Profile.objects.bulk_create([Profile(msisdn=msisdn)], ignore_conflicts=True)
    profile = Profile.objects.select_for_update().get(msisdn=msisdn)
    attributes = {**profile.attributes, name: value}
    try:
        check_attributes(attributes)
    except ValidationError as error:
        raise RequestInvalid(" ".join(error.messages), param="attribute") from error
    profile.attributes = attributes
    profile.save(update_fields=["attributes", "updated_at"])
