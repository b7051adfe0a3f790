from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from access.models import AuditEntry
from core.brief import forget_everything
from core.errors import AnswerLost, ConnectionFailed
from core.vocabulary import FailureClass, Outcome
from credentials.client import Exchange
from credentials.models import ApiCredential
from credentials.reading import SendResult
from messaging import breaker, delivery
from messaging.breaker import probing, telling
from messaging.breaker.hearing import Heard, heard, open_seconds
from messaging.models import Breaker, BreakerState, ChannelConfiguration, Message
from messaging.states import Reason, State
from messaging.testsend import send_test
from reports.alerts import alerts
from reports.dashboard import read_setup
from tests.messaging.conftest import PROVIDER_URL

pytestmark = pytest.mark.django_db(transaction=True)

Queue = Callable[..., Message]


@pytest.fixture(autouse=True)
def nothing_told() -> None:
    telling._told_at.clear()


def queue_many(queue: Queue, count: int, **values: Any) -> list[Message]:
    return [queue(to=f"+1415555{1000 + number}", **values) for number in range(count)]


def breaker_of(credential: ApiCredential) -> Breaker:
    return Breaker.objects.get(pk=credential.pk)


def let_probe(credential: ApiCredential) -> None:
    """The time the breaker stays open is over."""
    Breaker.objects.filter(pk=credential.pk).update(probe_at=timezone.now() - timedelta(seconds=1))
    forget_everything()


def opened(credential: ApiCredential, queue: Queue, provider: Any) -> list[Message]:
    """A breaker that five failed attempts opened; the messages never tried."""
    provider.post(PROVIDER_URL, status=500)
    queue_many(queue, 5)
    delivery.drain(credential.pk)
    waiting = [queue(to=f"+1415556{1000 + number}") for number in range(3)]
    provider.reset()
    return waiting


@pytest.mark.parametrize(
    ("result", "status", "expected"),
    [
        (SendResult(Outcome.ACCEPTED), 200, Heard.ANSWER),
        (SendResult(Outcome.FAILED, code="21211", failure=FailureClass.INVALID_NUMBER), 400, Heard.ANSWER),
        (SendResult(Outcome.FAILED, failure=FailureClass.AUTH), 401, Heard.ANSWER),
        (SendResult(Outcome.TEMPORARY, failure=FailureClass.RATE), 429, Heard.ANSWER),
        (SendResult(Outcome.TEMPORARY, failure=FailureClass.RATE), 503, Heard.ANSWER),
        (SendResult(Outcome.FAILED, failure=FailureClass.CONTENT), 500, Heard.ANSWER),
        (SendResult(Outcome.TEMPORARY), 503, Heard.DOWN),
        (SendResult(Outcome.UNKNOWN), 502, Heard.DOWN),
        (SendResult(Outcome.UNKNOWN, code=AnswerLost.code), None, Heard.DOWN),
        (SendResult(Outcome.TEMPORARY, code=ConnectionFailed.code), None, Heard.DOWN),
        (SendResult(Outcome.FAILED, failure=FailureClass.CONFIGURATION), None, Heard.NOTHING),
        (SendResult(Outcome.UNKNOWN, code="internal_error"), None, Heard.NOTHING),
    ],
)
def test_what_an_exchange_says_about_the_provider(
    result: SendResult, status: int | None, expected: Heard
) -> None:
    assert heard(Exchange(result, response={"status": status} if status else {})) == expected


def test_a_message_that_was_not_sent_says_nothing() -> None:
    assert heard(None) == Heard.NOTHING


@pytest.mark.parametrize(("openings", "bound"), [(1, 5), (2, 10), (3, 20), (7, 300), (99, 300)])
def test_the_time_it_stays_open_doubles_up_to_five_minutes_and_is_spread(openings: int, bound: float) -> None:
    times = [open_seconds(openings) for _ in range(200)]
    assert bound / 2 <= min(times) < max(times) <= bound
    assert len(set(times)) > 190


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 503},
        {"status": 500},
        {"body": requests.ReadTimeout()},
        {"body": requests.ConnectionError()},
    ],
)
def test_five_failures_in_a_row_open_it(
    credential: ApiCredential, queue: Queue, provider: Any, answer: dict[str, Any]
) -> None:
    provider.post(PROVIDER_URL, **answer)
    queue_many(queue, 5)
    delivery.drain(credential.pk)
    assert breaker_of(credential).state == BreakerState.OPEN
    assert breaker.open_credentials() == {credential.pk}
    assert breaker_of(credential).reason


@pytest.mark.parametrize("status", [400, 404, 429])
def test_refusals_of_messages_do_not_open_it(
    credential: ApiCredential, queue: Queue, provider: Any, status: int
) -> None:
    provider.post(PROVIDER_URL, status=status)
    queue_many(queue, 12)
    delivery.drain(credential.pk)
    assert breaker.open_credentials() == frozenset()


