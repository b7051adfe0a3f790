"""The profiles of an audience."""

from __future__ import annotations

from django.db.models import QuerySet

from campaigns.models import Audience, AudienceKind, AudienceMember
from profiles.models import Profile


def profiles_in(audience: Audience) -> QuerySet[Profile]:
    """Its profiles, to be read page by page in the order of their ids."""
    if audience.kind == AudienceKind.STATIC:
        members = AudienceMember.objects.filter(audience=audience)
        return Profile.objects.filter(id__in=members.values("profile_id"))
    return Profile.objects.all()
