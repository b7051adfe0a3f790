"""The kill switch while a queue is being drained: nothing passes the gate once the hold is placed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests
from django.db import connection

from messaging import delivery
from messaging.models import Message, SendHold
from messaging.states import State
from tests.messaging.conftest import PROVIDER_URL

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 2
QUEUED = 12


class _HoldsAfter:
    """A provider at whose n-th request somebody else stops all sending; answers only once that is committed."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.seen = 0
        self.lock = threading.Lock()

    def __call__(self, _: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        with self.lock:
            self.seen += 1
            if self.seen == self.count:
                SendHold.objects.create(reason="Fraud", placed_by="ada")
                connection.close()
        return 202, {}, "{}"


@pytest.mark.parametrize("count", [1, 3])
def test_hold_placed_during_a_drain_lets_nothing_more_through_the_gate(
    count: int, queue: Callable[..., Message], provider: Any, settings: Any
) -> None:
    settings.SMSGATEWAY_SENDER_THREADS = THREADS
    answers = _HoldsAfter(count)
    provider.add_callback("POST", PROVIDER_URL, callback=answers)
    messages = [queue() for _ in range(QUEUED)]
    delivery.drain(messages[0].credential_id)
    # Only what had passed the gate before the hold was placed may still go: one message for each thread.
    assert count <= answers.seen < count + THREADS
    assert Message.objects.filter(state=State.QUEUED).count() == QUEUED - answers.seen
    SendHold.objects.update(released_at="2026-01-01T00:00:00Z", released_by="ada")
    delivery.drain(messages[0].credential_id)
    assert answers.seen == QUEUED
