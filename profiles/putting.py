"""Changing one profile as an application asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from profiles.entries import Entry, Key, Outcome, Policy, merged
from profiles.holding import hold_numbers
from profiles.models import Profile
from profiles.selectors import profile_of
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
    found = profile_of(external_id=external_id)
    profile = Profile.objects.select_for_update(no_key=True).get(pk=found.pk)
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
