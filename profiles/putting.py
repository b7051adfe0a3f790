"""Changing one profile as an application asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from core.errors import ProfileUnknown
from profiles.entries import Entry, Key, Outcome, Policy, merged
from profiles.holding import hold_numbers, named
from profiles.models import Profile
from profiles.upserting import others_of, upsert_many


def put(entry: Entry) -> Outcome:
    """Make or replace the profile with the entry's external ID; the error of what cannot be stored is raised."""
    (outcome,) = upsert_many([entry], key=Key.EXTERNAL_ID, policy=Policy.REPLACE)
    if outcome.error is not None:
        raise outcome.error
    return outcome


@transaction.atomic
def patch(*, external_id: str, changes: Mapping[str, Any]) -> Outcome:
    """Change what `changes` names, by JSON Merge Patch (RFC 7396); numbers in E.164. ProfileUnknown without one."""
    hold_numbers()
    rows = Profile.objects.select_for_update(no_key=True).filter(pk__in=named([external_id]))
    profile = rows.first()
    if profile is None:
        raise ProfileUnknown("No profile has this external ID.", param="external_id")
    others = changes["other_numbers"] if "other_numbers" in changes else others_of([profile.pk])[profile.pk]
    return put(
        Entry(
            external_id=external_id,
            numbers=(changes.get("number", profile.msisdn), *(others or ())),
            attributes=merged(profile.attributes, changes.get("attributes", {})) or {},
            language=changes.get("language", profile.language),
            time_zone=changes.get("time_zone", profile.time_zone),
        )
    )
