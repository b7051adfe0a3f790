"""Caps and spend limits: exact, in one statement, and told so that people can act."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access.keys import issue_key
from access.models import ApiKey
from access.models import Scope as KeyScope
from core.errors import CapReached, GatewayError, SpendStop
from core.vocabulary import Purpose
from credentials.models import ApiCredential
from messaging.accept import Submission, accept, through_channel
from messaging.accept_many import accept_many
from messaging.models import ChannelConfiguration, Message, SegmentPrice, Source, SpendCounter, SpendLimit
from messaging.spending import limits, prices, standing, taking
from messaging.spending.forms import SegmentPriceForm, SpendLimitForm
from tests.messaging.conftest import NUMBER

pytestmark = pytest.mark.django_db
Queue = Callable[..., Message]
OTHER = "+12425551234"


@pytest.fixture
def limit(channel: ChannelConfiguration) -> Callable[..., SpendLimit]:
    channel.countries_allowed = "*"
    channel.save()

    def make(amount: str, **values: Any) -> SpendLimit:
        made = SpendLimit.objects.create(
            **({"name": f"L{SpendLimit.objects.count()}", "amount": amount} | values)
        )
        limits.forget()
        return made

    return make


def many(channel: ChannelConfiguration, *numbers: str, **values: Any) -> list[Message | GatewayError]:
    return accept_many(
        [
            through_channel(channel, **({"to": number, "text": "Hi", "source": Source.API} | values))
            for number in numbers
        ]
    )


def used() -> list[tuple[str, int]]:
    return list(SpendCounter.objects.order_by("target").values_list("target", "used"))


def test_messages_up_to_the_cap_are_stored_and_the_next_is_refused(queue: Queue, limit: Any) -> None:
    limit("2")
    queue(), queue()
    with pytest.raises(CapReached) as refused:
        queue()
    assert (refused.value.code, CapReached.http_status) == ("cap_reached", 429)
    assert Message.objects.count() == 2
    assert used() == [("", 2)]


def test_a_batch_keeps_what_fits_and_counts_only_that(channel: ChannelConfiguration, limit: Any) -> None:
    limit("3")
    outcomes = many(channel, *[f"+1415555010{index}" for index in range(5)])
    assert [isinstance(one, Message) for one in outcomes] == [True, True, True, False, False]
    assert isinstance(outcomes[3], CapReached)
    assert used() == [("", 3)]
    assert Message.objects.count() == 3


@pytest.mark.parametrize(
    ("values", "fits"),
    [
        ({"scope": "country"}, [True, False, True]),
        ({"scope": "country", "country": "BS"}, [True, True, True]),
        ({"scope": "country", "country": "US"}, [True, False, True]),
        ({"scope": "channel"}, [True, False, False]),
        ({"scope": "api_key"}, [True, True, True]),  # none has one
        ({"active": False}, [True, True, True]),
    ],
)
def test_what_a_limit_counts(
    channel: ChannelConfiguration, limit: Any, values: dict[str, Any], fits: list[bool]
) -> None:
    limit("1", **values)
    outcomes = many(channel, NUMBER, "+14155550102", OTHER)
    assert [isinstance(one, Message) for one in outcomes] == fits


def test_each_api_key_has_a_count_of_its_own_unless_one_is_named(
    channel: ChannelConfiguration, limit: Any
) -> None:
    first, _ = issue_key(name="A", scopes=[KeyScope.SEND])
    second, _ = issue_key(name="B", scopes=[KeyScope.SEND])
    limit("1", scope="api_key")

    def fits(key: ApiKey) -> bool:
        return isinstance(many(channel, NUMBER, api_key=key)[0], Message)

    assert [fits(first), fits(first), fits(second)] == [True, False, True]
    SpendLimit.objects.update(api_key=second)
    limits.forget()
    assert [fits(first), fits(second)] == [True, False]


def test_money_is_segments_at_the_price_of_credential_and_country(
    queue: Queue, limit: Any, credential: ApiCredential
) -> None:
    for country, price in (("US", "0.01"), ("BS", "0.30"), ("", "0.10")):
        SegmentPrice.objects.create(credential=credential, country=country, price=Decimal(price))
    prices.forget()
    limit("0.75", unit="money", scope="all")
    queue(text="x" * 161)  # two segments: 0.02
    queue(to=OTHER)
    queue(to="+33612345678")
    assert used() == [("", 420_000)]
    queue(to=OTHER)
    with pytest.raises(SpendStop, match=r"“L0” \(0.75 USD a day\) is reached; it starts anew at .* UTC"):
        queue(to=OTHER)
    queue()  # 0.72 and 0.01 fit
    assert used() == [("", 730_000)]


def test_a_country_without_a_price_costs_as_much_as_the_dearest(
    queue: Queue, limit: Any, credential: ApiCredential
) -> None:
    SegmentPrice.objects.create(credential=credential, country="US", price=Decimal("0.01"))
    SegmentPrice.objects.create(credential=credential, country="CA", price=Decimal("0.05"))
    prices.forget()
    limit("9", unit="money")
    queue(to=OTHER)
    assert used() == [("", 50_000)]


def test_the_refusal_says_which_limit_when_it_resets_and_who_can_lift_it(queue: Queue, limit: Any) -> None:
    limit("0", name="Bahamas", scope="country", country="BS", period="hour")
    with pytest.raises(CapReached) as refused:
        queue(to=OTHER)
    for words in (
        "“Bahamas”",
        "0 messages an hour",
        "messages to BS",
        "starts anew at",
        "Whoever may change spend limits",
    ):
        assert words in refused.value.text


@pytest.mark.parametrize(
    ("period", "begin", "end"),
    [
        ("hour", datetime(2026, 12, 31, 23, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        ("day", datetime(2026, 12, 31, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        ("month", datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_periods_begin_and_end_by_the_clock_of_utc(period: str, begin: datetime, end: datetime) -> None:
    assert limits.window_of(period, datetime(2026, 12, 31, 23, 59, 59, 9, tzinfo=UTC)) == (begin, end)


def test_a_new_period_starts_from_nothing(queue: Queue, limit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    limit("1", period="hour")
    clock = [datetime(2026, 5, 1, 10, 59, tzinfo=UTC)]
    monkeypatch.setattr(taking, "now", lambda: clock[0])
    queue()
    with pytest.raises(CapReached):
        queue()
    clock[0] = datetime(2026, 5, 1, 11, 0, tzinfo=UTC)
    assert queue().pk


def test_a_consent_reply_counts_and_always_goes(channel: ChannelConfiguration, limit: Any) -> None:
    limit("0")
    reply = Submission(
        credential=channel.credential, channel=channel, sender=channel.sender, to=NUMBER, text="You are opted out.",
        purpose=Purpose.CONSENT_REPLY, source=Source.REPLY,
    )  # fmt: skip
    assert accept(reply, wake=False).pk
    assert used() == [("", 1)]


def test_a_refusal_leaves_the_transaction_of_its_caller_whole(queue: Queue, limit: Any) -> None:
    limit("0")
    with transaction.atomic():
        with pytest.raises(CapReached):
            queue()
        kept = SpendLimit.objects.create(name="kept", amount=1)
    assert SpendLimit.objects.filter(pk=kept.pk).exists()


def test_what_is_rolled_back_is_not_counted(queue: Queue, limit: Any) -> None:
    limit("5")
    with transaction.atomic():
        queue()
        transaction.set_rollback(True)
    assert used() == []


def test_one_statement_counts_a_batch_and_none_is_run_without_limits(
    channel: ChannelConfiguration, limit: Any
) -> None:
    def counting(size: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            many(channel, *[f"+1415555{index:04d}" for index in range(size)])
        return sum("spendcounter" in query["sql"] for query in captured)

    assert counting(3) == 0
    limit("1000")
    limit("1000", scope="country")
    assert (counting(3), counting(50)) == (1, 1)
    assert used() == [("", 53), ("US", 53)]


def test_standing_tells_what_is_reached(queue: Queue, limit: Any, credential: ApiCredential) -> None:
    SegmentPrice.objects.create(credential=credential, price=Decimal("0.30"))
    prices.forget()
    limit("0.50", unit="money", name="Money")
    limit("9", name="Cap")
    queue()
    reached = standing.reached()
    assert [(use.limit.name, use.is_money) for use in reached] == [("Money", True)]
    assert [(use.limit.name, round(use.share, 2)) for use in standing.uses()] == [
        ("Money", 0.6),
        ("Cap", 0.11),
    ]


def test_old_counters_are_dropped(limit: Any) -> None:
    made = limit("5")
    SpendCounter.objects.create(limit=made, window_start=datetime(2020, 1, 1, tzinfo=UTC))
    recent = SpendCounter.objects.create(limit=made, window_start=datetime.now(UTC))
    assert standing.forget_counters() == 1
    assert list(SpendCounter.objects.all()) == [recent]


def test_the_api_answers_429_with_the_code(channel: ChannelConfiguration, limit: Any) -> None:
    limit("0")
    _, raw = issue_key(name="App", scopes=[KeyScope.SEND])
    answer = Client().post(
        "/api/v1/messages", {"to": NUMBER, "channel": "alerts", "text": "Hello"}, content_type="application/json",
        headers={"Authorization": f"Bearer {raw}", "Idempotency-Key": "k"},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "cap_reached")
    assert not Message.objects.exists()


def test_staff_make_a_limit_and_see_its_use(
    admin_client: Client, queue: Queue, channel: ChannelConfiguration
) -> None:
    url = reverse("admin:messaging_spendlimit_changelist")
    assert "No spend limits yet" in admin_client.get(url).content.decode()
    posted = {
        "name": "Each country", "active": "on", "scope": "country", "country": "", "channel": str(channel.pk),
        "amount": "2", "unit": "messages", "period": "day",
    }  # fmt: skip
    answer = admin_client.post(reverse("admin:messaging_spendlimit_add"), posted)
    assert answer.status_code == 302, answer.content.decode()
    assert SpendLimit.objects.get().channel is None
    queue()
    page = admin_client.get(url).content.decode()
    assert "2 messages a day" in page
    assert "50%" in page
    queue()
    assert "reached" in admin_client.get(url).content.decode()
    with pytest.raises(CapReached):
        queue()
    admin_client.post(
        reverse("admin:messaging_spendlimit_delete", args=[SpendLimit.objects.get().pk]), {"post": "yes"}
    )
    assert queue().pk


@pytest.mark.parametrize(("typed", "stored"), [("us", "US"), ("", ""), ("UK", None), ("US, CA", None)])
def test_one_country_in_its_stored_form(credential: ApiCredential, typed: str, stored: str | None) -> None:
    price = SegmentPriceForm({"credential": credential.pk, "country": typed, "price": "0.01"})
    limit = SpendLimitForm(
        {"name": "x", "scope": "country", "country": typed, "amount": "1", "unit": "money", "period": "day"}
    )
    assert (price.is_valid(), limit.is_valid()) == (stored is not None, stored is not None)
    if stored is not None:
        assert (price.save().country, limit.save().country) == (stored, stored)
