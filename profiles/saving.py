"""Changing the numbers of one profile by hand."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import transaction

from core.errors import ProfileUnknown
from profiles.holding import hold_numbers
from profiles.models import OtherNumber, Profile


@transaction.atomic
def set_other_numbers(*, profile: Profile, numbers: Collection[str]) -> None:
    """Make these (E.164) the other numbers of a profile; whose they are was looked at under `hold_numbers`."""
    wanted = set(numbers) - {profile.msisdn}
    have = set(profile.other_numbers.values_list("msisdn", flat=True))
    profile.other_numbers.exclude(msisdn__in=wanted).delete()
    OtherNumber.objects.bulk_create(
        OtherNumber(profile=profile, msisdn=msisdn) for msisdn in sorted(wanted - have)
    )


@transaction.atomic
def make_preferred(*, profile_id: UUID, number_id: int) -> Profile:
    """Messages go to this other number from now on; the one before becomes another. ProfileUnknown if it is gone."""
    hold_numbers()
    profile = Profile.objects.select_for_update(no_key=True).filter(pk=profile_id).first()
    number = OtherNumber.objects.filter(pk=number_id, profile_id=profile_id).first()
    if profile is None or number is None:
        raise ProfileUnknown("The profile has no such number any more. Look at its page again.")
    earlier, profile.msisdn = profile.msisdn, number.msisdn
    number.delete()
    profile.save(update_fields=("msisdn", "number_hash", "updated_at"))
    OtherNumber.objects.create(profile=profile, msisdn=earlier)
    return profile
