from __future__ import annotations

from typing import Any

import pytest

from messaging.models import ChannelConfiguration
from tests.webhooks.conftest import PERSON, queue
from webhooks import lookup, services
from webhooks.lookup import find_webhook
from webhooks.models import Webhook
from webhooks.people import person_of


def test_a_burst_of_callbacks_costs_one_look_up(webhook: Webhook, django_assert_num_queries: Any) -> None:
    token = webhook.endpoint.token
    lookup.forget()
    with django_assert_num_queries(2):
        assert [find_webhook(token) for _ in range(10)] == [webhook] * 10


def test_a_changed_webhook_is_looked_up_again(webhook: Webhook) -> None:
    token = webhook.endpoint.token
    assert find_webhook(token) == webhook
    webhook.brand = "New"
    services.save_webhook(webhook=webhook, credential=webhook.credential)
    found = find_webhook(token)
    assert found is not None
    assert found.brand == "New"
    services.delete_webhook(webhook=webhook)
    assert find_webhook(token) is None


@pytest.mark.parametrize(
    ("number", "country", "read"),
    [
        ("+14155550123", "", PERSON),
        ("tel:+14155550123", "DE", PERSON),
        ("14155550123", "US", PERSON),
        ("14155550123", "DE", PERSON),
        ("4155550123", "US", PERSON),
        ("447700900123", "US", "+447700900123"),
        ("07700900123", "GB", "+447700900123"),
    ],
)
def test_numbers_are_read_with_and_without_country_code(
    db: None, number: str, country: str, read: str
) -> None:
    assert person_of(number, country=country) == read


def test_of_two_readings_the_number_we_wrote_to_counts(channel: ChannelConfiguration) -> None:
    digits, national, international = "1702345678", "+491702345678", "+1702345678"
    assert person_of(digits, country="DE") in (national, international)
    channel.countries_allowed = "DE"
    channel.save()
    queue(channel, to=national)
    assert person_of(digits, country="DE") == national
