from __future__ import annotations

import threading
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.db.models import F

from core.vocabulary import Outcome
from messaging import claiming, gate, results
from messaging.accept import accept, through_channel
from messaging.models import ChannelConfiguration, MessageEvent, Source
from operations.metrics import sources, tallying
from operations.metrics.tallying import SETTLED_AFTER, tallies, tally
from operations.models import Tally, TallyCursor
from tests.messaging.conftest import result_of
from webhooks.models import InboundRequest

pytestmark = pytest.mark.django_db


def send(channel: ChannelConfiguration, outcome: Outcome, **values: object) -> None:
    message = accept(through_channel(channel, to="+14155550101", text="Hi", source=Source.API), wake=False)
    (passed,) = gate.pass_gate(claiming.claim_one(message.id))
    results.write([result_of(passed, outcome, **values)])


def settle() -> None:
    """Let the last look at the sources be long enough ago."""
    TallyCursor.objects.update(horizon_at=F("horizon_at") - SETTLED_AFTER)


def counted() -> dict[tuple[str, ...], int]:
    return {tuple(labels): value for labels, value in tallies([sources.CHANGES])[sources.CHANGES]}


def changes(before: str, after: str) -> int:
    return sum(value for (_, old, new, _), value in counted().items() if (old, new) == (before, after))


def test_each_event_is_counted_once_however_often_it_is_asked(channel: ChannelConfiguration) -> None:
    tally()
    send(channel, Outcome.ACCEPTED, provider_id="p-1")
    send(channel, Outcome.FAILED)
    settle()
    tally()  # notes how far the events go now
    for _ in range(3):
        settle()
        tally()
    assert changes("", "queued") == 2
    assert changes("sending", "accepted") == 1
    assert changes("sending", "failed") == 1
    assert sum(counted().values()) == MessageEvent.objects.count()


def test_what_was_there_before_the_first_pass_is_not_scanned(channel: ChannelConfiguration) -> None:
    send(channel, Outcome.ACCEPTED, provider_id="p-1")
    for _ in range(3):
        tally()
        settle()
    assert counted() == {}


def test_events_younger_than_the_settling_time_wait(channel: ChannelConfiguration) -> None:
    tally()
    settle()
    tally()
    send(channel, Outcome.ACCEPTED, provider_id="p-1")
    settle()
    tally()
    assert counted() == {}, "noted now, counted by the next pass"
    tally()
    assert counted() == {}, "the next pass is not due yet"
    settle()
    tally()
    assert changes("", "queued") == 1


def test_a_long_backlog_is_counted_in_bounded_steps(
    channel: ChannelConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "_MOST_EVENTS", 3)
    send(channel, Outcome.ACCEPTED, provider_id="before")  # where the counting begins
    before = MessageEvent.objects.count()
    tally()
    for number in range(4):
        send(channel, Outcome.ACCEPTED, provider_id=f"p-{number}")
    seen = []
    for _ in range(9):
        settle()
        tally()
        seen.append(sum(counted().values()))
    assert max(after - before for before, after in pairwise(seen)) == 3
    assert seen[-1] == MessageEvent.objects.count() - before


def test_a_counter_that_cannot_be_written_leaves_the_position(
    channel: ChannelConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally()
    send(channel, Outcome.ACCEPTED, provider_id="p-1")
    settle()
    tally()
    settle()
    with monkeypatch.context() as patched:

        def fail(counts: object) -> None:
            raise RuntimeError("no")

        patched.setattr(tallying, "_add", fail)
        with pytest.raises(RuntimeError):
            tally()
    settle()
    tally()
    assert changes("", "queued") == 1


def test_the_lag_of_reports_goes_into_buckets(channel: ChannelConfiguration) -> None:
    message = accept(through_channel(channel, to="+14155550101", text="Hi", source=Source.API), wake=False)
    tally()
    for seconds in (0.5, 7, 7, 100_000):
        type(message).objects.filter(pk=message.pk).update(accepted_at=message.created_at)
        event = MessageEvent(
            message=message,
            before="accepted",
            after="delivered",
            at=message.created_at + timedelta(seconds=seconds),
        )
        event.save()
    settle()
    tally()
    settle()
    tally()
    found = tallies([sources.LAG, sources.LAG_SUM])
    assert {bucket: value for (_, bucket), value in found[sources.LAG]} == {"1": 1, "10": 2, "+Inf": 1}
    assert [value for _, value in found[sources.LAG_SUM]] == [100_014_500]


def test_callbacks_are_counted_by_what_became_of_them(db: None) -> None:
    tally()
    begin = sources._moment(TallyCursor.objects.get(source="callbacks").position)
    for state in ("processed", "processed", "quarantined"):
        InboundRequest.objects.create(method="POST", state=state, received_at=begin + timedelta(seconds=1))
    counts = sources.count_callbacks(begin.isoformat(), (begin + timedelta(seconds=2)).isoformat())
    assert counts == {("callbacks", "", "processed"): 2, ("callbacks", "", "quarantined"): 1}
    assert sources.count_callbacks((begin + timedelta(seconds=1)).isoformat(), begin.isoformat()) == {}


def test_a_clock_that_goes_back_counts_nothing_twice() -> None:
    later, earlier = "2026-01-01T00:10:00+00:00", "2026-01-01T00:00:00+00:00"
    assert sources.next_moment(later, earlier) == later
    assert sources.next_event("10", "7") == "10"


@pytest.mark.django_db(transaction=True)
def test_workers_that_count_at_once_count_once(channel: ChannelConfiguration) -> None:
    tally()
    for number in range(5):
        send(channel, Outcome.ACCEPTED, provider_id=f"p-{number}")
    settle()
    tally()
    settle()
    start = threading.Barrier(4)

    def work() -> None:
        try:
            start.wait()
            tally()
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(counted().values()) == MessageEvent.objects.count() > 0
    assert Tally.objects.filter(value__lte=0).count() == 0
