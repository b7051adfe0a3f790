"""What a filter may ask about, and how: the fields, their operators, and what each operator takes. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Takes(StrEnum):
    """What stands under "value" in a condition."""

    NOTHING = "nothing"
    TEXT = "text"
    TEXTS = "texts"
    NUMBER = "number"
    DATE = "date"
    DAYS = "days"


@dataclass(frozen=True)
class Operator:
    """A way to compare; `negates` names the operator that it turns round."""

    label: str
    takes: Takes = Takes.NOTHING
    negates: str = ""


@dataclass(frozen=True)
class Field:
    """Something known about a profile; `options` narrow the condition down, `choices` are its only values."""

    label: str
    operators: tuple[str, ...]
    choices: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()


OPERATORS: dict[str, Operator] = {
    "is": Operator("is", Takes.TEXT),
    "is_not": Operator("is not", Takes.TEXT, negates="is"),
    "one_of": Operator("is one of", Takes.TEXTS),
    "none_of": Operator("is none of", Takes.TEXTS, negates="one_of"),
    "contains": Operator("contains the text", Takes.TEXT),
    "starts_with": Operator("starts with", Takes.TEXT),
    "has": Operator("is a list with", Takes.TEXT),
    "has_not": Operator("is not a list with", Takes.TEXT, negates="has"),
    "more_than": Operator("is more than", Takes.NUMBER),
    "at_least": Operator("is at least", Takes.NUMBER),
    "less_than": Operator("is less than", Takes.NUMBER),
    "at_most": Operator("is at most", Takes.NUMBER),
    "is_true": Operator("is yes"),
    "is_false": Operator("is no"),
    "before": Operator("is before", Takes.DATE),
    "after": Operator("is after", Takes.DATE),
    "in_last_days": Operator("is in the last … days", Takes.DAYS),
    "not_in_last_days": Operator("is not in the last … days", Takes.DAYS, negates="in_last_days"),
    "in_next_days": Operator("is in the next … days", Takes.DAYS),
    "is_set": Operator("is filled in"),
    "is_not_set": Operator("is not filled in", negates="is_set"),
    "sent": Operator("were sent"),
    "not_sent": Operator("were not sent", negates="sent"),
    "delivered": Operator("were delivered"),
    "not_delivered": Operator("were not delivered", negates="delivered"),
    "clicked": Operator("happened"),
    "not_clicked": Operator("did not happen", negates="clicked"),
}

ATTRIBUTES = "attributes"
ATTRIBUTE = Field(
    "Attribute",
    (
        "is", "is_not", "one_of", "none_of", "contains", "starts_with", "has", "has_not", "more_than", "at_least",
        "less_than", "at_most", "is_true", "is_false", "before", "after", "in_last_days", "not_in_last_days",
        "in_next_days", "is_set", "is_not_set",
    ),
)  # fmt: skip
_PLAIN = ("is", "is_not", "one_of", "none_of", "is_set", "is_not_set")
_MOMENT = ("in_last_days", "not_in_last_days", "before", "after")

FIELDS: dict[str, Field] = {
    "country": Field("Country of the number", ("is", "is_not", "one_of", "none_of")),
    "language": Field("Language", _PLAIN),
    "time_zone": Field("Time zone", _PLAIN),
    "external_id": Field("External ID", ("starts_with", "one_of", "none_of", "is_set", "is_not_set")),
    "created": Field("Profile created", _MOMENT),
    "updated": Field("Profile changed", _MOMENT),
    "consent": Field(
        "Consent to marketing",
        ("is", "is_not"),
        choices={
            "opted_in": "opted in",
            "not_refused": "not refused",
            "refused": "refused",
            "no_choice": "nothing on record",
        },
    ),
    "suppressed": Field("On the suppression list", ("is_true", "is_false")),
    "messages": Field(
        "Messages",
        ("sent", "not_sent", "delivered", "not_delivered"),
        options=("days", "channel", "campaign", "purpose"),
    ),
    "clicks": Field("Clicks", ("clicked", "not_clicked"), options=("days", "link", "channel", "campaign")),
}

# Options of a condition: what they take. The ids are those of rows; "purpose" is one of PURPOSES.
OPTIONS: dict[str, str] = {
    "days": "In the last … days",
    "channel": "Channel",
    "campaign": "Campaign",
    "link": "Link",
    "purpose": "Purpose",
}
PURPOSES: dict[str, str] = {"marketing": "marketing", "transactional": "transactional"}
