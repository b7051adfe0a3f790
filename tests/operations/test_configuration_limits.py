"""Limits and prices as files: exported, compared, applied, checked as the forms check them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from access.keys import issue_key
from access.models import Scope
from credentials.models import ApiCredential
from messaging.limits.rules import rules_of
from messaging.models import ChannelConfiguration, SegmentPrice, SenderLimit, SpendLimit
from tests.operations.test_configuration import change, differs, run, shop

pytestmark = pytest.mark.django_db
__all__ = ("shop",)
CREDENTIAL = "credentials/shop-twilio.toml"


@pytest.fixture
def limited(shop: ApiCredential) -> ApiCredential:
    ApiCredential.objects.update(messages_per_second=0.5, at_once=7)
    SenderLimit.objects.create(credential=shop, sender="+15005550006", messages_per_second=1)
    SegmentPrice.objects.create(credential=shop, country="US", price=Decimal("0.00790"))
    SegmentPrice.objects.create(credential=shop, country="", price=Decimal("0.1"))
    channel = ChannelConfiguration.objects.get()
    key, _ = issue_key(name="Booking", scopes=[Scope.SEND])
    limit = {"amount": Decimal("250.50"), "unit": "money", "period": "day"}
    SpendLimit.objects.create(name="Fraud stop", scope="country", **limit)
    SpendLimit.objects.create(name="Shop", scope="channel", channel=channel, active=False, **limit)
    SpendLimit.objects.create(name="Booking", scope="api_key", api_key=key, **limit)
    return shop


def everything() -> list[list[Any]]:
    columns: dict[Any, tuple[str, ...]] = {
        ApiCredential: ("messages_per_second", "segments_per_second", "at_once"),
        SenderLimit: ("credential__name", "sender", "messages_per_second"),
        SegmentPrice: ("credential__name", "country", "price"),
        SpendLimit: (
            "name",
            "active",
            "scope",
            "channel__name",
            "country",
            "api_key__name",
            "amount",
            "unit",
            "period",
        ),
    }
    return [list(model.objects.order_by(*names).values_list(*names)) for model, names in columns.items()]


def test_limits_and_prices_go_into_files_and_come_back(limited: ApiCredential, tmp_path: Path) -> None:
    before = everything()
    assert "6 files" in run("export", tmp_path)
    assert run("diff", tmp_path) == "No differences.\n"
    text = (tmp_path / CREDENTIAL).read_text()
    assert 'price = "0.0079"' in text
    for model in (SenderLimit, SegmentPrice, SpendLimit):
        model.objects.all().delete()
    ApiCredential.objects.update(messages_per_second=None, segments_per_second=3, at_once=None)
    shown = differs(tmp_path)
    assert "new: limits/fraud-stop.toml" in shown
    assert "at_once: nothing -> 7" in shown
    run("apply", tmp_path)
    assert everything() == before
    assert run("diff", tmp_path) == "No differences.\n"
    assert rules_of(limited.pk).senders == {"+15005550006": 1.0}


def test_what_the_credentials_file_does_not_name_is_not_limited(
    limited: ApiCredential, tmp_path: Path
) -> None:
    run("export", tmp_path)
    place = tmp_path / CREDENTIAL
    kept = place.read_text().replace("at_once = 7\n", "").replace('country = "US"', 'country = "CA"')
    place.write_text(kept)
    stays = SegmentPrice.objects.get(country="").pk
    run("apply", tmp_path)
    assert ApiCredential.objects.get().at_once is None
    assert set(SegmentPrice.objects.values_list("country", flat=True)) == {"CA", ""}
    assert SegmentPrice.objects.get(country="").pk == stays


@pytest.mark.parametrize(
    ("path", "before", "after", "told"),
    [
        (CREDENTIAL, "at_once = 7", "at_once = 0", "at_once"),
        (CREDENTIAL, "messages_per_second = 0.5", "messages_per_second = -1.0", "messages_per_second"),
        (CREDENTIAL, 'country = "US"', 'country = "US, CA"', "prices, US, CA"),
        (CREDENTIAL, 'country = "US"', 'country = "XX"', "prices, XX"),
        (CREDENTIAL, 'price = "0.0079"', 'price = "-1"', "prices, US"),
        (CREDENTIAL, 'price = "0.0079"', 'price = "0.0079", cost = 1', "there is no key cost"),
        (CREDENTIAL, 'sender = "+15005550006"', 'sender = "no number at all"', "sender_limits"),
        ("limits/shop.toml", 'channel = "shop"', 'channel = "gone"', "no channel configuration named 'gone'"),
        ("limits/booking.toml", 'api_key = "Booking"', 'api_key = "x"', "no API key named 'x'"),
        ("limits/shop.toml", 'amount = "250.5"', 'amount = "much"', "amount"),
        ("limits/shop.toml", 'unit = "money"', 'unit = "euro"', "unit"),
        ("limits/shop.toml", 'unit = "money"', 'units = "money"', "there is no such key"),
    ],
)
def test_a_fault_is_told_with_its_file_and_nothing_is_applied(
    limited: ApiCredential, tmp_path: Path, path: str, before: str, after: str, told: str
) -> None:
    run("export", tmp_path)
    change(tmp_path, "limits/fraud-stop.toml", "250.5", "999")
    change(tmp_path, path, before, after)
    standing = everything()
    with pytest.raises(CommandError) as fault:
        run("apply", tmp_path)
    assert told in str(fault.value)
    assert path in str(fault.value)
    assert everything() == standing


def test_two_keys_of_one_name_are_refused(limited: ApiCredential, tmp_path: Path) -> None:
    run("export", tmp_path)
    change(tmp_path, "limits/booking.toml", "250.5", "999")
    issue_key(name="Booking", scopes=[Scope.SEND])
    with pytest.raises(CommandError, match="several API keys"):
        run("apply", tmp_path)
