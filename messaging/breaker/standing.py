"""Which breakers are not at rest: one small query a second and process, whoever asks and how often."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from django.db.models import Q
from django.db.models.functions import Now

from core.brief import BriefMemory
from messaging.models import Breaker, BreakerState


@dataclass(frozen=True, slots=True)
class Standing:
    """A breaker with something to say, as it was up to a second ago."""

    state: BreakerState
    failures: int
    may_probe: bool


Standings: TypeAlias = MappingProxyType[uuid.UUID, Standing]


def _load(_: str) -> Standings:
    rows = (
        Breaker.objects.filter(~Q(state=BreakerState.CLOSED) | Q(failures__gt=0))
        .annotate(is_due=Q(probe_at__lte=Now()))
        .values_list("credential_id", "state", "failures", "is_due")
    )
    return MappingProxyType({row[0]: Standing(BreakerState(row[1]), row[2], bool(row[3])) for row in rows})


_memory: BriefMemory[str, Standings] = BriefMemory(_load)
forget = _memory.forget


def standings() -> Standings:
    """Breakers that are not closed or have counted a failure."""
    found = _memory.get("")
    assert found is not None  # _load always finds something
    return found


def open_credentials() -> frozenset[uuid.UUID]:
    """Credentials whose provider does not answer: nothing is claimed for them, but for one probe at a time."""
    found = standings()
    return frozenset(key for key, standing in found.items() if standing.state != BreakerState.CLOSED)
