"""Whoever has a number: their profile, made where there is none, and setting an attribute of it."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction

from core.errors import RequestInvalid
from profiles.attributes import check_attributes
from profiles.holding import hold_numbers, owners_of
from profiles.models import Profile


@transaction.atomic
def whose(msisdn: str) -> Profile:
    """The profile of whoever has the number (E.164), locked; made if there is none."""
    return _locked(msisdn) or _made(msisdn)


@transaction.atomic
def set_attribute(*, msisdn: str, name: str, value: str) -> None:
    """Set one attribute of whoever has the number, in a profile that is made if there is none.

    RequestInvalid when it cannot be stored.
    """
    profile = whose(msisdn)
    attributes = {**profile.attributes, name: value}
    try:
        check_attributes(attributes)
    except ValidationError as error:
        raise RequestInvalid(" ".join(error.messages), param="attribute") from error
    profile.attributes = attributes
    profile.save(update_fields=["attributes", "updated_at"])


def _locked(msisdn: str) -> Profile | None:
    owner = owners_of([msisdn]).get(msisdn)
    return Profile.objects.select_for_update(no_key=True).filter(pk=owner).first() if owner else None


def _made(msisdn: str) -> Profile:
    hold_numbers()
    return _locked(msisdn) or Profile.objects.create(msisdn=msisdn)
