"""Rows that were made in some time, found by the ids that sort by it: no index on `created_at` is needed."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from core.ids import ID_MAY_BE_OFF, first_id_at


def made_between(since: datetime, until: datetime | None = None) -> Q:
    """Rows with an id of `uuid7` and a `created_at` from `since` on, to `until` where it is given."""
    found = Q(created_at__gte=since, id__gte=first_id_at(since - ID_MAY_BE_OFF))
    if until is not None:
        found &= Q(created_at__lte=until, id__lte=first_id_at(until + ID_MAY_BE_OFF))
    return found
