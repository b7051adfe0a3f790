from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from access.keys import issue_key
from access.models import Scope
from core.errors import CountryNotAllowed, NoRoute
from core.vocabulary import Purpose
from credentials.models import ApiCredential
from messaging import channels
from messaging.accept import Submission, accept, through_channel
from messaging.accept_many import accept_many
from messaging.forms import ChannelConfigurationForm
from messaging.models import ChannelConfiguration, ChannelStatus, Message, Route, Source
from messaging.testsend import send_test
from tests.messaging.conftest import NUMBER, PROVIDER_URL

pytestmark = pytest.mark.django_db
Queue = Callable[..., Message]
Make = Callable[..., Route]
FRANCE, BAHAMAS, CANADA = "+33612345678", "+12425551234", "+14165550100"


@pytest.mark.parametrize(
    ("channel_values", "to", "allowed"),
    [
        ({}, NUMBER, True),
        ({}, FRANCE, False),
        ({}, BAHAMAS, False),  # the same calling code, another country
        ({}, CANADA, False),
        ({"sender": "+33698765432"}, FRANCE, True),
        ({"sender": "+33698765432"}, NUMBER, False),
        ({"sender": "ACME", "default_country": "FR"}, FRANCE, True),
        ({"sender": "ACME", "default_country": "FR"}, NUMBER, False),
        ({"sender": "12345", "default_country": ""}, NUMBER, True),
        ({"sender": "12345", "default_country": ""}, FRANCE, False),
        ({"countries_allowed": "FR, BS"}, BAHAMAS, True),
        ({"countries_allowed": "FR, BS"}, NUMBER, False),
        ({"countries_allowed": "*"}, "+881612345678", True),
        ({"countries_allowed": "US"}, "+881612345678", False),
    ],
)
def test_where_a_channel_sends(
    channel: ChannelConfiguration, queue: Queue, channel_values: dict[str, str], to: str, allowed: bool
) -> None:
    for name, value in channel_values.items():
        setattr(channel, name, value)
    channel.save()
    if allowed:
        assert queue(to=to).msisdn == to
        return
    with pytest.raises(CountryNotAllowed):
        queue(to=to)
    assert not Message.objects.exists()


def test_without_any_default_nothing_is_allowed_from_a_name(
    channel: ChannelConfiguration, queue: Queue, settings: Any
) -> None:
    settings.SMSGATEWAY_DEFAULT_COUNTRY = ""
    channel.sender, channel.default_country = "ACME", ""
    with pytest.raises(CountryNotAllowed, match="none is allowed"):
        queue(channel=channel)


def test_the_refusal_says_which_setting_to_change(queue: Queue, channel: ChannelConfiguration) -> None:
    with pytest.raises(CountryNotAllowed) as refused:
        queue(to=FRANCE)
    assert refused.value.text == (
        "Messages to FR are not allowed on the channel configuration alerts (allowed: US). Add FR to “Countries "
        "allowed” (countries_allowed) of that channel configuration."
    )
    assert (refused.value.param, refused.value.channel_id) == ("to", channel.pk)


@pytest.mark.parametrize(
    ("allowed", "route_values", "to", "error"),
    [
        ("", {"countries": "FR", "senders": "ACME"}, FRANCE, None),
        ("", {"prefixes": "+33", "senders": "ACME"}, FRANCE, None),
        ("", {"countries": "FR"}, NUMBER, NoRoute),
        ("", {"senders": "+33698765432"}, FRANCE, None),
        ("", {"senders": "+33698765432"}, NUMBER, CountryNotAllowed),
        ("", {"senders": "+33698765432, ACME"}, NUMBER, None),
        ("US", {"countries": "FR, US"}, FRANCE, CountryNotAllowed),
        ("US", {"countries": "FR, US"}, NUMBER, None),
        ("*", {}, FRANCE, None),
    ],
)
def test_routes_that_name_countries_allow_them_unless_the_channel_says_otherwise(
    channel: ChannelConfiguration, queue: Queue, route: Make, allowed: str, route_values: dict[str, str], to: str,
    error: type[Exception] | None,
) -> None:  # fmt: skip
    channel.countries_allowed = allowed
    channel.save()
    route("Main", **route_values)
    if error is None:
        assert queue(to=to).route == "Main"
        return
    with pytest.raises(error):
        queue(to=to)


