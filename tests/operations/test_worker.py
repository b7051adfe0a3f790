from __future__ import annotations

from typing import Any

import pytest
from celery.signals import worker_init, worker_shutdown, worker_shutting_down
from celery.worker import consumer
from celery.worker.consumer import Gossip, Mingle

from messaging.stopping import stopping
from operations import worker
from smsgateway.celery import app
from smsgateway.consumer import Consumer


def test_a_connection_that_does_not_close_in_order_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Any, exc: Exception) -> None:
        raise AttributeError("'NoneType' object has no attribute 'hostname'")

    monkeypatch.setattr(consumer.Consumer, "on_connection_error_after_connected", fail)
    Consumer.on_connection_error_after_connected(object.__new__(Consumer), ConnectionError())
    assert app.conf.worker_consumer == "smsgateway.consumer:Consumer"


def test_a_worker_never_gives_up_on_its_broker() -> None:
    assert app.conf.broker_connection_max_retries is None
    assert app.conf.broker_connection_retry
    assert app.conf.broker_connection_retry_on_startup


def test_periodic_work_begins_before_the_broker_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    monkeypatch.setattr(worker, "refuse_wrong_keys", lambda: begun.append("keys"))
    monkeypatch.setattr(worker, "start_ticker", lambda: begun.append("ticker"))
    worker_init.send(sender=None)
    assert begun == ["keys", "ticker"]


@pytest.mark.parametrize("signal", [worker_shutting_down, worker_shutdown], ids=["told to", "by itself"])
def test_a_worker_that_ends_starts_nothing_new(signal: Any) -> None:
    try:
        signal.send(sender=None)
        assert stopping.is_set()
    finally:
        stopping.clear()


def test_workers_keep_to_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "refuse_wrong_keys", lambda: None)
    monkeypatch.setattr(worker, "start_ticker", lambda: None)
    for step in (Gossip, Mingle):
        monkeypatch.setattr(step, "compatible_transports", {"memory", "redis"})
    controller = app.WorkController(pool_cls="threads", concurrency=1, hostname="alone@localhost")
    assert isinstance(controller.consumer, Consumer)
    started = {type(step).__name__ for step in controller.consumer.steps}
    assert "Tasks" in started
    assert not started & {"Gossip", "Mingle"}
