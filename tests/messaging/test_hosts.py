from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core.clock import database_now
from messaging import claiming, delivery, gate, hosts
from messaging.models import Message, WebHost
from tests.messaging.conftest import PROVIDER_URL

Queue = Callable[..., Message]

HOST = uuid.uuid4()


def beat(*, spooled: int = 0, age: float = 0.0) -> None:
    hosts.beat(
        host_id=HOST,
        name="web-1",
        spooled=spooled,
        set_aside=0,
        counted_at=database_now() - timedelta(seconds=age),
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("spooled", "age", "waited", "waits"),
    [
        (0, 0.0, None, False),
        (0, 2.0, None, False),
        (0, 4.0, None, True),
        (1, 0.0, None, True),
        (1, 0.0, 30.0, True),
        (1, 0.0, 61.0, False),
        (0, 600.0, None, True),
        (0, 600.0, 61.0, False),
    ],
)
def test_gates_wait_for_hosts_that_may_hold_callbacks_and_not_for_ever(
    spooled: int, age: float, waited: float | None, waits: bool
) -> None:
    beat(spooled=spooled, age=age)
    if waited is not None:
        WebHost.objects.update(waiting_since=database_now() - timedelta(seconds=waited))
    assert hosts.must_wait() is waits
    assert [host.is_overdue for host in hosts.known_hosts()] == [waited == 61.0]


@pytest.mark.django_db
def test_the_clock_starts_when_a_gate_first_waits_and_stops_with_an_empty_spool() -> None:
    beat(spooled=1)
    assert hosts.must_wait()
    started = WebHost.objects.get().waiting_since
    beat(spooled=2)
    assert hosts.must_wait()
    assert WebHost.objects.get().waiting_since == started
    beat()
    assert not hosts.must_wait()
    assert WebHost.objects.get().waiting_since is None


@pytest.mark.django_db
def test_without_hosts_nobody_waits_and_those_long_gone_are_forgotten() -> None:
    assert not hosts.must_wait()
    beat(age=8 * 86_400)
    assert hosts.forget_gone() == 1
    assert not hosts.must_wait()
    beat(age=100)
    assert hosts.forget_gone() == 0
    hosts.leave(host_id=HOST)
    assert not WebHost.objects.exists()


def test_while_a_host_holds_callbacks_nothing_passes_the_gate(queue: Queue, provider: Any) -> None:
    provider.post(PROVIDER_URL, json={"id": "1"})
    message = queue()
    claim = claiming.claim(credential_id=message.credential_id, limit=5)
    beat(spooled=1)
    assert gate.pass_gate(claim) == []
    message.refresh_from_db()
    assert (message.state, message.claims) == ("queued", 0)
    delivery.drain(message.credential_id)
    assert not provider.calls
    beat()
    delivery.drain(message.credential_id)
    assert Message.objects.get(pk=message.pk).state == "accepted"
