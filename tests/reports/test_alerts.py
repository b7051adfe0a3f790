from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.utils import timezone

from core.brief import forget_everything
from core.clock import database_now
from credentials import pausing
from messaging import hosts
from messaging.models import ChannelConfiguration, Pace, SegmentPrice, SendHold, SpendLimit, WebHost
from reports.alerts import alerts
from reports.dashboard import read_setup
from webhooks.models import InboundRequest


def texts() -> list[str]:
    return [alert.text for alert in alerts(read_setup())]


def test_a_quiet_day_has_no_alerts(webhook: Any, message: Any) -> None:
    message("delivered")
    message("queued")
    assert texts() == []


def test_a_paused_credential_is_named_with_its_reason(webhook: Any, credential: Any) -> None:
    pausing.pause(credential_id=credential.pk, reason="401 Unauthorized.")
    assert texts() == ["Acme is paused: 401 Unauthorized. Its messages wait."]


def test_only_a_hold_in_force_is_shown(webhook: Any) -> None:
    SendHold.objects.create(reason="old", placed_by="boss", released_at=timezone.now())
    SendHold.objects.create(reason="wrong text", placed_by="boss")
    [text] = texts()
    assert text.startswith("All sending is on hold since ")
    assert text.endswith(": wrong text")


@pytest.mark.parametrize(
    ("late", "shown"), [(dt.timedelta(minutes=3), True), (dt.timedelta(seconds=30), False)]
)
def test_messages_that_nobody_sends_are_noticed(
    webhook: Any, message: Any, late: dt.timedelta, shown: bool
) -> None:
    message("queued", due_at=timezone.now() - late)
    assert any("Is a worker running?" in text for text in texts()) is shown


def test_a_queue_behind_a_rate_limit_is_no_alarm_while_somebody_sends(
    webhook: Any, credential: Any, message: Any
) -> None:
    message("queued", due_at=timezone.now() - dt.timedelta(hours=1))
    type(credential).objects.filter(pk=credential.pk).update(messages_per_second=5)
    forget_everything()
    pace = Pace.objects.create(credential=credential, next_message_at=timezone.now())
    assert texts() == []
    pace.next_message_at = timezone.now() - dt.timedelta(minutes=10)
    pace.save()
    assert any("Is a worker running?" in text for text in texts())


def test_a_backlog_that_leaves_is_no_alarm(webhook: Any, message: Any) -> None:
    message("queued", due_at=timezone.now() - dt.timedelta(hours=1))
    message("sending", lease_until=timezone.now() + dt.timedelta(minutes=1))
    assert texts() == []


def test_what_waits_for_a_draft_channel_is_no_alarm(webhook: Any, credential: Any, message: Any) -> None:
    waits = message("queued", due_at=timezone.now() - dt.timedelta(hours=1))
    waits.channel = ChannelConfiguration.objects.create(
        name="draft", credential=credential, sender="+15005550006"
    )
    waits.save()
    assert texts() == []


def test_a_limit_on_money_without_prices_says_that_it_counts_nothing(webhook: Any, credential: Any) -> None:
    ChannelConfiguration.objects.create(
        name="shop", credential=credential, sender="+15005550006", status="active"
    )
    SpendLimit.objects.create(name="stop", scope="all", period="day", unit="money", amount=50)
    forget_everything()
    assert any("counts money, and Acme has no segment prices" in text for text in texts())
    SegmentPrice.objects.create(credential=credential, price="0.01")
    assert not any("segment prices" in text for text in texts())


def test_a_pause_or_a_hold_explains_late_messages(webhook: Any, credential: Any, message: Any) -> None:
    message("queued", due_at=timezone.now() - dt.timedelta(hours=1))
    pausing.pause(credential_id=credential.pk, reason="401")
    assert not any("worker" in text for text in texts())
    pausing.resume(credential=credential)
    SendHold.objects.create(reason="wrong text", placed_by="boss")
    assert not any("worker" in text for text in texts())


@pytest.mark.parametrize(
    ("spooled", "set_aside", "waited", "says"),
    [
        (0, 0, None, []),
        (4, 0, 5, ["Sending waits until web host web-1 has handed over its callbacks."]),
        (4, 0, 90, ["Web host web-1 may hold callbacks that nobody has read, 4 by its last count."]),
        (0, 2, None, ["Web host web-1 set aside 2 callbacks that cannot be opened."]),
    ],
)
def test_a_web_host_that_holds_callbacks_is_named(
    webhook: Any, spooled: int, set_aside: int, waited: int | None, says: list[str]
) -> None:
    moment = database_now()
    hosts.beat(host_id=uuid.uuid4(), name="web-1", spooled=spooled, set_aside=set_aside, counted_at=moment)
    if waited is not None:
        WebHost.objects.update(waiting_since=moment - dt.timedelta(seconds=waited))
    shown = texts()
    assert len(shown) == len(says)
    assert all(text.startswith(start) for text, start in zip(shown, says, strict=True))


def test_unread_callbacks_of_the_last_week_are_counted(webhook: Any) -> None:
    for state, age in (("quarantined", 1), ("quarantined", 2), ("quarantined", 8), ("processed", 1)):
        received = timezone.now() - dt.timedelta(days=age)
        InboundRequest.objects.create(webhook=webhook, method="POST", state=state, received_at=received)
    assert texts() == ["2 callbacks of a provider could not be read in the last seven days."]


def test_quarantined_messages_wait_for_a_decision(webhook: Any, message: Any) -> None:
    message("quarantined")
    assert texts() == ["1 message could not be sent after three tries to start."]


def test_a_sending_credential_without_callback_url_is_noted(channel: Any) -> None:
    assert texts() == ["Acme: no delivery reports configured. Its messages stay at “accepted”."]


def test_a_credential_no_channel_uses_is_not_noted(credential: Any) -> None:
    assert texts() == []
