from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.db import OperationalError, connection
from django.utils import timezone

from consent.models import ConsentEvent
from core.clock import now
from core.vocabulary import FailureClass, Outcome
from credentials.client import Exchange
from credentials.models import ApiCredential
from credentials.reading import SendResult
from messaging import attempting, claiming, delivery, gate
from messaging.models import Attempt, ChannelConfiguration, ChannelStatus, Message, SendHold, Source
from messaging.outcomes import next_of
from messaging.states import State
from tests.messaging.conftest import NUMBER, PROVIDER_URL, result_of

pytestmark = pytest.mark.django_db(transaction=True)

Queue = Callable[..., Message]


def state_of(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, message.reason


def history_of(message: Message) -> list[str]:
    return [event.after for event in message.events.all()]


def test_accepted_by_the_provider(queue: Queue, provider: Any) -> None:
    provider.post(PROVIDER_URL, json={"messageId": "p-1"}, status=202)
    message = queue(text='Say "hi"\n€')
    delivery.drain(message.credential_id)
    assert state_of(message) == (State.ACCEPTED, "")
    assert message.provider_id == message.parts.get().provider_id == "p-1"
    assert history_of(message) == ["queued", "sending", "accepted"]
    request = provider.calls[0].request
    assert request.headers["Authorization"] == "Bearer token-123"
    assert json.loads(request.body)["content"] == 'Say "hi"\n€'
    attempt = message.attempts.get()
    assert (attempt.outcome, attempt.http_status) == ("accepted", 202)
    assert "token-123" not in json.dumps([attempt.request, attempt.response])


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (
            {"status": 400, "json": {"error": {"code": "E1", "message": "bad number"}}},
            State.FAILED,
            "refused",
        ),
        ({"status": 429, "headers": {"Retry-After": "7"}}, State.QUEUED, "temporary"),
        ({"status": 503}, State.QUEUED, "temporary"),
        ({"status": 500}, State.UNKNOWN, "answer_lost"),
        ({"status": 502}, State.UNKNOWN, "answer_lost"),
        ({"body": requests.ReadTimeout()}, State.UNKNOWN, "answer_lost"),
        (
            {"status": 200, "body": "{broken", "content_type": "application/json"},
            State.UNKNOWN,
            "answer_lost",
        ),
    ],
)
def test_what_an_answer_makes_of_the_message(
    queue: Queue, provider: Any, answer: dict[str, Any], state: State, reason: str
) -> None:
    provider.post(PROVIDER_URL, **answer)
    message = queue()
    delivery.drain(message.credential_id)
    assert state_of(message) == (state, reason)
    assert len(provider.calls) == 1


def test_retry_after_is_honoured(queue: Queue, provider: Any) -> None:
    provider.post(PROVIDER_URL, status=429, headers={"Retry-After": "120"})
    message = queue()
    delivery.drain(message.credential_id)
    message.refresh_from_db()
    assert timedelta(seconds=110) < message.due_at - timezone.now() < timedelta(seconds=125)


@pytest.mark.parametrize("tries", [8, 3])
def test_temporary_failure_ends_when_tries_are_used_up(
    queue: Queue, provider: Any, settings: Any, tries: int
) -> None:
    settings.SMSGATEWAY_MAX_TRIES = tries
    provider.post(PROVIDER_URL, status=429)
    message = queue()
    for _ in range(tries):
        Message.objects.filter(id=message.id).update(due_at=timezone.now() - timedelta(seconds=1))
        delivery.drain(message.credential_id)
    assert state_of(message) == (State.FAILED, "tries_used")
    assert message.attempts.count() == tries


def test_refused_credential_pauses_and_spends_no_try(queue: Queue, provider: Any) -> None:
    provider.post(PROVIDER_URL, status=401)
    message, other = queue(), queue(to="+14155550102")
    delivery.drain(message.credential_id)
    credential = ApiCredential.objects.get(id=message.credential_id)
    assert credential.paused_at is not None
    assert state_of(message) == (State.QUEUED, "credential_paused")
    assert message.tries == 0
    calls = len(provider.calls)
    delivery.drain(message.credential_id)
    assert len(provider.calls) == calls
    assert state_of(other)[0] == State.QUEUED


