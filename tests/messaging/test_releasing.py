"""Changed quiet hours and caps reach what they hold already."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core.vocabulary import Purpose
from messaging import delivery, releasing
from messaging.models import ChannelConfiguration, Message
from messaging.releasing import release_held
from messaging.states import Reason, State
from tests.messaging.conftest import PROVIDER_URL

pytestmark = pytest.mark.django_db(transaction=True)

Queue = Callable[..., Message]


@pytest.fixture
def news(marketing: ChannelConfiguration) -> ChannelConfiguration:
    """Quiet now in California, whose time is 7 or 8 hours behind, and for hours to come."""
    moment = timezone.now().replace(second=0, microsecond=0)
    marketing.require_opt_in = False
    marketing.quiet_from = (moment - timedelta(hours=1)).time()
    marketing.quiet_until = (moment + timedelta(hours=20)).time()
    marketing.save()
    return marketing


@pytest.fixture
def held(queue: Queue, news: ChannelConfiguration) -> Message:
    message = queue(channel=news)
    delivery.drain(message.credential_id)
    message.refresh_from_db()
    assert (message.state, message.reason) == (State.QUEUED, Reason.QUIET_HOURS)
    return message


def lift(channel: ChannelConfiguration) -> None:
    channel.quiet_from = channel.quiet_until = None
    channel.save()


def test_what_waits_goes_out_once_the_hours_are_lifted(
    held: Message, news: ChannelConfiguration, provider: Any
) -> None:
    provider.post(PROVIDER_URL, json={"messageId": "p"})
    lift(news)
    assert release_held(channel_id=news.pk) == releasing.Released(1, is_all=True)
    delivery.drain(held.credential_id)
    held.refresh_from_db()
    assert held.state == State.ACCEPTED


def test_what_is_still_too_early_waits_anew_and_lives_no_longer(
    held: Message, news: ChannelConfiguration
) -> None:
    for _ in range(3):
        assert release_held(channel_id=news.pk).count == 1
        delivery.drain(held.credential_id)
    again = Message.objects.get(pk=held.pk)
    assert (again.state, again.reason) == (State.QUEUED, Reason.QUIET_HOURS)
    assert abs(again.due_at - held.due_at) < timedelta(seconds=2)
    assert abs(again.valid_until - held.valid_until) < timedelta(seconds=5)


def test_others_are_left_alone(
    held: Message, news: ChannelConfiguration, channel: ChannelConfiguration, queue: Queue
) -> None:
    retried, elsewhere, code = (
        queue(channel=news),
        queue(channel=channel),
        queue(purpose=Purpose.ONE_TIME_CODE),
    )
    later = timezone.now() + timedelta(hours=1)
    Message.objects.filter(pk__in=(retried.pk, elsewhere.pk, code.pk)).update(due_at=later)
    Message.objects.filter(pk=elsewhere.pk).update(reason=Reason.QUIET_HOURS)
    assert release_held(channel_id=news.pk).count == 1
    for message in (retried, elsewhere, code):
        message.refresh_from_db()
        assert message.due_at == later


def test_capped_messages_are_released_and_many_go_in_chunks(
    held: Message, news: ChannelConfiguration, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releasing, "CHUNK", 2)
    later = timezone.now() + timedelta(hours=1)
    for number in range(5):
        queue(channel=news, to=f"+1415555{number:04}")
    Message.objects.update(reason=Reason.FREQUENCY_CAP, due_at=later)
    validity = Message.objects.get(pk=held.pk).valid_until
    assert release_held(channel_id=news.pk, budget=0) == releasing.Released(2, is_all=False)
    assert release_held(channel_id=news.pk) == releasing.Released(4, is_all=True)
    assert Message.objects.get(pk=held.pk).valid_until == validity


@pytest.mark.parametrize(
    ("changed", "released"),
    [
        ({"quiet_from": "", "quiet_until": ""}, True),
        ({"cap_count": "5"}, True),
        ({"description": "New"}, False),
    ],
)
def test_saving_the_form_with_other_times_releases(
    held: Message, news: ChannelConfiguration, admin_client: Client, changed: dict[str, str], released: bool
) -> None:
    url = reverse("admin:messaging_channelconfiguration_change", args=[news.pk])
    form = admin_client.get(url).context["adminform"].form
    posted = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "", False)}
    posted |= {name: f"{getattr(news, name):%H:%M:%S}" for name in ("quiet_from", "quiet_until")}
    answer = admin_client.post(url, {**posted, **changed}, follow=True)
    assert answer.status_code == 200
    assert ("1 message that waited" in answer.content.decode()) is released
    held.refresh_from_db()
    assert (held.due_at <= timezone.now()) is released
