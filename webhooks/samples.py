"""Each vendor's callbacks by example, used until an operator writes others: what the presets say. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from credentials.vendors import CUSTOM, preset_of

_KINDS: Final = ("inbound", "report", "lookup")
_NOTHING: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Samples:
    """One inbound message and one delivery report, with {{variables}} where values stand.

    `lookup`: an answer of the status look-up, "" where it is read like a report or there is none.
    """

    inbound: str
    report: str
    lookup: str = ""


@cache
def samples_of(vendor: str) -> Samples:
    """The vendor's samples; a vendor without a webhook has the custom ones, which fit the bundled simulator."""
    table = webhook_table(vendor, _NOTHING)
    return Samples(*(str(table.get(kind, {}).get("sample", "")).strip() for kind in _KINDS))


def webhook_table(
    vendor: str, inputs: Mapping[str, Any], own: Mapping[str, Any] = _NOTHING
) -> Mapping[str, Any]:
    """The `[webhook]` table of a vendor's preset with the variants that its inputs choose.

    `own`: what the credential's own preset says instead (ApiCredential.webhook_preset).
    """
    return own or preset_of(vendor).webhook(inputs) or CUSTOM.webhook(inputs)
