"""What may be sent to an audience: its members by their consent, in one question."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count as CountOf
from django.db.models import Q, QuerySet

from campaigns.audiences.conditions import consent_is, suppressed
from campaigns.audiences.counting import Count, sampled, within
from profiles.models import Profile

_SECONDS = 1.0
_PARTS: tuple[tuple[str, str, str], ...] = (
    ("opted_in", "Opted in to marketing", "good"),
    ("no_choice", "Nothing on record", "warn"),
    ("refused", "Refused marketing", "bad"),
)
_SUPPRESSED = ("suppressed", "On the suppression list", "bad")


@dataclass(frozen=True)
class Part:
    """Some of the members: what they have in common, how it is shown, and how many they are."""

    key: str
    label: str
    tone: str
    count: Count


def breakdown_of(rows: QuerySet[Profile]) -> list[Part]:
    """Members by consent, and how many are on the suppression list besides; from a sample where counting is slow."""
    conditions = {key: consent_is(key) for key, _, _ in _PARTS} | {"suppressed": suppressed()}
    return [
        Part(key, label, tone, count)
        for (key, label, tone), count in zip((*_PARTS, _SUPPRESSED), _counts(rows, conditions), strict=True)
    ]


def _counts(rows: QuerySet[Profile], conditions: dict[str, Q]) -> list[Count]:
    asked = {f"n_{key}": CountOf("pk", filter=condition) for key, condition in conditions.items()}
    exact = within(_SECONDS, lambda: rows.order_by().aggregate(**asked))
    if exact is not None:
        return [Count(exact[name]) for name in asked]
    some, factor = sampled(rows)
    about = some.aggregate(**asked)
    return [Count.about(about[name], factor) for name in asked]
