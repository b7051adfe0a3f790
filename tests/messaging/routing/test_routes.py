"""Routes when messages are accepted: by hand, through the API, one or many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from access.keys import issue_key
from access.models import Scope
from core.clock import now
from core.errors import ConfigurationInvalid, NoRoute
from core.vocabulary import Purpose
from credentials.models import ApiCredential
from messaging import channels
from messaging.accept import through_channel
from messaging.accept_many import accept_many
from messaging.models import ChannelConfiguration, ChannelStatus, Message, Route, Source
from messaging.routing.forms import RouteForm
from messaging.testsend import send_test
from tests.messaging.conftest import NUMBER
from tests.messaging.routing.conftest import SECOND_URL

pytestmark = pytest.mark.django_db
Queue = Callable[..., Message]
Make = Callable[..., Route]
BAHAMAS = "+12425551234"


def test_without_routes_a_message_leaves_by_the_channels_own_credential(
    queue: Queue, credential: ApiCredential
) -> None:
    message = queue()
    assert (message.credential, message.sender, message.route) == (credential, "+15005550006", "")


def test_a_message_leaves_by_the_first_route_that_fits_with_its_sender(
    queue: Queue, route: Make, second: ApiCredential
) -> None:
    route("Codes", purposes="one_time_code", senders="ACME")
    route("Main", credential=second, senders="+15005550008")
    route("Never")
    code, plain = queue(purpose=Purpose.ONE_TIME_CODE), queue()
    assert (code.route, code.sender) == ("Codes", "ACME")
    stored = Message.objects.get(pk=plain.pk)
    assert (stored.route, stored.sender, stored.credential) == ("Main", "+15005550008", second)


def test_a_route_without_senders_keeps_the_channels(queue: Queue, route: Make, second: ApiCredential) -> None:
    route("Main", credential=second)
    assert (queue().sender, queue().credential) == ("+15005550006", second)


def test_a_message_that_no_route_fits_is_refused_and_not_kept(queue: Queue, route: Make) -> None:
    route("Bahamas", countries="BS")
    route("Off", active=False)
    with pytest.raises(
        NoRoute, match=r"“Bahamas” is for BS; “Off” is switched off.*alerts.*Routes"
    ) as refused:
        queue()
    assert (refused.value.code, refused.value.param) == ("no_route", "to")
    assert not Message.objects.exists()


def test_a_paused_credential_is_passed_over_while_another_route_fits(
    queue: Queue, route: Make, credential: ApiCredential, second: ApiCredential
) -> None:
    route("Main")
    route("Backup", credential=second)
    credential.paused_at = now()
    credential.save()
    channels.forget()
    assert queue().route == "Backup"


def test_many_are_routed_one_by_one_and_cost_no_query_each(
    channel: ChannelConfiguration, route: Make, second: ApiCredential, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.brief.KEPT_SECONDS", 600.0)
    route("Main", countries="US")
    route("Pool", countries="GB", credential=second, senders="ACME, ACME2")

    def submit(*numbers: str) -> list[Any]:
        return accept_many(
            [through_channel(channel, to=number, text="Hi", source=Source.API) for number in numbers]
        )

    first, refused, other = submit(NUMBER, "+33612345678", "+447700900123")
    assert (first.route, other.route, refused.code) == ("Main", "Pool", "no_route")
    assert other.credential == second
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        submit(NUMBER, "+447700900124")
    with CaptureQueriesContext(connection) as many:
        submit(
            *[f"+1415555{index:04d}" for index in range(20)],
            *[f"+4477009001{index}" for index in range(10, 30)],
        )
    assert len(many) == len(few)


def test_the_api_names_the_route_and_the_failed_conditions(
    channel: ChannelConfiguration, route: Make
) -> None:
    _, raw = issue_key(name="App", scopes=[Scope.SEND, Scope.READ])
    headers = {"Authorization": f"Bearer {raw}"}
    route("Main", countries="US")

    def post(to: str) -> Any:
        body = {"to": to, "channel": "alerts", "text": "Hello"}
        return Client().post("/api/v1/messages", body, content_type="application/json", headers=headers)

    answer = post(NUMBER)
    shown = Client().get(f"/api/v1/messages/{answer.json()['id']}", headers=headers).json()
    assert (answer.status_code, shown["route"]) == (202, "Main")
    refused = post(BAHAMAS)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "no_route")
    assert "“Main” is for US" in refused.json()["error"]["message"]


@pytest.mark.django_db(transaction=True)
def test_a_test_through_the_channel_takes_its_routes(
    channel: ChannelConfiguration, route: Make, second: ApiCredential, provider: Any
) -> None:
    provider.post(SECOND_URL, json={"id": "p-1"})
    route("Main", credential=second, senders="ACME")
    message = send_test(
        credential=channel.credential, channel=channel, sender=channel.sender, to=NUMBER, text="Hi"
    )
    assert (message.state, message.route, message.sender) == ("accepted", "Main", "ACME")


def test_activating_looks_at_the_credentials_of_the_routes(
    channel: ChannelConfiguration, route: Make, credential: ApiCredential, second: ApiCredential
) -> None:
    credential.paused_at, credential.paused_reason = now(), "refused"
    credential.save()
    channels.deactivate(channel)
    with pytest.raises(ConfigurationInvalid, match="is paused"):
        channels.activate(channel)
    made = route("Main")
    with pytest.raises(ConfigurationInvalid, match="of all its routes"):
        channels.activate(channel)
    made.credential = second
    made.save()
    channels.activate(channel)
    assert channel.status == ChannelStatus.ACTIVE


@pytest.mark.parametrize(
    ("field", "typed", "stored"),
    [
        ("countries", "de; at,CH de", "DE, AT, CH"),
        ("prefixes", "+4915,+4916", "+4915, +4916"),
        ("senders", "acme shop, (500) 555-0006 ,12345", "acme shop, +15005550006, 12345"),
        ("purposes", ["marketing", "one_time_code"], "marketing, one_time_code"),
        ("name", "  Germany   main ", "Germany main"),
    ],
)
def test_lists_are_stored_in_one_form(
    channel: ChannelConfiguration, field: str, typed: Any, stored: str
) -> None:
    form = RouteForm(_posted(channel) | {field: typed})
    assert form.is_valid(), form.errors
    assert getattr(form.save(), field) == stored


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("countries", "UK, DE", "there is no UK. The United Kingdom is GB."),
        ("prefixes", "0049", "+ and country code"),
        ("prefixes", "+49x", "wrong: +49x"),
        ("senders", "ACME, !!", "neither a phone number"),
        ("purposes", ["consent_reply"], "consent_reply"),
        ("name", "", "required"),
    ],
)
def test_what_cannot_be_read_is_told_at_its_field(
    channel: ChannelConfiguration, field: str, typed: Any, told: str
) -> None:
    form = RouteForm(_posted(channel) | {field: typed})
    assert not form.is_valid()
    assert told in " ".join(form.errors[field])


def _posted(channel: ChannelConfiguration) -> dict[str, Any]:
    return {
        "channel": channel.pk, "credential": channel.credential.pk, "name": "Main", "position": 1, "active": "on",
    }  # fmt: skip


def test_staff_make_a_route_and_see_it_on_the_channels_page(
    admin_client: Client, channel: ChannelConfiguration, queue: Queue
) -> None:
    page = reverse("admin:messaging_channelconfiguration_change", args=[channel.pk])
    assert (
        "every message leaves through Provider from +15005550006" in admin_client.get(page).content.decode()
    )
    posted = _posted(channel) | {"countries": "us", "purposes": ["transactional"], "senders": "ACME"}
    answer = admin_client.post(reverse("admin:messaging_route_add"), posted)
    assert answer.status_code == 302, answer.content.decode()
    assert all(
        words in admin_client.get(page).content.decode() for words in ("Main", "US; Transactional", "ACME")
    )
    message = queue()
    assert message.route == "Main"
    shown = admin_client.get(reverse("admin:messaging_message_change", args=[message.pk])).content.decode()
    assert "<dt>Route</dt><dd>Main</dd>" in shown
    assert "Main" in admin_client.get(reverse("admin:messaging_route_changelist")).content.decode()
    admin_client.post(reverse("admin:messaging_route_delete", args=[Route.objects.get().pk]), {"post": "yes"})
    assert queue().route == ""
    message.refresh_from_db()
    assert message.route == "Main"


def test_one_name_is_given_once_in_a_channel(
    admin_client: Client, channel: ChannelConfiguration, route: Make
) -> None:
    route("Main")
    page = admin_client.post(reverse("admin:messaging_route_add"), _posted(channel)).content.decode()
    assert "has a route of that name" in page


def test_routes_need_their_permission(channel: ChannelConfiguration) -> None:
    user = User.objects.create_user("viewer", password="x", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__startswith="view_"))
    client = Client()
    client.force_login(user)
    assert client.post(reverse("admin:messaging_route_add"), _posted(channel)).status_code == 403
    assert not Route.objects.exists()