def test_message_goes_out_once_the_credential_is_resumed(queue: Queue, provider: Any) -> None:
    from credentials.pausing import resume

    provider.post(PROVIDER_URL, status=401)
    message = queue()
    delivery.drain(message.credential_id)
    provider.reset()
    provider.post(PROVIDER_URL, json={"id": "p-2"}, status=200)
    resume(credential=ApiCredential.objects.get(id=message.credential_id))
    delivery.drain(message.credential_id)
    assert state_of(message) == (State.ACCEPTED, "")
    assert message.attempts.count() == 2


def test_opted_out_number_is_suppressed_and_nothing_leaves(
    queue: Queue, provider: Any, opt_out: Callable[..., Any]
) -> None:
    opt_out()
    message = queue()
    delivery.drain(message.credential_id)
    assert state_of(message) == (State.SUPPRESSED, "opted_out")
    assert len(provider.calls) == 0


def test_marketing_needs_an_opt_in(queue: Queue, marketing: ChannelConfiguration, provider: Any) -> None:
    from consent import ledger

    provider.post(PROVIDER_URL, json={"id": "1"})
    first = queue(channel=marketing)
    delivery.drain(first.credential_id)
    assert state_of(first) == (State.SUPPRESSED, "no_opt_in")
    ledger.record(msisdn=NUMBER, kind="opt_in", source="keyword")
    second = queue(channel=marketing)
    delivery.drain(second.credential_id)
    assert state_of(second) == (State.ACCEPTED, "")


def test_draft_channel_holds_its_messages_but_sends_a_test(
    queue: Queue, channel: ChannelConfiguration, provider: Any
) -> None:
    provider.post(PROVIDER_URL, json={"id": "1"})
    ChannelConfiguration.objects.update(status=ChannelStatus.DRAFT)
    waiting, test = queue(), queue(source=Source.TEST)
    delivery.drain(channel.credential_id)
    assert state_of(waiting) == (State.QUEUED, "")
    assert history_of(waiting) == ["queued"]
    assert state_of(test)[0] == State.ACCEPTED


def test_send_hold_stops_everything_until_released(queue: Queue, provider: Any) -> None:
    provider.post(PROVIDER_URL, json={"id": "1"})
    hold = SendHold.objects.create(reason="Fraud", placed_by="ada")
    message = queue()
    delivery.drain(message.credential_id)
    assert state_of(message)[0] == State.QUEUED
    assert len(provider.calls) == 0
    hold.released_at = timezone.now()
    hold.save()
    delivery.drain(message.credential_id)
    assert state_of(message)[0] == State.ACCEPTED


def test_message_past_its_validity_expires_at_the_gate(queue: Queue, provider: Any) -> None:
    message = queue()
    Message.objects.filter(id=message.id).update(valid_until=timezone.now() - timedelta(seconds=1))
    delivery.drain(message.credential_id)
    assert state_of(message) == (State.EXPIRED, "validity_over")


def test_the_last_try_comes_before_its_validity_ends(queue: Queue) -> None:
    moment = now()
    message = queue()
    message.tries, message.uncounted_tries = 5, 9
    for left, asked_for, expected in (
        (30, None, State.QUEUED),
        (30, 60.0, State.FAILED),
        (0.5, None, State.FAILED),
    ):
        message.valid_until = moment + timedelta(seconds=left)
        busy = Exchange(SendResult(Outcome.TEMPORARY, failure=FailureClass.RATE, retry_after=asked_for))
        for _ in range(50):
            after = next_of(message, busy, moment)
            assert (after.state, after.due_in < left) == (expected, True)


def test_what_was_given_back_makes_no_wait_longer(queue: Queue) -> None:
    message = queue()
    message.tries, message.uncounted_tries = 1, 9
    busy = Exchange(SendResult(Outcome.TEMPORARY, failure=FailureClass.RATE))
    assert max(next_of(message, busy, now()).due_in for _ in range(100)) <= 2


