"""The metrics by name: what docs/metrics.md lists, made of tallies and readings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from messaging.states import UNDER_WAY, Reason, State
from operations.metrics import sources
from operations.metrics.readings import NEEDS_SOMEBODY, Readings, read
from operations.metrics.tallying import tallies

Rows = list[tuple[list[str], int]]

# What a try at sending came to, by the state and reason that the message took.
_OUTCOMES: Final[dict[tuple[State, str], str]] = {
    (State.ACCEPTED, ""): "accepted",
    (State.QUEUED, ""): "temporary",
    **{
        (State.QUEUED, reason): "not_sent"
        for reason in (Reason.GIVEN_BACK, Reason.RATE_LIMITED, Reason.SEND_HOLD)
    },
    (State.FAILED, ""): "failed",
    (State.FAILED, "opted_out"): "opted_out",
    (State.UNKNOWN, ""): "unknown",
}


class GatewayCollector(Collector):
    """Reads everything anew each time it is asked; the view remembers the answer for a few seconds."""

    def collect(self) -> Iterator[Metric]:
        """Every metric."""
        now = read()
        found = tallies((sources.CHANGES, sources.LAG, sources.LAG_SUM, sources.INBOUND, sources.CALLBACKS))
        yield from _messages(found[sources.CHANGES], now)
        yield _lag(found[sources.LAG], found[sources.LAG_SUM], now)
        yield from _callbacks(found, now)
        yield from _queues(now)
        yield from _attention(now)
        yield from _processes(now)

    def describe(self) -> list[Metric]:
        """Nothing: registering must not ask the database."""
        return []


def _messages(changes: Rows, now: Readings) -> Iterator[Metric]:
    accepted, sends, reached = Counter[str](), Counter[tuple[str, str]](), Counter[tuple[str, str, str]]()
    for (credential, before, after, reason), number in changes:
        name = _name(credential, now)
        if not before:
            accepted[name] += number
        if before == State.SENDING:
            outcome = _OUTCOMES.get((State(after), reason)) or _OUTCOMES.get((State(after), ""), "failed")
            sends[name, outcome] += number
        if before != after and after not in UNDER_WAY:
            reached[name, after, reason] += number
    yield _counter(
        "messages_accepted",
        "Messages taken in, by API, staff or as replies.",
        ("credential",),
        {(name,): number for name, number in accepted.items()},
    )
    yield _counter("sends", "Tries at sending, by outcome.", ("credential", "outcome"), sends)
    yield _counter(
        "messages",
        "Messages that reached a state, by state and reason.",
        ("credential", "state", "reason"),
        reached,
    )


def _lag(buckets: Rows, sums: Rows, now: Readings) -> Metric:
    family = HistogramMetricFamily(
        "smsgateway_report_lag_seconds",
        "From the provider's acceptance to its report of delivery.",
        labels=("credential",),
    )
    counted = {(credential, bucket): number for (credential, bucket), number in buckets}
    for (credential,), total in sums:
        so_far, rows = 0, []
        for limit in (*(str(limit) for limit in sources.LAG_BUCKETS), sources.BEYOND):
            so_far += counted.get((credential, limit), 0)
            rows.append((limit if limit == sources.BEYOND else f"{float(limit)}", float(so_far)))
        family.add_metric([_name(credential, now)], rows, total / 1000)
    return family


def _callbacks(found: dict[str, Rows], now: Readings) -> Iterator[Metric]:
    for series, metric, help_text, label in (
        (sources.INBOUND, "inbound_messages", "Messages of people, by how they were read.", "intent"),
        (sources.CALLBACKS, "callbacks", "Callbacks of providers, by what became of them.", "state"),
    ):
        counts = {
            (now.webhooks.get(webhook, webhook), what): value for (webhook, what), value in found[series]
        }
        yield _counter(metric, help_text, ("webhook", label), counts)
    yield _gauge(
        "callbacks_refused_day",
        "Callbacks of the last 24 hours that were not verified.",
        ("webhook",),
        {(name,): count for name, count in now.refused},
    )
    yield _gauge("callbacks_quarantined", "Callbacks nobody could read.", (), {(): now.quarantined_callbacks})


def _queues(now: Readings) -> Iterator[Metric]:
    names = {pk: credential.name for pk, credential in now.credentials.items()}
    queues = {(names[pk],): queue for pk, queue in now.queues.items() if pk in names}
    yield _gauge(
        "queue_messages",
        "Messages that wait, counted up to 100,000.",
        ("credential",),
        {key: queue.depth for key, queue in queues.items()},
    )
    yield _gauge(
        "queue_oldest_due_seconds",
        "How long the message that waits longest has been due.",
        ("credential",),
        {key: queue.oldest_due.total_seconds() for key, queue in queues.items()},
    )
    yield _gauge(
        "credential_paused",
        "1 while a credential is paused.",
        ("credential",),
        {(row.name,): float(row.paused_at is not None) for row in now.credentials.values()},
    )
    yield _gauge(
        "credential_breaker_open",
        "1 while a provider does not answer and its messages wait.",
        ("credential",),
        {(row.name,): float(pk in now.breakers_open) for pk, row in now.credentials.items()},
    )


def _attention(now: Readings) -> Iterator[Metric]:
    waiting = {
        (credential.name, state.value): now.needs_somebody.get((pk, state), 0)
        for pk, credential in now.credentials.items()
        for state in NEEDS_SOMEBODY
    }
    yield _gauge(
        "messages_need_attention",
        "Messages whose answer was lost (unknown) or that could not start (quarantined).",
        ("credential", "state"),
        waiting,
    )
    yield _gauge("reviews_open", "Possible opt-outs that wait for a decision.", (), {(): now.reviews_open})
    yield _gauge("reviews_due", "Those due within a day.", (), {(): now.reviews_due})
    yield _gauge("send_holds", "Send holds in force: above 0 nothing is sent.", (), {(): now.holds})


def _processes(now: Readings) -> Iterator[Metric]:
    hosts = {(host.name,): host for host in now.hosts}
    for name, help_text, values in (
        ("spool_callbacks", "Callbacks in a web host's spool.", {k: h.spooled for k, h in hosts.items()}),
        ("spool_set_aside", "Spooled callbacks nobody can open.", {k: h.set_aside for k, h in hosts.items()}),
        (
            "web_host_seen_seconds",
            "Since a web host was last heard of.",
            {key: (now.moment - host.seen_at).total_seconds() for key, host in hosts.items()},
        ),
    ):
        yield _gauge(name, help_text, ("host",), values)
    seen = {} if now.worker_seen is None else {(): now.worker_seen.total_seconds()}
    yield _gauge("worker_seen_seconds", "Since any worker gave a sign of life.", (), seen)


def _counter(name: str, help_text: str, labels: tuple[str, ...], values: Mapping[Any, int]) -> Metric:
    family = CounterMetricFamily(f"smsgateway_{name}", help_text, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def _gauge(name: str, help_text: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> Metric:
    family = GaugeMetricFamily(f"smsgateway_{name}", help_text, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def _name(credential: str, now: Readings) -> str:
    """The credential's name; its id once it is gone."""
    found = now.credentials.get(credential)
    return found.name if found else credential
