from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from core.brief import forget_everything
from credentials.models import ApiCredential
from messaging import claiming, delivery, ordering
from messaging.models import ChannelConfiguration, Message
from messaging.states import State
from tests.messaging.conftest import PROVIDER_URL

pytestmark = pytest.mark.django_db(transaction=True)

Queue = Callable[..., Message]


@pytest.fixture
def ordered(channel: ChannelConfiguration) -> ChannelConfiguration:
    channel.keep_order = True
    channel.save()
    forget_everything()
    return channel


def claimed(credential: ApiCredential) -> list[Any]:
    return list(claiming.claim(credential_id=credential.pk, limit=8).message_ids)


def test_a_message_waits_while_an_earlier_one_to_its_recipient_is_under_way(
    credential: ApiCredential, ordered: ChannelConfiguration, queue: Queue
) -> None:
    first, second, other = queue(), queue(), queue(to="+14155550199")
    assert set(claimed(credential)) == {first.pk, other.pk}
    assert claimed(credential) == []
    Message.objects.filter(pk=first.pk).update(state=State.SENDING)
    assert claimed(credential) == []
    Message.objects.filter(pk=first.pk).update(state=State.ACCEPTED)
    assert claimed(credential) == [second.pk]


@pytest.mark.parametrize(
    ("earlier", "due_in", "waits"),
    [
        ({"tries": 1}, timedelta(minutes=5), True),
        ({"uncounted_tries": 1}, timedelta(minutes=5), True),
        ({}, timedelta(days=1), False),
    ],
    ids=["waits for another try", "waits for another try that does not count", "is due tomorrow"],
)
def test_which_queued_messages_are_waited_for(
    credential: ApiCredential,
    ordered: ChannelConfiguration,
    queue: Queue,
    earlier: dict[str, int],
    due_in: timedelta,
    waits: bool,
) -> None:
    first, second = queue(), queue()
    Message.objects.filter(pk=first.pk).update(**earlier, due_at=timezone.now() + due_in)
    assert claimed(credential) == ([] if waits else [second.pk])


def test_other_channels_and_messages_without_one_are_not_concerned(
    credential: ApiCredential, ordered: ChannelConfiguration, marketing: ChannelConfiguration, queue: Queue
) -> None:
    marketing.require_opt_in = False
    marketing.save()
    first, news, bare = queue(), queue(channel=marketing), queue()
    Message.objects.filter(pk=bare.pk).update(channel=None)
    more_news = queue(channel=marketing)
    assert set(claimed(credential)) == {first.pk, news.pk, bare.pk, more_news.pk}


def test_a_drain_sends_them_one_after_the_other(
    credential: ApiCredential, ordered: ChannelConfiguration, queue: Queue, provider: Any
) -> None:
    provider.post(PROVIDER_URL, json={"id": "p"}, status=200)
    texts = [f"Number {number}" for number in range(4)]
    for text in texts:
        queue(text=text)
    delivery.drain(credential.pk)
    assert [text for call in provider.calls for text in texts if text in str(call.request.body)] == texts


def test_nothing_is_asked_of_messages_while_no_channel_keeps_an_order(
    credential: ApiCredential, channel: ChannelConfiguration, django_assert_num_queries: Any
) -> None:
    forget_everything()
    with django_assert_num_queries(1):
        assert not ordering.is_used()
        assert "EXISTS" not in str(claiming.due_messages(credential.pk).query)


@pytest.mark.postgresql
def test_the_look_for_an_earlier_one_uses_the_index_of_messages_under_way(
    credential: ApiCredential, ordered: ChannelConfiguration, queue: Queue
) -> None:
    queue()
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        try:
            plan = claiming.due_messages(credential.pk).explain()
        finally:
            cursor.execute("SET enable_seqscan = on")
    assert "message_under_way" in plan
