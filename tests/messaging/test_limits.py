from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core.brief import forget_everything
from core.vocabulary import Purpose
from credentials.client import client_for
from credentials.models import ApiCredential
from messaging import attempting, channels, claiming, delivery, gate, limits, results
from messaging.limits import taking_one
from messaging.limits.turns import Turn
from messaging.models import ChannelConfiguration, Message, Pace, SenderLimit
from messaging.states import Reason, State
from messaging.testsend import send_test
from tests.messaging.conftest import PROVIDER_URL

pytestmark = pytest.mark.django_db(transaction=True)

Queue = Callable[..., Message]
PERSON = "+14155550100"


def queue_many(queue: Queue, count: int, **values: Any) -> list[Message]:
    return [queue(to=f"+1415555{1000 + number}", **values) for number in range(count)]


def limit(credential: ApiCredential, **values: Any) -> None:
    ApiCredential.objects.filter(pk=credential.pk).update(**values)
    forget_everything()


def test_a_credential_without_limits_costs_no_statement_more(
    credential: ApiCredential, queue: Queue, django_assert_num_queries: Any
) -> None:
    queue_many(queue, 4)
    forget_everything()
    limits.claim(credential_id=credential.pk, limit=1)  # looks the limits up
    with CaptureQueriesContext(connection) as plain:
        claiming.claim(credential_id=credential.pk, limit=1)
    with django_assert_num_queries(len(plain)):
        taken = limits.claim(credential_id=credential.pk, limit=1)
    assert (len(taken.claim.message_ids), taken.turns, taken.again_in) == (1, {}, None)
    assert not Pace.objects.exists()


@pytest.mark.parametrize("wanted", [2, 8])
def test_a_claim_takes_what_starts_within_a_moment_and_says_when_to_look_again(
    credential: ApiCredential, queue: Queue, wanted: int
) -> None:
    limit(credential, messages_per_second=20)
    queue_many(queue, 20)
    taken = limits.claim(credential_id=credential.pk, limit=wanted)
    assert len(taken.claim.message_ids) == min(wanted, 4)
    assert taken.again_in is not None
    turns = sorted(turn.start for turn in taken.turns.values())
    assert all(later - earlier > 0.05 for earlier, later in pairwise(turns))


def test_workers_share_one_limit(credential: ApiCredential, queue: Queue) -> None:
    limit(credential, messages_per_second=5)
    queue_many(queue, 20)

    def take(_: int) -> list[float]:
        try:
            return [turn.start for turn in limits.claim(credential_id=credential.pk, limit=8).turns.values()]
        finally:
            connection.close()

    started = time.monotonic()
    with ThreadPoolExecutor(8) as workers:
        turns = sorted(turn for taken in workers.map(take, range(24)) for turn in taken)
    assert len(turns) <= (time.monotonic() - started + 1.2) * 5 + 1


def test_a_claim_that_finds_nothing_uses_nothing_up(credential: ApiCredential) -> None:
    limit(credential, messages_per_second=5)
    assert limits.claim(credential_id=credential.pk, limit=8).again_in is None
    assert Pace.objects.get().next_message_at is None


def test_segments_are_counted(credential: ApiCredential, queue: Queue) -> None:
    limit(credential, segments_per_second=100)
    queue_many(queue, 8, text="long " * 100)  # four segments
    taken = limits.claim(credential_id=credential.pk, limit=8)
    assert len(taken.claim.message_ids) == 5
    turns = sorted(turn.start for turn in taken.turns.values())
    assert turns[-1] - turns[0] == pytest.approx(16 / 97.1, abs=0.01)


def test_a_sender_with_a_limit_keeps_no_other_sender_waiting(
    credential: ApiCredential, marketing: ChannelConfiguration, queue: Queue
) -> None:
    SenderLimit.objects.create(credential=credential, sender="+15005550006", messages_per_second=1)
    forget_everything()
    limited = queue_many(queue, 3)
    marketing.require_opt_in = False
    marketing.save()
    others = queue_many(queue, 3, channel=marketing)
    first = limits.claim(credential_id=credential.pk, limit=8)
    assert first.claim.message_ids == (limited[0].pk,)
    second = limits.claim(credential_id=credential.pk, limit=8)
    assert set(second.claim.message_ids) == {message.pk for message in others}
    assert second.again_in is not None


def test_no_more_are_on_the_wire_at_once_than_the_credential_allows(
    credential: ApiCredential, queue: Queue
) -> None:
    limit(credential, at_once=3)
    queue_many(queue, 8)
    first = limits.claim(credential_id=credential.pk, limit=8)
    assert len(first.claim.message_ids) == 3
    gate.pass_gate(first.claim)
    second = limits.claim(credential_id=credential.pk, limit=8)
    assert (second.claim.message_ids, second.again_in) == ((), 0.05)
    # A worker that was lost holds its places no longer than its lease.
    Message.objects.filter(state=State.SENDING).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert len(limits.claim(credential_id=credential.pk, limit=8).claim.message_ids) == 3


def test_a_limit_on_requests_at_once_alone_makes_nobody_wait_for_a_turn(
    credential: ApiCredential, queue: Queue
) -> None:
    limit(credential, at_once=5)
    queue_many(queue, 3)
    taken = limits.claim(credential_id=credential.pk, limit=8)
    assert (len(taken.claim.message_ids), taken.turns) == (3, {})


