from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from messaging import claiming, gate
from messaging.models import Message
from messaging.states import State
from messaging.sweeping import sweep

pytestmark = pytest.mark.django_db

Queue = Callable[..., Message]
AGO = timedelta(seconds=5)


def lease_over(message: Message) -> None:
    Message.objects.filter(id=message.id).update(lease_until=timezone.now() - AGO)


def state_of(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, message.reason


def test_lost_claim_goes_back_into_the_queue(queue: Queue) -> None:
    message = queue()
    claiming.claim_one(message.id)
    lease_over(message)
    sweep()
    assert state_of(message) == (State.QUEUED, "lease_over")


def test_living_claim_is_left_alone(queue: Queue) -> None:
    message = queue()
    claiming.claim_one(message.id)
    sweep()
    assert state_of(message)[0] == State.CLAIMED


def test_lost_send_becomes_unknown_and_is_not_sent_again(queue: Queue) -> None:
    message = queue()
    gate.pass_gate(claiming.claim_one(message.id))
    lease_over(message)
    sweep()
    assert state_of(message) == (State.UNKNOWN, "worker_lost")
    assert message.attempts.get().outcome == "unknown"
    assert claiming.claim(credential_id=message.credential_id, limit=5).message_ids == ()


def test_message_that_kills_its_worker_is_quarantined_after_three_claims(queue: Queue) -> None:
    message = queue()
    for _ in range(3):
        claiming.claim_one(message.id)
        lease_over(message)
        sweep()
    assert state_of(message) == (State.QUARANTINED, "claimed_too_often")


def test_queued_message_past_its_validity_expires(queue: Queue) -> None:
    message = queue()
    Message.objects.filter(id=message.id).update(valid_until=timezone.now() - AGO)
    sweep()
    assert state_of(message) == (State.EXPIRED, "validity_over")
    assert message.finished_at is not None


def test_what_is_lost_counts_as_lost_now_and_not_when_it_was_due(queue: Queue) -> None:
    message = queue()
    gate.pass_gate(claiming.claim_one(message.id))
    Message.objects.filter(id=message.id).update(due_at=timezone.now() - timedelta(hours=3))
    lease_over(message)
    before = timezone.now()
    sweep()
    message.refresh_from_db()
    assert (message.state, message.due_at >= before - AGO) == (State.UNKNOWN, True)
