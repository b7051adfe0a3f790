from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection

from core.vocabulary import Purpose
from messaging import claiming, gate
from messaging.models import ChannelConfiguration, Message
from messaging.states import State
from messaging.suppress import suppress_waiting, wait_until_idle

Queue = Callable[..., Message]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("scope", "purpose", "suppressed"),
    [
        ("all", "all", {"transactional", "marketing"}),
        ("all", "marketing", {"marketing"}),
        ("sender:+15005550006", "all", {"transactional"}),
        ("sender:+15005550007", "all", {"marketing"}),
        ("sender:+15005550099", "all", set()),
    ],
)
def test_waiting_messages_in_scope_are_suppressed(
    queue: Queue, marketing: ChannelConfiguration, scope: str, purpose: str, suppressed: set[str]
) -> None:
    message = queue()
    claiming.claim_one(queue().id)
    queue(channel=marketing)
    queue(purpose=Purpose.ONE_TIME_CODE)
    queue(purpose=Purpose.CONSENT_REPLY)
    queue(to="+14155550199")
    suppress_waiting(subject_id=message.subject_id, scope=scope, purpose=purpose)
    out = Message.objects.filter(state=State.SUPPRESSED)
    assert set(out.values_list("purpose", flat=True)) == suppressed
    assert not out.filter(msisdn="+14155550199").exists()
    assert all(message.events.last().after == State.SUPPRESSED for message in out)


@pytest.mark.django_db
def test_waiting_ends_at_once_when_nothing_is_on_the_wire(queue: Queue) -> None:
    assert wait_until_idle(queue().subject_id, timeout=1)


@pytest.mark.django_db
def test_waiting_gives_up_after_its_time(queue: Queue) -> None:
    message = queue()
    gate.pass_gate(claiming.claim_one(message.id))
    assert not wait_until_idle(message.subject_id, timeout=0.05)


@pytest.mark.django_db(transaction=True)
def test_waiting_ends_when_the_send_on_the_wire_ends(queue: Queue) -> None:
    message = queue()
    gate.pass_gate(claiming.claim_one(message.id))

    def finish() -> None:
        time.sleep(0.2)
        Message.objects.filter(id=message.id).update(state=State.ACCEPTED)
        connection.close()

    thread = threading.Thread(target=finish)
    thread.start()
    assert wait_until_idle(message.subject_id, timeout=5)
    thread.join()