def test_a_drain_sends_everything_at_the_pace(credential: ApiCredential, queue: Queue, provider: Any) -> None:
    arrived: list[float] = []

    def answer(_: Any) -> tuple[int, dict[str, str], str]:
        arrived.append(time.monotonic())
        return 200, {}, '{"id": "p"}'

    provider.add_callback("POST", PROVIDER_URL, callback=answer, content_type="application/json")
    limit(credential, messages_per_second=10)
    queue_many(queue, 12)
    while Message.objects.filter(state=State.QUEUED).exists():
        delivery.drain(credential.pk)
    assert len(arrived) == 12
    assert arrived[-1] - arrived[0] > 1.0
    assert set(Message.objects.values_list("state", flat=True)) == {State.ACCEPTED}


def test_a_message_that_missed_its_turn_is_given_back_and_spends_no_try(
    credential: ApiCredential, queue: Queue, provider: Any
) -> None:
    message = queue()
    (passed,) = gate.pass_gate(claiming.claim(credential_id=credential.pk, limit=1))
    late = replace(passed, turn=Turn(time.monotonic() - 1, patience=0.5))
    results.write([attempting.attempt(client_for(credential.pk), late)])
    message.refresh_from_db()
    assert (message.state, message.reason, message.tries) == (State.QUEUED, Reason.RATE_LIMITED, 0)
    assert len(provider.calls) == 0


def test_a_test_has_its_turn_before_a_queue_that_waits_and_the_queue_has_its_after_it(
    credential: ApiCredential, queue: Queue, provider: Any
) -> None:
    provider.post(PROVIDER_URL, json={"id": "p"}, status=200)
    limit(credential, messages_per_second=2)
    queue_many(queue, 5)
    turns = [min(turn.start for turn in limits.claim(credential_id=credential.pk, limit=1).turns.values())]
    message = send_test(credential=credential, sender="+15005550006", to=PERSON, text="Hi")
    assert (message.state, time.monotonic() - turns[0] >= 0.5) == (State.ACCEPTED, True)
    assert limits.claim(credential_id=credential.pk, limit=1).claim.message_ids == ()


@pytest.mark.parametrize("limits_of_it", [{"messages_per_second": 0.01}, {"at_once": 1}])
def test_a_test_that_would_wait_too_long_is_not_sent_and_says_why(
    credential: ApiCredential, queue: Queue, provider: Any, limits_of_it: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(taking_one, "_PATIENCE_SECONDS", 0.3)
    limit(credential, **limits_of_it)
    queue()
    limits.claim(credential_id=credential.pk, limit=1)
    message = send_test(credential=credential, sender="+15005550006", to=PERSON, text="Hi")
    assert (message.state, message.reason) == (State.CANCELLED, Reason.RATE_LIMITED)
    assert len(provider.calls) == 0


def test_parts_that_must_be_far_apart_are_claimed_one_by_one(
    credential: ApiCredential, queue: Queue, provider: Any
) -> None:
    provider.post(PROVIDER_URL, json={"id": "p"}, status=200)
    credential.max_length = 10
    credential.save()
    channels.forget()
    limit(credential, messages_per_second=0.05)
    message = queue(text="first part second one")
    delivery.drain(credential.pk)
    message.refresh_from_db()
    assert (message.state, message.reason, message.tries) == (State.QUEUED, Reason.RATE_LIMITED, 0)
    assert [part.state for part in message.parts.order_by("number")][:2] == ["accepted", "waiting"]
    row = Pace.objects.get()
    assert row.next_message_at is not None
    assert timedelta(seconds=15) < row.next_message_at - timezone.now() < timedelta(seconds=25)
    row.next_message_at = timezone.now()
    row.save()
    delivery.drain(credential.pk)
    assert [part.state for part in message.parts.order_by("number")][:2] == ["accepted", "accepted"]


def campaign_of(sample: Message, count: int) -> None:
    """As many messages like this one to other numbers, behind everything urgent."""
    names = [field.attname for field in Message._meta.concrete_fields]
    values = {
        name: getattr(sample, name)
        for name in names
        if name not in ("id", "msisdn", "priority", "unique_key")
    }
    Message.objects.bulk_create(
        [Message(msisdn=f"+1415{5_600_000 + number}", priority=8, **values) for number in range(count)],
        batch_size=1000,
    )


def test_one_time_codes_overtake_ten_thousand_messages_that_a_rate_limit_holds(
    credential: ApiCredential, queue: Queue, provider: Any
) -> None:
    provider.post(PROVIDER_URL, json={"id": "p"}, status=200)
    limit(credential, messages_per_second=5)
    campaign_of(queue(text="campaign"), 10_000)
    limits.claim(credential_id=credential.pk, limit=2)  # the limit is used up for now
    code = queue(to="+14155559999", text="Your code is 1234", purpose=Purpose.ONE_TIME_CODE)
    started = time.monotonic()
    while not (taken := limits.claim(credential_id=credential.pk, limit=8)).claim.message_ids:
        time.sleep(0.02)
    assert taken.claim.message_ids[0] == code.pk
    assert time.monotonic() - started < 5


def test_staff_limit_a_sender_as_it_is_written_on_the_channel(
    admin_client: Client, credential: ApiCredential
) -> None:
    url = reverse("admin:messaging_senderlimit_add")
    values = {"credential": str(credential.pk), "sender": "+1 (500) 555-0006", "messages_per_second": "0.5"}
    assert admin_client.post(url, values).status_code == 302
    limited = SenderLimit.objects.get()
    assert (limited.sender, limited.messages_per_second) == ("+15005550006", 0.5)
    page = admin_client.post(url, values).content.decode()
    assert "has a limit already" in page
    for wrong in ({"messages_per_second": "0"}, {"sender": "?"}):
        assert admin_client.post(url, {**values, **wrong}).status_code == 200
    assert SenderLimit.objects.count() == 1