@pytest.mark.parametrize(("answered", "opens"), [(3, True), (20, False)])
def test_half_of_what_was_tried_within_half_a_minute_opens_it(
    credential: ApiCredential, queue: Queue, provider: Any, answered: int, opens: bool
) -> None:
    for status, count in ((500, 4), (400, answered), (500, 4)):
        provider.reset()
        provider.post(PROVIDER_URL, status=status)
        for number in range(count):
            queue(to=f"+1415555{1000 + number}")
            delivery.drain(credential.pk)
    assert (credential.pk in breaker.open_credentials()) == opens
    if not opens:
        assert (breaker_of(credential).failures, breaker_of(credential).answers) == (8, answered)


def long_ago(credential: ApiCredential) -> None:
    Breaker.objects.filter(pk=credential.pk).update(since=timezone.now() - timedelta(minutes=5))


def test_an_answer_after_half_a_minute_starts_the_count_anew(
    credential: ApiCredential, queue: Queue, provider: Any
) -> None:
    for status in (500, 400, 500):
        provider.reset()
        provider.post(PROVIDER_URL, status=status)
        queue_many(queue, 4)
        delivery.drain(credential.pk)
        long_ago(credential)
    assert (breaker_of(credential).failures, breaker_of(credential).answers) == (4, 0)
    assert breaker.open_credentials() == frozenset()


def test_failures_without_an_answer_between_are_in_a_row_however_far_apart(
    credential: ApiCredential, queue: Queue, provider: Any
) -> None:
    provider.post(PROVIDER_URL, status=500)
    for _ in range(5):
        queue()
        delivery.drain(credential.pk)
        long_ago(credential)
    assert breaker.open_credentials() == {credential.pk}


def test_an_answered_test_closes_it_and_one_that_finds_nobody_leaves_it_open(
    credential: ApiCredential, queue: Queue, provider: Any
) -> None:
    opened(credential, queue, provider)
    provider.post(PROVIDER_URL, status=500)
    send_test(credential=credential, sender="+15005550006", to="+14155550100", text="Hi")
    assert breaker_of(credential).state == BreakerState.OPEN
    provider.reset()
    provider.post(PROVIDER_URL, json={"id": "p"}, status=200)
    send_test(credential=credential, sender="+15005550006", to="+14155550100", text="Hi")
    assert breaker_of(credential).state == BreakerState.CLOSED


def test_it_can_be_switched_off(
    credential: ApiCredential, queue: Queue, provider: Any, settings: Any
) -> None:
    settings.SMSGATEWAY_BREAKER_FAILURES = 0
    provider.post(PROVIDER_URL, status=500)
    queue_many(queue, 12)
    delivery.drain(credential.pk)
    assert len(provider.calls) == 12
    assert not Breaker.objects.exists()


def test_while_open_messages_wait_spend_no_try_and_say_why(
    credential: ApiCredential, queue: Queue, provider: Any
) -> None:
    waiting = opened(credential, queue, provider)
    telling._told_at.clear()
    for _ in range(3):
        delivery.drain(credential.pk)
    assert len(provider.calls) == 0
    for message in waiting:
        message.refresh_from_db()
        assert (message.state, message.reason, message.tries) == (State.QUEUED, Reason.PROVIDER_DOWN, 0)
        assert (message.uncounted_tries, message.claims) == (0, 0)
        assert [event.reason for event in message.events.all()] == ["", Reason.PROVIDER_DOWN]


def test_one_message_tries_and_an_answer_closes_it(
    credential: ApiCredential, queue: Queue, provider: Any
) -> None:
    waiting = opened(credential, queue, provider)
    provider.post(PROVIDER_URL, json={"id": "p"}, status=200)
    let_probe(credential)
    delivery.drain(credential.pk)
    assert breaker_of(credential).state == BreakerState.CLOSED
    assert breaker.open_credentials() == frozenset()
    delivery.drain(credential.pk)
    assert {Message.objects.get(pk=message.pk).state for message in waiting} == {State.ACCEPTED}


@pytest.mark.parametrize("status", [400, 401, 429])
def test_a_probe_that_is_refused_closes_it_too(
    credential: ApiCredential, queue: Queue, provider: Any, status: int
) -> None:
    opened(credential, queue, provider)
    provider.post(PROVIDER_URL, status=status)
    let_probe(credential)
    delivery.drain(credential.pk)
    assert breaker_of(credential).state == BreakerState.CLOSED


def test_a_failed_probe_opens_it_for_longer(credential: ApiCredential, queue: Queue, provider: Any) -> None:
    waiting = opened(credential, queue, provider)
    provider.post(PROVIDER_URL, status=503)
    let_probe(credential)
    delivery.drain(credential.pk)
    found = breaker_of(credential)
    assert (found.state, found.openings) == (BreakerState.OPEN, 2)
    assert found.probe_at is not None
    assert found.probe_at - timezone.now() > timedelta(seconds=4)
    assert len(provider.calls) == 1
    assert [Message.objects.get(pk=message.pk).tries for message in waiting].count(0) == 2


