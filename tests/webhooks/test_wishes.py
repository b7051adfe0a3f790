"""What a STOP or START comes to when it is repeated, narrowed, or stands against another source."""

from __future__ import annotations

import pytest
import time_machine

from consent import ledger
from consent.models import ConsentEvent, ConsentState
from messaging.models import ChannelConfiguration, Message
from tests.webhooks.conftest import PERSON, Post, inbound, make_channel, only_request, queue, replies
from webhooks.models import InboundMessage, InboundRequest, Webhook

SECOND = "+14155550177"


def test_without_id_and_time_a_stop_after_a_start_counts(post: Post, channel: ChannelConfiguration) -> None:
    with time_machine.travel("2026-01-01T12:00:01Z"):
        for text in ("STOP", "START"):
            post(inbound(text, id=None))
        waiting = queue(channel)
        for _ in range(3):
            post(inbound("STOP", id=None))
    kinds = list(ConsentEvent.objects.order_by("sequence").values_list("kind", flat=True))
    assert kinds == ["opt_out", "opt_in", "opt_out"]
    assert ConsentState.objects.get().state == "out"
    assert Message.objects.get(pk=waiting.pk).state == "suppressed"
    assert len(replies()) == InboundMessage.objects.count() == 3


@pytest.mark.parametrize(
    "values", [{"id": "same"}, {"id": None, "timestamp": "2026-01-01T11:59:00Z"}], ids=["id", "time"]
)
def test_a_copy_known_by_its_id_or_time_never_counts_twice(post: Post, values: dict[str, str | None]) -> None:
    post(inbound("STOP", **values))
    post(inbound("START", id="start"))
    post(inbound("STOP", **values))
    assert [event.kind for event in ConsentEvent.objects.order_by("sequence")] == ["opt_out", "opt_in"]


@pytest.mark.parametrize(
    "other",
    [
        {"from": "+14155550182"},
        {"text": "Stop all"},
        {"to": SECOND},
        {"timestamp": "2026-01-01T12:00:00Z"},
    ],
    ids=["number", "text", "recipient", "time"],
)
def test_a_stop_whose_id_another_message_had_counts_and_counts_once(
    post: Post, other: dict[str, str]
) -> None:
    post(inbound("STOP", id="x", timestamp="2026-01-01T11:00:00Z"))
    post(inbound("START", id="y"))
    again = {**inbound("STOP", id="x", timestamp="2026-01-01T11:00:00Z"), **other}
    for _ in range(2):
        post(again)
    kinds = [event.kind for event in ConsentEvent.objects.order_by("pk")]
    assert kinds == ["opt_out", "opt_in", "opt_out"]
    assert InboundMessage.objects.count() == 3


@pytest.mark.parametrize(
    ("recipient", "scope"),
    [
        (SECOND, f"sender:{SECOND}"),
        ("4155550177", f"sender:{SECOND}"),
        ("(415) 555-0177", f"sender:{SECOND}"),
        ("14155550177", f"sender:{SECOND}"),
        ("+14155550999", "all"),
        ("ACME", "all"),
        ("", "all"),
        (None, "all"),
    ],
)
def test_an_opt_out_is_narrowed_to_the_number_written_to_or_to_none(
    post: Post, webhook: Webhook, channel: ChannelConfiguration, recipient: str | None, scope: str
) -> None:
    webhook.opt_out_scope = "sender"
    webhook.save()
    waiting = queue(make_channel(channel.credential, "second", SECOND))
    post(inbound("STOP", to=recipient))
    assert ConsentEvent.objects.get().scope == scope
    assert Message.objects.get(pk=waiting.pk).state == "suppressed"


def test_a_start_that_lifts_nothing_is_not_confirmed(post: Post) -> None:
    ledger.record(msisdn=PERSON, kind="opt_out", source="staff", actor="ada", reason="By phone")
    post(inbound("START"))
    assert ConsentState.objects.get().state == "out"
    assert not replies()
    assert "an opt-out stands that this message does not lift" in only_request().reason


def test_a_start_that_lifts_the_opt_out_is_confirmed(post: Post) -> None:
    post(inbound("STOP"))
    post(inbound("START"))
    assert ConsentState.objects.get().state == "in"
    assert len(replies()) == 2
    assert not any(InboundRequest.objects.values_list("reason", flat=True))
