from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone

from consent.models import ConsentEvent, ConsentState
from messaging.models import ChannelConfiguration, Message
from tests.webhooks.conftest import Post, inbound, only_request, queue, replies
from webhooks import inbound as inbound_module
from webhooks.leftovers import process_leftovers
from webhooks.models import InboundMessage, InboundRequest, RequestState


def failing(times: int, error: Exception) -> Any:
    """Recording consent fails the first `times` times."""
    real = inbound_module.ledger.record
    faults: Iterator[Exception] = iter([error] * times)

    def record(**values: Any) -> ConsentEvent:
        for fault in faults:
            raise fault
        return real(**values)

    return patch.object(inbound_module.ledger, "record", record)


def a_minute_later() -> Any:
    return time_machine.travel(timezone.now() + timedelta(minutes=1))


@pytest.mark.parametrize("texts", [("STOP",), ("STOP", "HELP")])
def test_a_passing_fault_of_the_database_costs_nothing(post: Post, texts: tuple[str, ...]) -> None:
    body = [inbound(text) for text in texts]
    with failing(1, OperationalError("database is locked")):
        assert post(body if len(body) > 1 else body[0]).status_code == 200
    assert only_request().state == RequestState.PROCESSED
    assert ConsentState.objects.get().state == "out"
    assert InboundMessage.objects.count() == len(replies()) == len(texts)


def test_a_stop_that_failed_is_processed_later(post: Post, channel: ChannelConfiguration) -> None:
    waiting = queue(channel)
    with failing(2, OperationalError("deadlock detected")):
        assert post(inbound("STOP", id=None)).status_code == 500
    assert not ConsentEvent.objects.exists()
    assert process_leftovers() == 0
    received = only_request().received_at
    with a_minute_later():
        assert process_leftovers() == 1
        assert process_leftovers() == 0
    request = only_request()
    assert (request.state, request.reason) == (RequestState.PROCESSED, "")
    event = ConsentEvent.objects.get()
    assert (event.kind, event.occurred_at) == ("opt_out", received)
    assert Message.objects.get(pk=waiting.pk).state == "suppressed"
    assert len(replies()) == 1


def test_a_late_start_does_not_lift_the_stop_that_came_after_it(post: Post) -> None:
    with failing(2, OperationalError("deadlock detected")):
        post(inbound("START"))
    with time_machine.travel(timezone.now() + timedelta(seconds=10)):
        post(inbound("STOP"))
    with a_minute_later():
        assert process_leftovers() == 1
    assert ConsentState.objects.get().state == "out"
    assert len(replies()) == 1


def test_while_the_database_stands_in_the_way_a_callback_waits(post: Post) -> None:
    with a_minute_later(), failing(9, OperationalError("deadlock detected")):
        with time_machine.travel(timezone.now() - timedelta(minutes=1)):
            post(inbound("STOP"))
        assert process_leftovers() == 0
    assert only_request().state == RequestState.RECEIVED


def test_what_fails_for_another_reason_goes_to_quarantine(post: Post) -> None:
    with failing(9, ZeroDivisionError()):
        assert post(inbound("STOP")).status_code == 500
        assert only_request().state == RequestState.RECEIVED
        with a_minute_later():
            assert process_leftovers() == 0
    request = only_request()
    assert (request.state, request.reason) == (
        RequestState.QUARANTINED,
        "This gateway failed twice on it: ZeroDivisionError",
    )


def test_what_the_provider_sent_again_has_no_second_effect(post: Post) -> None:
    with failing(2, OperationalError("deadlock detected")):
        post(inbound("HELP"))
    post(inbound("HELP"))
    with a_minute_later():
        assert process_leftovers() == 1
    assert len(replies()) == InboundMessage.objects.count() == 1
    assert set(InboundRequest.objects.values_list("state", flat=True)) == {RequestState.PROCESSED}
