"""Which column means what in the exports people bring; a new one is one more entry.

Names are compared without case, blanks, dashes and underscores. Sources: Twilio's Consent Management API
(twilio.com/docs/messaging/features/consent-api: contact_id, sender_id, status, source, date_of_consent) and Braze's
CSV columns for subscription groups (braze.com/docs, "CSV import": phone, subscription_group_id, subscription_state).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

# What a column can stand for, in the order of the form.
FIELDS: dict[str, str] = {
    "number": "Number",
    "state": "State",
    "scope": "Sender",
    "purpose": "Purpose",
    "time": "Time",
    "source": "Collected through",
    "keyword": "Keyword",
}


@dataclass(frozen=True)
class Preset:
    """The columns of one kind of file: for each field the names it may have, the likeliest first."""

    label: str
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    state: str = ""
    """What every row says when no column does: "in" or "out"."""


PRESETS: dict[str, Preset] = {
    "twilio": Preset(
        "Twilio opt-outs",
        {
            "number": ("contact_id", "To", "Phone Number"),
            "state": ("status", "Consent Status", "OptOutType"),
            "scope": ("sender_id", "From"),
            "time": ("date_of_consent", "Date", "DateSent"),
            "source": ("source",),
            "keyword": ("Body", "Keyword"),
        },
        state="out",
    ),
    "braze": Preset(
        "Braze subscription groups",
        {
            "number": ("phone", "Phone Number"),
            "state": ("subscription_state", "subscription_status", "Subscription State"),
            "time": ("time", "subscription_group_updated_at", "unsubscribed_at"),
            "source": ("source", "channel"),
        },
        state="out",
    ),
    "own": Preset(
        "smsgateway export",
        {
            "number": ("number",),
            "state": ("state", "event"),
            "scope": ("scope",),
            "purpose": ("purpose",),
            "time": ("since", "occurred_at"),
            "source": ("source",),
            "keyword": ("keyword",),
        },
    ),
    "other": Preset(
        "Another file",
        {
            "number": (
                "number", "phone number", "phone", "mobile", "msisdn", "mobile number", "recipient", "to",
                "telephone", "contact",
            ),
            "state": (
                "state", "status", "consent", "opted out", "opt out", "optout", "unsubscribed", "opted in",
                "opt in", "subscribed", "subscription",
            ),
            "scope": ("scope", "sender", "from"),
            "purpose": ("purpose", "type", "category"),
            "time": (
                "time", "date", "timestamp", "opted out at", "opted in at", "unsubscribed at", "created at",
                "updated at", "consented at",
            ),
            "source": ("source", "channel", "collected through", "method"),
            "keyword": ("keyword", "text", "body", "message"),
        },
    ),
}  # fmt: skip


def guess_preset(columns: Sequence[str]) -> str:
    """The preset that fits the column names: one of a product only when number and state are named its way."""
    have = {_bare(name) for name in columns}
    for key, preset in PRESETS.items():
        first = [_bare(preset.columns[name][0]) for name in ("number", "state")]
        if key != "other" and have.issuperset(first):
            return key
    return "other"


def guess_columns(columns: Sequence[str], preset: Preset) -> dict[str, int]:
    """Field -> column index, as the preset knows the names; a column stands for one field only."""
    bare = [_bare(name) for name in columns]
    found: dict[str, int] = {}
    for name in FIELDS:
        for wanted in preset.columns.get(name, ()):
            index = next((i for i, have in enumerate(bare) if have == _bare(wanted)), None)
            if index is not None and index not in found.values():
                found[name] = index
                break
    return found


def _bare(name: str) -> str:
    return re.sub(r"[\s_\-.]+", "", name.casefold())
