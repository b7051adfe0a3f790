"""Profiles as samples: those searched for, those chosen."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.conf import settings

from campaigns.authoring.samples import MOST_SAMPLES, Sample
from core.numbers import mask_number, search_forms
from profiles.holding import named, owners_of
from profiles.models import Profile

_MOST_FOUND = 5
_MOST_UNCHOSEN = 3


def find_profiles(term: str) -> list[Profile]:
    """Profiles with that number (any of theirs, in any form) or external id; the newest few for a blank term."""
    wanted = term.strip()
    if not wanted:
        return list(Profile.objects.order_by("-id")[:_MOST_FOUND])
    if "\0" in wanted:
        return []
    forms = search_forms(wanted, default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY)
    ids = [*owners_of(forms).values(), *named([wanted])]
    return list(Profile.objects.filter(pk__in=ids)[:_MOST_FOUND])


def label_of(profile: Profile) -> str:
    """How a profile is called on screen: its external id, and its number in part."""
    number = mask_number(profile.msisdn)
    return f"{profile.external_id} ({number})" if profile.external_id else number


def samples_of(ids: Iterable[str]) -> tuple[Sample, ...]:
    """The profiles with these ids, at most 30, in their order; those that are gone are left out."""
    wanted = [found for found in map(_uuid, ids) if found][:MOST_SAMPLES]
    by_id = Profile.objects.in_bulk(wanted)
    return tuple(_sample(by_id[one]) for one in wanted if one in by_id)


def newest_samples() -> tuple[Sample, ...]:
    """The newest few profiles, for a preview for which nobody is chosen."""
    return tuple(_sample(profile) for profile in Profile.objects.order_by("-id")[:_MOST_UNCHOSEN])


def _sample(profile: Profile) -> Sample:
    return Sample(label_of(profile), profile.msisdn, profile.language, profile.attributes)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except (ValueError, AttributeError, TypeError):
        return None
