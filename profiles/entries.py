"""What somebody brings about recipients, and what becomes of it; pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from core.errors import GatewayError

MOST_NUMBERS = 20


class Key(StrEnum):
    """By what a profile is recognised."""

    EXTERNAL_ID = "external_id"
    NUMBER = "number"


class Policy(StrEnum):
    """What happens to a profile that is there already."""

    UPDATE = "update"
    REPLACE = "replace"
    SKIP = "skip"


class Verdict(StrEnum):
    """What became of one entry."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Entry:
    """One recipient as brought; `numbers` in E.164, the preferred one first; None and blank: nothing is said."""

    external_id: str = ""
    numbers: tuple[str, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)
    language: str | None = None
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one entry; `error` says why it was refused."""

    verdict: Verdict
    profile_id: UUID | None = None
    error: GatewayError | None = None


def merged(value: Any, patch: Any) -> Any:
    """A JSON value with a JSON Merge Patch applied (RFC 7396): null removes, objects merge, all else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(value) if isinstance(value, dict) else {}
    for name, part in patch.items():
        if part is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), part) if isinstance(part, dict) else part
    return result
