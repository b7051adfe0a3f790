"""What is counted and how: events of messages by their number, callbacks by the time they came."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import Case, Count, DurationField, ExpressionWrapper, F, QuerySet, Sum, Value, When

from core.clock import database_now
from messaging.models import MessageEvent
from messaging.states import State
from webhooks.models import InboundMessage, InboundRequest

Counts = dict[tuple[str, ...], int]  # (series, label values …) -> how many

CHANGES: Final = "changes"  # credential, state before, state after, reason
LAG: Final = "lag"  # credential, upper limit of the bucket in seconds
LAG_SUM: Final = "lag_ms"  # credential
INBOUND: Final = "inbound"  # webhook, intent
CALLBACKS: Final = "callbacks"  # webhook, state

LAG_BUCKETS: Final = (1, 2, 5, 10, 30, 60, 300, 900, 3600, 14_400)
BEYOND: Final = "+Inf"
_MOST_EVENTS: Final = 200_000  # in one pass
_LONGEST_SPAN: Final = timedelta(minutes=5)
# A web process writes the time a callback came by its own clock, and the row somewhat later.
_CALLBACKS_SETTLE: Final = timedelta(seconds=60)


def newest_event() -> str:
    """The number of the newest event."""
    return str(MessageEvent.objects.order_by("-id").values_list("id", flat=True).first() or 0)


def next_event(position: str, horizon: str) -> str:
    """A bounded step towards the horizon."""
    return str(max(int(position), min(int(horizon), int(position) + _MOST_EVENTS)))


def count_events(after: str, until: str) -> Counts:
    """Changes of state, and how long delivered messages took from the provider's acceptance to its report."""
    events = MessageEvent.objects.filter(id__gt=int(after), id__lte=int(until)).order_by()
    counts: Counter[tuple[str, ...]] = Counter()
    changes = events.values_list("message__credential_id", "before", "after", "reason")
    for credential, before, state, reason, number in changes.annotate(number=Count("id")):
        counts[(CHANGES, str(credential), before, state, reason)] = number
    return dict(counts + _lags(events))


def _lags(events: QuerySet[MessageEvent]) -> Counter[tuple[str, ...]]:
    lag = ExpressionWrapper(F("at") - F("message__accepted_at"), output_field=DurationField())
    buckets = Case(
        *(When(lag__lte=timedelta(seconds=limit), then=Value(str(limit))) for limit in LAG_BUCKETS),
        default=Value(BEYOND),
    )
    delivered = events.filter(after=State.DELIVERED, message__accepted_at__isnull=False)
    rows = delivered.annotate(lag=lag, bucket=buckets).values_list("message__credential_id", "bucket")
    counts: Counter[tuple[str, ...]] = Counter()
    for credential, bucket, number, total in rows.annotate(number=Count("id"), total=Sum("lag")):
        counts[(LAG, str(credential), bucket)] = number
        counts[(LAG_SUM, str(credential))] += max(int(total / timedelta(milliseconds=1)), 0)
    return counts


def newest_moment() -> str:
    """Up to when callbacks are there for certain."""
    return (database_now() - _CALLBACKS_SETTLE).isoformat()


def next_moment(position: str, horizon: str) -> str:
    """A bounded step towards the horizon."""
    begin = _moment(position)
    return max(begin, min(_moment(horizon), begin + _LONGEST_SPAN)).isoformat()


def count_callbacks(after: str, until: str) -> Counts:
    """Callbacks by what became of them, and messages of people by how they were read."""
    counts: Counts = {}
    span = {"received_at__gt": _moment(after), "received_at__lte": _moment(until)}
    requests = InboundRequest.objects.filter(**span).order_by().values_list("webhook_id", "state")
    for webhook, state, number in requests.annotate(number=Count("id")):
        counts[(CALLBACKS, str(webhook or ""), state)] = number
    messages = InboundMessage.objects.filter(**span).order_by().values_list("webhook_id", "intent")
    for webhook, intent, number in messages.annotate(number=Count("id")):
        counts[(INBOUND, str(webhook or ""), intent)] = number
    return counts


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
