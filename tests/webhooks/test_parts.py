"""Long messages whose parts come one by one."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from django.test import Client

from core.clock import now
from messaging.models import ChannelConfiguration
from tests.webhooks.conftest import PERSON, path_of
from webhooks.assembling import WAIT, deliver_incomplete
from webhooks.models import InboundMessage, InboundRequest, PartialMessage, RequestState, Webhook
from webhooks.services import create_webhook

SAMPLE = "from={{profileNumber}}&text={{inboundMessage}}&id={{requestId}}&ref={{messageGroup}}&of={{parts}}&no={{part}}"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def webhook(channel: ChannelConfiguration) -> Webhook:
    return create_webhook(credential=channel.credential, name="Parts", brand="Acme", inbound_mapping=SAMPLE)


@pytest.fixture
def part(webhook: Webhook, client: Client) -> Any:
    def send(number: int | str, text: str, *, of: int = 3, ref: str = "r1", sender: str = PERSON) -> Any:
        body = f"from={sender.replace('+', '%2B')}&text={text}&id=p{number}&ref={ref}&of={of}&no={number}"
        return client.post(path_of(webhook), body, content_type=FORM)

    return send


def received() -> list[str]:
    return list(InboundMessage.objects.order_by("id").values_list("text", flat=True))


@pytest.mark.parametrize("order", list(permutations([1, 2, 3])))
def test_parts_make_one_message_in_whatever_order_they_come(part: Any, order: tuple[int, ...]) -> None:
    for count, number in enumerate(order, start=1):
        assert part(number, f"p{number}.").status_code == 200
        assert received() == ([] if count < 3 else ["p1.p2.p3."])
    assert InboundMessage.objects.get().provider_message_id == ""


def test_a_part_that_comes_twice_counts_once_also_after_the_message_is_whole(part: Any) -> None:
    for number in (1, 1, 2, 1, 3, 3, 1, 2):
        part(number, f"p{number}.")
    assert received() == ["p1.p2.p3."]
    assert not PartialMessage.objects.filter(delivered_at=None).exists()


def test_another_message_under_the_same_id_is_another_message(part: Any) -> None:
    for number in (1, 2, 3):
        part(number, f"p{number}.")
    for number in (1, 2):
        part(number, f"q{number}.", of=2)
    part(1, "x", of=2, sender="+14155550124")
    part(2, "y", of=2, sender="+14155550124")
    assert received() == ["p1.p2.p3.", "q1.q2.", "xy"]


def test_a_message_of_one_part_waits_for_nothing(part: Any) -> None:
    part(1, "alone", of=1)
    assert received() == ["alone"]


@pytest.mark.parametrize(("number", "of"), [(4, 3), (0, 3), ("x", 3), (1, 0), (1, 999)])
def test_a_part_that_cannot_be_goes_to_quarantine(part: Any, number: int | str, of: int) -> None:
    assert part(number, "x", of=of).status_code == 200
    raw = InboundRequest.objects.get()
    assert raw.state == RequestState.QUARANTINED
    assert "does not exist" in raw.reason
    assert received() == []


def test_after_five_minutes_what_has_come_is_delivered_with_a_note(part: Any) -> None:
    part(3, "end")
    part(1, "start")
    assert deliver_incomplete() == 0
    PartialMessage.objects.update(received_at=now() - WAIT - timedelta(seconds=1))
    assert (deliver_incomplete(), deliver_incomplete()) == (1, 0)
    assert received() == ["start […] end"]
    assert "2 of 3 parts" in InboundRequest.objects.order_by("received_at").last().reason  # type: ignore[union-attr]
    part(1, "start")
    assert received() == ["start […] end"]


def test_a_stop_whose_other_part_is_lost_is_heeded(part: Any) -> None:
    part(1, "STOP", of=2)
    PartialMessage.objects.update(received_at=now() - WAIT - timedelta(seconds=1))
    deliver_incomplete()
    assert InboundMessage.objects.get().text.startswith("STOP")


def test_parts_are_sealed_in_the_database_and_forgotten_after_a_day(part: Any) -> None:
    part(1, "secret")
    stored = PartialMessage.objects.get()
    assert "secret" not in str(PartialMessage.objects.values_list("parts", "event").get())
    assert "secret" in stored.parts
    PartialMessage.objects.update(delivered_at=now() - timedelta(days=2))
    deliver_incomplete()
    assert not PartialMessage.objects.exists()
