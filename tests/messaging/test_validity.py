"""How long a message may wait: by submission, by channel, by purpose."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.vocabulary import Purpose
from messaging.accept import accept, through_channel
from messaging.accept_many import accept_many
from messaging.models import ChannelConfiguration, Message, Source
from messaging.serializers import SendRequest
from messaging.validity import read_validity, validity_of

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (600, timedelta(minutes=10)), ("600", timedelta(minutes=10)), ("PT10M", timedelta(minutes=10)),
        ("P1DT2H", timedelta(hours=26)), (10, timedelta(seconds=10)),
        (604_800, timedelta(days=7)), ("P7D", timedelta(days=7)),
    ],
)  # fmt: skip
def test_read_validity(value: object, expected: timedelta) -> None:
    assert read_validity(value) == expected


@pytest.mark.parametrize(
    "value",
    [9, 604_801, 0, -5, True, None, 1.5, "", "10 minutes", "P", "PT", "P8D", "-PT5M", "00:10:00", [], {}, 10**30,
     "9" * 400, "P" + "9" * 400 + "D", "٣٠٠", "P1Y"],
    ids=str,
)  # fmt: skip
def test_what_is_no_validity(value: object) -> None:
    with pytest.raises(ValueError, match=r"^(Write seconds|A message can be valid)"):
        read_validity(value)


@pytest.mark.parametrize(
    ("purpose", "minutes", "asked", "expected"),
    [
        (Purpose.TRANSACTIONAL, None, None, timedelta(hours=24)),
        (Purpose.TRANSACTIONAL, 90, None, timedelta(minutes=90)),
        (Purpose.TRANSACTIONAL, 90, HOUR, HOUR),
        (Purpose.ONE_TIME_CODE, None, None, timedelta(minutes=10)),
        (Purpose.ONE_TIME_CODE, 90, None, timedelta(minutes=10)),
        (Purpose.ONE_TIME_CODE, 5, None, timedelta(minutes=5)),
        (Purpose.ONE_TIME_CODE, 5, HOUR, HOUR),
    ],
)
def test_validity_of(
    purpose: Purpose, minutes: int | None, asked: timedelta | None, expected: timedelta
) -> None:
    channel = ChannelConfiguration(purpose=Purpose.TRANSACTIONAL.value, give_up_after=minutes)
    assert validity_of(purpose, channel, asked) == expected


@pytest.mark.django_db
def test_one_and_many_are_valid_alike(channel: ChannelConfiguration) -> None:
    ChannelConfiguration.objects.update(give_up_after=30)
    channel.refresh_from_db()
    for values in ({}, {"validity": HOUR}):
        one = through_channel(channel, to="+14155550101", text="Hi", source=Source.API, **values)
        (many,) = accept_many([one])
        assert isinstance(many, Message)
        expected = values.get("validity", timedelta(minutes=30))
        assert [message.valid_until - message.created_at for message in (accept(one), many)] == [expected] * 2


@pytest.mark.parametrize(("value", "fault"), [("PT5M", False), (300, False), ("soon", True), (5, True)])
def test_the_api_reads_it(value: Any, fault: bool) -> None:
    body = SendRequest(data={"to": "+14155550101", "channel": "x", "text": "Hi", "validity": value})
    assert body.is_valid() is not fault
    assert ("validity" in body.errors) is fault
