"""Who waits for whom, through real delivery: providers not for each other, one-time codes not for campaigns."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from core.vocabulary import Purpose
from credentials.models import ApiCredential
from messaging import delivery
from messaging.models import ChannelConfiguration, Message
from messaging.states import State
from tests.messaging.conftest import PROVIDER_URL

pytestmark = pytest.mark.django_db(transaction=True)

Queue = Callable[..., Message]
THREADS = 4
SLOW_URL = "https://slow.example.com/messages"
ANSWER = (200, {}, json.dumps({"messageId": "p"}))


@pytest.fixture(autouse=True)
def few_threads(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Senders of this test's own, few enough that a backlog fills them; all at rest when it ends."""
    settings.SMSGATEWAY_SENDER_THREADS = THREADS
    monkeypatch.setattr(delivery, "_senders", {})
    yield
    assert delivery.wait_for_attempts(timeout=30)


def numbers(count: int, first: int = 5_560_000) -> Iterator[str]:
    return (f"+1415{first + number}" for number in range(count))


def another(credential: ApiCredential) -> ApiCredential:
    like = {name: getattr(credential, name) for name in ("auth_type", "api_token", "payload")}
    return ApiCredential.objects.create(name="Another", provider_url=SLOW_URL, **like)


def wait_until(is_so: Callable[[], bool], *, seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_so()


def count(credential: ApiCredential, state: State) -> int:
    return Message.objects.filter(credential=credential, state=state).count()


def test_a_provider_that_hangs_with_a_full_queue_does_not_hold_up_another(
    credential: ApiCredential, queue: Queue, provider: Any
) -> None:
    slow = another(credential)
    answers = threading.Event()

    def hang(request: Any) -> Any:
        assert answers.wait(30)
        return ANSWER

    provider.add_callback("POST", SLOW_URL, callback=hang)
    provider.post(PROVIDER_URL, json={"messageId": "p"})
    try:
        for number in numbers(40):
            queue(to=number, credential=slow)
        delivery.ask_all_due()
        assert wait_until(lambda: count(slow, State.SENDING) == THREADS)
        for number in numbers(40, first=5_570_000):
            queue(to=number)
        delivery.ask_all_due()
        assert wait_until(lambda: count(credential, State.ACCEPTED) == 40)
        assert (count(slow, State.ACCEPTED), count(slow, State.SENDING)) == (0, THREADS)
    finally:
        answers.set()
    assert wait_until(lambda: count(slow, State.ACCEPTED) == 40)


def test_a_backlog_of_one_provider_and_a_trickle_of_another_both_go_on(
    credential: ApiCredential, queue: Queue, provider: Any
) -> None:
    other = another(credential)
    order: list[str] = []

    def note(name: str) -> Callable[[Any], Any]:
        def answer(request: Any) -> Any:
            time.sleep(0.01)
            order.append(name)
            return ANSWER

        return answer

    provider.add_callback("POST", PROVIDER_URL, callback=note("backlog"))
    provider.add_callback("POST", SLOW_URL, callback=note("trickle"))
    for number in numbers(200):
        queue(to=number)
    for number in numbers(5, first=5_570_000):
        queue(to=number, credential=other)
    delivery.ask_all_due()
    assert wait_until(lambda: len(order) == 205)
    last_of_trickle = len(order) - order[::-1].index("trickle")
    assert last_of_trickle < 100  # it shared the time, it did not wait for the end


def test_codes_overtake_a_campaign_that_is_being_sent(
    credential: ApiCredential, queue: Queue, provider: Any
) -> None:
    """A code waits for no more than what is on the wire and what was claimed with it."""
    sent: list[str] = []
    begun = threading.Event()

    def answer(request: Any) -> Any:
        sent.append(json.loads(request.body)["content"])
        if len(sent) >= 2 * THREADS:
            begun.set()
        time.sleep(0.02)
        return ANSWER

    provider.add_callback("POST", PROVIDER_URL, callback=answer)
    ChannelConfiguration.objects.update(require_opt_in=False)
    for number in numbers(200):
        queue(to=number, text="Offer", purpose=Purpose.MARKETING)
    drain = threading.Thread(target=_drain, args=(credential,))
    drain.start()
    assert begun.wait(30)
    before = len(sent)
    for number in numbers(3, first=5_570_000):
        queue(to=number, text="Code", purpose=Purpose.ONE_TIME_CODE)
    drain.join(60)
    assert sent.count("Code") == 3
    places = [place for place, text in enumerate(sent) if text == "Code"]
    assert places[-1] < 203 - THREADS  # before the end of the campaign, and soon:
    assert places[-1] - before < 60


def _drain(credential: ApiCredential) -> None:
    try:
        delivery.drain(credential.pk)
    finally:
        connection.close()