def test_of_many_workers_one_probes(credential: ApiCredential, queue: Queue, provider: Any) -> None:
    opened(credential, queue, provider)
    let_probe(credential)

    def ask(_: int) -> int:
        try:
            return breaker.allowance(credential.pk, 8)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as workers:
        assert sorted(workers.map(ask, range(8))) == [0] * 7 + [1]


def test_a_probe_that_no_message_took_is_free_again_soon(
    credential: ApiCredential, queue: Queue, provider: Any
) -> None:
    opened(credential, queue, provider)
    Message.objects.filter(state=State.QUEUED).update(due_at=timezone.now() + timedelta(hours=1))
    let_probe(credential)
    delivery.drain(credential.pk)
    found = breaker_of(credential)
    assert found.state == BreakerState.OPEN
    assert found.probe_at is not None
    assert found.probe_at - timezone.now() < timedelta(seconds=2)


def test_a_probe_whose_worker_was_lost_is_another_workers_later(
    credential: ApiCredential, queue: Queue, provider: Any
) -> None:
    opened(credential, queue, provider)
    let_probe(credential)
    assert breaker.allowance(credential.pk, 8) == 1  # and this worker ends here
    probing._won.clear()
    assert breaker.allowance(credential.pk, 8) == 0
    let_probe(credential)
    provider.post(PROVIDER_URL, json={"id": "p"}, status=200)
    delivery.drain(credential.pk)
    assert breaker_of(credential).state == BreakerState.CLOSED


def test_another_credential_is_not_concerned(
    credential: ApiCredential, channel: ChannelConfiguration, queue: Queue, provider: Any
) -> None:
    opened(credential, queue, provider)
    other = ApiCredential.objects.create(
        name="Healthy",
        provider_url="https://healthy.example.com/",
        auth_type="api_key",
        api_token="t",
        payload=credential.payload,
    )
    healthy = ChannelConfiguration.objects.create(
        name="healthy", credential=other, sender="+15005550008", purpose="transactional", status="active"
    )
    provider.post("https://healthy.example.com/", json={"id": "p"}, status=200)
    message = queue(channel=healthy)
    delivery.drain(other.pk)
    message.refresh_from_db()
    assert message.state == State.ACCEPTED


def test_staff_close_it_by_hand(credential: ApiCredential, queue: Queue, provider: Any) -> None:
    waiting = opened(credential, queue, provider)
    assert breaker.reset(credential_id=credential.pk)
    assert not breaker.reset(credential_id=credential.pk)
    provider.post(PROVIDER_URL, json={"id": "p"}, status=200)
    delivery.drain(credential.pk)
    assert {Message.objects.get(pk=message.pk).state for message in waiting} == {State.ACCEPTED}


def test_a_healthy_provider_costs_one_query_a_second(
    credential: ApiCredential, django_assert_num_queries: Any
) -> None:
    forget_everything()
    with django_assert_num_queries(1):
        for _ in range(50):
            assert breaker.allowance(credential.pk, 8) == 8
            assert breaker.open_credentials() == frozenset()


def test_pages_say_that_the_provider_does_not_answer_and_staff_reset_it(
    admin_client: Client, credential: ApiCredential, queue: Queue, provider: Any
) -> None:
    waiting = opened(credential, queue, provider)
    page_url = reverse("admin:credentials_apicredential_change", args=[credential.pk])
    reset_url = reverse("admin:messaging_credential_breaker_reset", args=[credential.pk])
    message_url = reverse("admin:messaging_message_change", args=[waiting[0].pk])
    assert reset_url in admin_client.get(page_url).content.decode()
    listed = admin_client.get(reverse("admin:credentials_apicredential_changelist")).content.decode()
    assert "Does not answer" in listed
    assert Reason.PROVIDER_DOWN.label in admin_client.get(message_url).content.decode()
    assert admin_client.get(reset_url).status_code == 405
    admin_client.post(reset_url)
    assert AuditEntry.objects.filter(action="reset breaker").count() == 1
    assert breaker.open_credentials() == frozenset()
    assert reset_url not in admin_client.get(page_url).content.decode()
    admin_client.post(reset_url)
    assert AuditEntry.objects.filter(action="reset breaker").count() == 1


def test_only_who_may_change_a_credential_resets_it(
    credential: ApiCredential, queue: Queue, provider: Any
) -> None:
    opened(credential, queue, provider)
    client = Client()
    client.force_login(User.objects.create_user("viewer", password="x", is_staff=True))
    url = reverse("admin:messaging_credential_breaker_reset", args=[credential.pk])
    assert client.post(url).status_code == 403
    assert breaker.open_credentials() == {credential.pk}


def test_the_start_page_says_it(credential: ApiCredential, queue: Queue, provider: Any) -> None:
    opened(credential, queue, provider)
    assert [
        alert.text for alert in alerts(read_setup()) if "Provider does not answer: HTTP 500" in alert.text
    ]
