"""What is limited and how far: looked up once a second and process; a credential without limits costs nothing more."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.brief import BriefMemory
from credentials.models import ApiCredential
from messaging.models import SenderLimit


@dataclass(frozen=True)
class Rules:
    """The limits of one credential; None: no such limit. `senders`: sender -> messages per second."""

    messages: float | None = None
    segments: float | None = None
    at_once: int | None = None
    senders: Mapping[str, float] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.messages or self.segments or self.at_once or self.senders)


def _load(credential_id: uuid.UUID) -> Rules:
    columns = ("messages_per_second", "segments_per_second", "at_once")
    row = ApiCredential.objects.filter(pk=credential_id).values_list(*columns).first()
    senders = SenderLimit.objects.filter(credential_id=credential_id)
    messages, segments, at_once = row or (None, None, None)
    return Rules(messages, segments, at_once, dict(senders.values_list("sender", "messages_per_second")))


_memory: BriefMemory[uuid.UUID, Rules] = BriefMemory(_load)
forget = _memory.forget


def rules_of(credential_id: uuid.UUID) -> Rules:
    """The limits as they were up to a second ago."""
    found = _memory.get(credential_id)
    assert found is not None  # _load always gives some
    return found
