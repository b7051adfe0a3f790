"""Conditions as parts of the one query over profiles. Each says yes or no, never NULL: "not" turns it round."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from campaigns.audiences.countries import numbers_of
from campaigns.audiences.expressions import (
    AttributeContains,
    AttributeDate,
    AttributeHas,
    AttributeIs,
    AttributeIsSet,
    AttributeNumber,
    as_json_may_have,
)
from campaigns.audiences.tree import Condition
from campaigns.models import Recipient
from consent.models import ConsentState, Standing, Suppression
from consent.suppression import in_force
from core.clock import now
from core.made import made_between
from links.models import Click, TrackedLink, VisitorKind
from messaging.models import Message
from messaging.states import State

_SIGNS = {"more_than": ">", "at_least": ">=", "less_than": "<", "at_most": "<="}
_WENT_OUT = (State.SENDING, State.ACCEPTED, State.SENT, State.DELIVERED, State.UNDELIVERED, State.UNKNOWN)
_STATES: dict[str, tuple[State, ...]] = {"sent": _WENT_OUT, "delivered": (State.DELIVERED,)}
_MARKETING = ("all", "marketing")


def _attribute(condition: Condition) -> Q:
    return Q(_ATTRIBUTE[condition.op](condition.path, condition.value))


def _on_days(path: tuple[str, ...], first: int, last: int) -> AttributeDate:
    """From the day `first` days from today, up to the day before the one `last` days from today."""
    today = timezone.localdate()
    return AttributeDate(path, today + timedelta(days=first), today + timedelta(days=last))


_ATTRIBUTE: dict[str, Callable[[tuple[str, ...], Any], Any]] = {
    "is": lambda path, value: AttributeIs(path, *as_json_may_have([value])),
    "one_of": lambda path, values: AttributeIs(path, *as_json_may_have(values)),
    "has": lambda path, value: AttributeHas(path, *as_json_may_have([value])),
    "is_true": lambda path, _: AttributeIs(path, True, "true"),
    "is_false": lambda path, _: AttributeIs(path, False, "false"),
    "contains": lambda path, value: AttributeContains(path, str(value)),
    "starts_with": lambda path, value: AttributeContains(path, str(value), at_start=True),
    "is_set": lambda path, _: AttributeIsSet(path),
    "before": lambda path, day: AttributeDate(path, None, day),
    "after": lambda path, day: AttributeDate(path, day + timedelta(days=1), None),
    "in_last_days": lambda path, days: _on_days(path, -days, 1),
    "in_next_days": lambda path, days: _on_days(path, 0, days + 1),
    **{
        op: lambda path, value, sign=sign: AttributeNumber(path, sign, value)  # type: ignore[misc]
        for op, sign in _SIGNS.items()
    },
}


def _country(condition: Condition) -> Q:
    value = condition.value
    return numbers_of(value if isinstance(value, tuple) else (value,))


def _language(condition: Condition) -> Q:
    """A language takes its regions along: "pt" is also pt-BR."""
    if condition.op == "is_set":
        return ~Q(language="")
    found = Q()
    for tag in condition.value if isinstance(condition.value, tuple) else (condition.value,):
        found |= Q(language__iexact=str(tag)) | Q(language__istartswith=f"{tag}-")
    return found


def _text(name: str) -> Callable[[Condition], Q]:
    """A text column that is blank where there is nothing."""
    lookups: dict[str, Callable[[Any], Q]] = {
        "is": lambda value: Q((name, str(value))),
        "one_of": lambda values: Q((f"{name}__in", [str(value) for value in values])),
        "starts_with": lambda value: Q((f"{name}__startswith", str(value))),
        "is_set": lambda value: ~Q((name, "")),
    }
    return lambda condition: lookups[condition.op](condition.value)


def _moment(name: str) -> Callable[[Condition], Q]:
    lookups: dict[str, Callable[[Any], Q]] = {
        "in_last_days": lambda days: Q((f"{name}__gte", now() - timedelta(days=days))),
        "before": lambda day: Q((f"{name}__lt", _midnight(day))),
        "after": lambda day: Q((f"{name}__gte", _midnight(day + timedelta(days=1)))),
    }
    return lambda condition: lookups[condition.op](condition.value)


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _cells() -> QuerySet[ConsentState]:
    """What holds about marketing for the number of the profile at hand."""
    return ConsentState.objects.filter(subject__number_hash=OuterRef("number_hash"), purpose__in=_MARKETING)


def _refused() -> Q:
    return Q(Exists(_cells().filter(scope="all", state=Standing.OUT)))


_CONSENT: dict[str, Callable[[], Q]] = {
    "opted_in": lambda: Q(Exists(_cells().filter(state=Standing.IN))) & ~_refused(),
    "not_refused": lambda: ~_refused(),
    "refused": _refused,
    "no_choice": lambda: ~Q(Exists(_cells().exclude(state=Standing.NONE))),
}


def consent_is(choice: str) -> Q:
    """Profiles by what holds about marketing: one of the choices of the field "consent"."""
    return _CONSENT[choice]()


def suppressed() -> Q:
    """Profiles whose number is on the suppression list for all senders."""
    entries = Suppression.objects.filter(subject__number_hash=OuterRef("number_hash"), scope="all")
    return Q(Exists(in_force(entries)))


def _suppressed(condition: Condition) -> Q:
    return suppressed() if condition.op == "is_true" else ~suppressed()


def _messages_of(condition: Condition) -> QuerySet[Message]:
    """Messages to the profile's number, as far as the options narrow them down."""
    narrowed = {name: condition.options[key] for key, name in _OPTIONS.items() if key in condition.options}
    rows = Message.objects.filter(msisdn=OuterRef("msisdn"), **narrowed)
    if "campaign" in condition.options:
        campaign = Recipient.objects.filter(
            message_id=OuterRef("id"), run__campaign_id=condition.options["campaign"]
        )
        rows = rows.filter(Exists(campaign))
    return rows


_OPTIONS = {"channel": "channel_id", "purpose": "purpose"}


def _messages(condition: Condition) -> Q:
    rows = _messages_of(condition).filter(state__in=_STATES[condition.op])
    if "days" in condition.options:
        since = now() - timedelta(days=condition.options["days"])
        rows = rows.filter(made_between(since))
    return Q(Exists(rows))


def _clicks(condition: Condition) -> Q:
    """A person followed a link in a message to the number; programs that call links do not count."""
    links = TrackedLink.objects.filter(message_id=OuterRef("id"), clicks__gt=0)
    if "link" in condition.options:
        links = links.filter(target_id=condition.options["link"])
    if "days" in condition.options:
        since = now() - timedelta(days=condition.options["days"])
        calls = Click.objects.filter(link=OuterRef("slug"), kind=VisitorKind.PERSON, at__gte=since)
        links = links.filter(Exists(calls))
    return Q(Exists(_messages_of(condition).filter(Exists(links))))


_FIELDS: dict[str, Callable[[Condition], Q]] = {
    "attributes": _attribute,
    "country": _country,
    "language": _language,
    "time_zone": _text("time_zone"),
    "external_id": _text("external_id"),
    "created": _moment("created_at"),
    "updated": _moment("updated_at"),
    "consent": lambda condition: consent_is(condition.value),
    "suppressed": _suppressed,
    "messages": _messages,
    "clicks": _clicks,
}


def query_of(condition: Condition) -> Q:
    """A condition whose operator negates nothing."""
    return _FIELDS[condition.field](condition)
