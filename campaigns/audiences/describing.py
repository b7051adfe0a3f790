"""A filter in words, as a sentence an operator can check. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.text import capfirst

from campaigns.audiences.checking import look_at
from campaigns.audiences.fields import ATTRIBUTES, OPERATORS, Takes
from campaigns.audiences.tree import Condition, Group, Negation, Node

EVERYBODY = "All profiles"
_MOST_LISTED = 6
_CONSENT = {
    ("is", "opted_in"): "opted in to marketing",
    ("is_not", "opted_in"): "not opted in to marketing",
    ("is", "not_refused"): "has not refused marketing",
    ("is_not", "not_refused"): "has refused marketing",
    ("is", "refused"): "has refused marketing",
    ("is_not", "refused"): "has not refused marketing",
    ("is", "no_choice"): "nothing on record about marketing",
    ("is_not", "no_choice"): "has a choice about marketing on record",
}
_SUPPRESSED = {"is_true": "on the suppression list", "is_false": "not on the suppression list"}
_MESSAGES = {
    "sent": "was sent a {purpose}message",
    "not_sent": "was not sent any {purpose}message",
    "delivered": "received a {purpose}message",
    "not_delivered": "received no {purpose}message",
}
_CLICKS = {"clicked": "clicked {link}", "not_clicked": "did not click {link}"}
_DAYS = {
    "in_last_days": "is in the last {days}",
    "not_in_last_days": "is not in the last {days}",
    "in_next_days": "is in the next {days}",
}
_LABELS = {
    "country": "country", "language": "language", "time_zone": "time zone", "external_id": "external ID",
    "created": "creation of the profile", "updated": "last change of the profile",
}  # fmt: skip


def describe(source: Any, names: Mapping[str, str] | None = None) -> str:
    """The filter (JSON) in words; `names` of channels, campaigns and links by id."""
    node, problems = look_at(source)
    return "A filter that cannot be read" if problems else describe_node(node, names or {})


def describe_node(node: Node, names: Mapping[str, str]) -> str:
    """A filter that was read, in words."""
    return capfirst(_words(node, names, inside=False)) or EVERYBODY


def _words(node: Node, names: Mapping[str, str], *, inside: bool) -> str:
    match node:
        case Condition():
            return _WORDS.get(node.field, _compared)(node, names)
        case Negation():
            return f"not ({_words(node.child, names, inside=False)})"
        case Group():
            parts = [_words(child, names, inside=len(node.children) > 1) for child in node.children]
            joined = (" or " if node.is_any else " and ").join(parts)
            return f"({joined})" if inside and len(parts) > 1 else joined


def _compared(condition: Condition, names: Mapping[str, str]) -> str:
    """A field beside a value."""
    name = ".".join(condition.path) if condition.field == ATTRIBUTES else _LABELS[condition.field]
    operator = OPERATORS[condition.op]
    if condition.op in _DAYS:
        return f"{name} {_DAYS[condition.op].format(days=_days(condition.value))}"
    if operator.takes is Takes.NOTHING:
        return f"{name} {operator.label}"
    return f"{name} {operator.label} {_value(condition.value)}"


def _consent(condition: Condition, names: Mapping[str, str]) -> str:
    return _CONSENT[condition.op, condition.value]


def _suppressed(condition: Condition, names: Mapping[str, str]) -> str:
    return _SUPPRESSED[condition.op]


def _messages(condition: Condition, names: Mapping[str, str]) -> str:
    purpose = condition.options.get("purpose", "")
    words = _MESSAGES[condition.op].format(purpose=f"{purpose} " if purpose else "")
    return words + _source(condition, names)


def _clicks(condition: Condition, names: Mapping[str, str]) -> str:
    link = condition.options.get("link")
    shown = (
        f"the link {_named(link, names)}" if link else "a link" if condition.op == "clicked" else "any link"
    )
    return _CLICKS[condition.op].format(link=shown) + _source(condition, names)


def _source(condition: Condition, names: Mapping[str, str]) -> str:
    """Of which campaign and channel, and since when."""
    options = condition.options
    campaign = f" of the campaign {_named(options['campaign'], names)}" if "campaign" in options else ""
    channel = f" through {_named(options['channel'], names)}" if "channel" in options else ""
    days = f" in the last {_days(options['days'])}" if "days" in options else ""
    return campaign + channel + days


def _named(key: str, names: Mapping[str, str]) -> str:
    return f"“{names.get(key, key)}”"


def _days(number: int) -> str:
    return "day" if number == 1 else f"{number:,} days"


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        shown = ", ".join(_value(item) for item in value[:_MOST_LISTED])
        return shown + (f" and {len(value) - _MOST_LISTED:,} more" if len(value) > _MOST_LISTED else "")
    return (
        f"“{value}”"
        if isinstance(value, str)
        else str(value).lower()
        if isinstance(value, bool)
        else f"{value}"
    )


_WORDS: dict[str, Callable[[Condition, Mapping[str, str]], str]] = {
    "consent": _consent,
    "suppressed": _suppressed,
    "messages": _messages,
    "clicks": _clicks,
}