def test_no_database_for_the_opt_out_page_leaves_the_message_in_the_queue(
    queue: Queue, credential: ApiCredential, provider: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential.payload = '{"to": "{{toNumber}}", "text": "{{message}}", "exit": "{{optOutUrl}}"}'
    credential.save()
    message = queue()

    def away(*_: Any, **__: Any) -> str:
        raise OperationalError("the database system is shutting down")

    monkeypatch.setattr("messaging.context.optout_url", away)
    delivery.deliver_one(message.id)
    assert state_of(message) == (State.QUEUED, "given_back")
    assert len(provider.calls) == 0
    assert len(provider.calls) == 0


def test_message_not_started_in_time_is_given_back(queue: Queue, provider: Any, monkeypatch: Any) -> None:
    message = queue()
    monkeypatch.setattr(attempting, "START_WITHIN_SECONDS", -1.0)
    (passed,) = gate.pass_gate(claiming.claim_one(message.id))
    from credentials.client import client_for
    from messaging import results

    results.write([attempting.attempt(client_for(message.credential_id), passed)])
    assert state_of(message) == (State.QUEUED, "given_back")
    assert len(provider.calls) == 0
    assert Attempt.objects.get(message=message).outcome == "not_sent"


def test_opt_out_between_claim_and_gate_wins(queue: Queue, opt_out: Callable[..., Any]) -> None:
    message = queue()
    claim = claiming.claim_one(message.id)
    opt_out()
    assert gate.pass_gate(claim) == []
    assert state_of(message) == (State.SUPPRESSED, "opted_out")


def test_a_claim_that_is_no_longer_ours_does_not_pass(queue: Queue) -> None:
    message = queue()
    claim = claiming.claim_one(message.id)
    Message.objects.filter(id=message.id).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert gate.pass_gate(claim) == []


def test_two_workers_never_claim_the_same_message(queue: Queue) -> None:
    for index in range(20):
        queue(to=f"+141555501{index:02d}")
    credential_id = Message.objects.values_list("credential_id", flat=True)[0]
    from tests.threads import run_together

    claims = run_together(lambda: claiming.claim(credential_id=credential_id, limit=10), times=4)
    claimed = [message_id for claim in claims for message_id in claim.message_ids]
    assert sorted(set(claimed)) == sorted(claimed)
    assert len(claimed) == 20


def test_a_hundred_messages_arrive_once_each(queue: Queue, provider: Any) -> None:
    sent: list[str] = []

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        body = json.loads(request.body)
        sent.append(body["to"])
        return 202, {}, json.dumps({"messageId": f"p-{body['clientReference']}"})

    provider.add_callback("POST", PROVIDER_URL, callback=answer, content_type="application/json")
    numbers = [f"+14155551{index:03d}" for index in range(100)]
    messages = [queue(to=number) for number in numbers]
    delivery.drain(messages[0].credential_id)
    assert sorted(sent) == numbers
    assert set(Message.objects.values_list("state", flat=True)) == {State.ACCEPTED}


def test_error_of_our_own_makes_the_message_unknown_not_lost(queue: Queue, monkeypatch: Any) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("bug")

    monkeypatch.setattr("credentials.client.ProviderClient.send", broken)
    message = queue()
    delivery.drain(message.credential_id)
    assert state_of(message) == (State.UNKNOWN, "answer_lost")


def test_provider_that_says_opted_out_withdraws_consent(queue: Queue, monkeypatch: Any) -> None:
    from core.vocabulary import FailureClass, Outcome
    from credentials.client import Exchange
    from credentials.reading import SendResult

    exchange = Exchange(SendResult(Outcome.OPTED_OUT, code="21610", failure=FailureClass.OPTED_OUT))
    monkeypatch.setattr("credentials.client.ProviderClient.send", lambda *_, **__: exchange)
    message = queue()
    delivery.drain(message.credential_id)
    assert state_of(message) == (State.FAILED, "opted_out")
    event = ConsentEvent.objects.get()
    assert (event.kind, event.source, event.scope) == (
        "carrier_block",
        "provider",
        f"sender:{message.sender}",
    )
    later = queue()
    delivery.drain(message.credential_id)
    assert state_of(later) == (State.SUPPRESSED, "opted_out")


def test_hold_leaves_no_trace_on_waiting_messages(queue: Queue, provider: Any) -> None:
    SendHold.objects.create(reason="Fraud", placed_by="ada")
    messages = [queue(to=f"+141555502{index:02d}") for index in range(20)]
    delivery.drain(messages[0].credential_id)
    assert {tuple(history_of(message)) for message in messages} == {("queued",)}


def test_slow_answer_does_not_hold_the_next_message(queue: Queue, provider: Any) -> None:
    slow, sent = threading.Event(), []

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        sent.append(json.loads(request.body)["to"])
        if len(sent) == 1:
            slow.wait(10)
        return 202, {}, "{}"

    provider.add_callback("POST", PROVIDER_URL, callback=answer, content_type="application/json")
    first = queue()
    drain = threading.Thread(target=_drain_and_close, args=(first.credential_id,))
    drain.start()
    _until(lambda: len(sent) == 1)
    queue(to="+14155550102")
    delivery.drain(first.credential_id)
    _until(lambda: len(sent) == 2)
    assert not slow.is_set()
    slow.set()
    drain.join()
    assert set(Message.objects.values_list("state", flat=True)) == {State.ACCEPTED}


def test_one_result_that_cannot_be_written_takes_no_other_along(
    queue: Queue, provider: Any, monkeypatch: Any
) -> None:
    from messaging import results

    provider.post(PROVIDER_URL, json={"id": "p"})
    bad, good = queue(), queue(to="+14155550102")
    original = results._message_row

    def row(result: Any, *rest: Any) -> Any:
        if result.passed.message.id == bad.id:
            raise ValueError("cannot be written")
        return original(result, *rest)

    monkeypatch.setattr(results, "_message_row", row)
    delivery.drain(good.credential_id)
    assert (state_of(bad)[0], state_of(good)[0]) == (State.SENDING, State.ACCEPTED)


def test_late_answer_settles_what_the_sweeper_gave_up_on(queue: Queue) -> None:
    from core.vocabulary import Outcome
    from messaging import results
    from messaging.sweeping import sweep

    message = queue()
    (passed,) = gate.pass_gate(claiming.claim_one(message.id))
    Message.objects.filter(id=message.id).update(lease_until=timezone.now() - timedelta(seconds=5))
    sweep()
    assert state_of(message) == (State.UNKNOWN, "worker_lost")
    results.write_surely([result_of(passed, Outcome.ACCEPTED, provider_id="late")])
    assert state_of(message) == (State.ACCEPTED, "")
    assert message.parts.get().provider_id == "late"


def test_unreachable_provider_spends_no_try(queue: Queue, provider: Any, settings: Any) -> None:
    settings.SMSGATEWAY_BREAKER_FAILURES = 100  # or it would be left alone after a few
    provider.post(PROVIDER_URL, body=requests.ConnectTimeout())
    message = queue()
    for _ in range(10):
        Message.objects.filter(id=message.id).update(due_at=timezone.now() - timedelta(seconds=1))
        delivery.drain(message.credential_id)
    assert state_of(message) == (State.QUEUED, "temporary")
    assert (message.tries, message.uncounted_tries) == (0, 10)


def test_retry_after_zero_still_leaves_a_pause(queue: Queue, provider: Any) -> None:
    provider.post(PROVIDER_URL, status=429, headers={"Retry-After": "0"})
    message = queue()
    delivery.drain(message.credential_id)
    assert len(provider.calls) == 1
    message.refresh_from_db()
    assert message.due_at > timezone.now() + timedelta(seconds=0.3)


def test_refused_confirmation_of_an_opt_out_is_no_further_opt_out(queue: Queue, monkeypatch: Any) -> None:
    from core.vocabulary import Outcome, Purpose
    from credentials.client import Exchange
    from credentials.reading import SendResult

    exchange = Exchange(SendResult(Outcome.OPTED_OUT, code="21610"))
    monkeypatch.setattr("credentials.client.ProviderClient.send", lambda *_, **__: exchange)
    message = queue(purpose=Purpose.CONSENT_REPLY)
    delivery.drain(message.credential_id)
    assert not ConsentEvent.objects.exists()


def _drain_and_close(credential_id: Any) -> None:
    delivery.drain(credential_id)
    connection.close()


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 8
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)