def test_one_refused_country_leaves_the_rest_of_a_batch(channel: ChannelConfiguration) -> None:
    first, refused, last = accept_many(
        [
            through_channel(channel, to=number, text="Hi", source=Source.API)
            for number in (NUMBER, FRANCE, "+14155550102")
        ]
    )
    assert isinstance(first, Message)
    assert isinstance(last, Message)
    assert isinstance(refused, CountryNotAllowed)


def test_the_api_answers_with_code_field_and_setting(channel: ChannelConfiguration) -> None:
    _, raw = issue_key(name="App", scopes=[Scope.SEND])
    answer = Client().post(
        "/api/v1/messages",
        {"to": FRANCE, "channel": "alerts", "text": "Hello"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {raw}"},
    )
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (403, "country_not_allowed", "to")
    assert "countries_allowed" in error["message"]


@pytest.mark.parametrize("status", ChannelStatus.values)
def test_by_hand_the_refusal_links_to_the_setting(
    admin_client: Client, channel: ChannelConfiguration, status: str
) -> None:
    ChannelConfiguration.objects.update(status=status)
    url = reverse("admin:messaging_channel_send", args=[channel.pk])
    answer = admin_client.post(url, {"number": FRANCE, "message": "Hi"})
    page = reverse("admin:messaging_channelconfiguration_change", args=[channel.pk])
    assert answer.status_code == 422
    assert f'href="{page}#id_countries_allowed"' in answer.content.decode()
    assert 'id="id_countries_allowed"' in admin_client.get(page).content.decode()
    assert not Message.objects.exists()


def test_a_test_of_a_credential_obeys_its_sender_and_the_channels_of_the_credential(
    admin_client: Client, credential: ApiCredential, channel: ChannelConfiguration
) -> None:
    url = reverse("admin:messaging_credential_test_send", args=[credential.pk])
    posted = {"number": FRANCE, "sender": "", "message": "Hi"}
    refused = admin_client.post(url, posted).content.decode()
    assert "Tests from this sender do not go to FR" in refused
    assert "#id_countries_allowed" in refused
    with pytest.raises(CountryNotAllowed, match="a channel configuration of these API credentials"):
        send_test(credential=_other(), sender="ACME", to=FRANCE, text="Hi")


@pytest.mark.django_db(transaction=True)
def test_a_channel_that_allows_the_country_lets_its_credential_be_tested_there(
    credential: ApiCredential, channel: ChannelConfiguration, provider: Any
) -> None:
    provider.post(PROVIDER_URL, json={"id": "p-1"})
    channel.countries_allowed = "FR"
    channel.save()
    assert send_test(credential=credential, sender="ACME", to=FRANCE, text="Hi").state == "accepted"


def _other() -> ApiCredential:
    return ApiCredential.objects.create(name="Other", provider_url="https://other.example.com/")


def test_an_answer_goes_back_wherever_the_question_came_from(
    channel: ChannelConfiguration, route: Make
) -> None:
    route("Main", countries="US")
    reply = Submission(
        credential=channel.credential, channel=channel, sender=channel.sender, to=FRANCE, text="You are opted out.",
        purpose=Purpose.CONSENT_REPLY, source=Source.REPLY,
    )  # fmt: skip
    assert accept(reply, wake=False).route == ""


def test_a_changed_setting_counts_at_once(queue: Queue, channel: ChannelConfiguration) -> None:
    with pytest.raises(CountryNotAllowed):
        queue(to=FRANCE, channel=channels.active("alerts"))
    ChannelConfiguration.objects.update(countries_allowed="FR")
    channels.forget()
    assert queue(to=FRANCE, channel=channels.active("alerts")).country == "FR"


@pytest.mark.parametrize(
    ("typed", "stored"), [("us;ca", "US, CA"), ("", ""), (" * ", "*"), ("DE, *", "*"), ("UK", None)]
)
def test_the_setting_is_stored_in_one_form(credential: ApiCredential, typed: str, stored: str | None) -> None:
    form = ChannelConfigurationForm(
        {
            "name": "x", "credential": credential.pk, "sender": "ACME", "purpose": "transactional",
            "countries_allowed": typed,
        }
    )  # fmt: skip
    assert form.is_valid() is (stored is not None)
    assert stored is None or form.save().countries_allowed == stored
