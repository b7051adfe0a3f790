"""Tracked links in messages: made when a message is accepted, counted by recipient, part of its size."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from core.errors import GatewayError, TemplateInvalid
from links.models import LinkTarget, TrackedLink
from links.storing import forget
from messaging.accept import accept, through_channel
from messaging.accept_many import accept_many
from messaging.erasing import erase_number
from messaging.models import ChannelConfiguration, Message, Source
from tests.links.test_visitors import IPHONE

pytestmark = pytest.mark.django_db(transaction=True)
LONG = "https://www.example.com/a/very/long/address/that/would/cost/segments?because=" + "x" * 150


@pytest.fixture(autouse=True)
def fresh() -> None:
    forget()


@pytest.fixture
def shop(channel: ChannelConfiguration) -> ChannelConfiguration:
    channel.track_links, channel.link_domain = True, "go.example.com"
    channel.save()
    return channel


def send(channel: ChannelConfiguration, text: str, **values: Any) -> Message:
    return accept(
        through_channel(channel, **({"to": "+14155550101", "text": text, "source": Source.API} | values))
    )


def test_the_stored_text_has_the_short_link_and_costs_what_that_costs(shop: ChannelConfiguration) -> None:
    message = send(shop, f"Look: {LONG}!")
    link = TrackedLink.objects.select_related("target").get(message_id=message.id)
    assert message.text == f"Look: https://go.example.com/{link.slug}!"
    assert message.segments == 1
    assert (link.target.owner, link.target.url) == ("channel:alerts", LONG)


def test_many_recipients_get_a_link_each_and_share_the_target(shop: ChannelConfiguration) -> None:
    submissions = [
        through_channel(shop, to=f"+1415555010{n}", text=f"Look: {LONG}", source=Source.API) for n in range(5)
    ]
    made = accept_many(submissions)
    assert not any(isinstance(one, GatewayError) for one in made)
    assert TrackedLink.objects.count() == TrackedLink.objects.values("message_id").distinct().count() == 5
    assert LinkTarget.objects.count() == 1


def test_without_the_switch_only_the_helper_tracks(channel: ChannelConfiguration) -> None:
    message = send(channel, f'{LONG} {{{{ "https://b.example" | track: "B" }}}}', personalise=True)
    assert message.text.startswith(f"{LONG} http")
    assert [target.written for target in LinkTarget.objects.all()] == ["B"]


def test_a_final_text_with_braces_is_tracked_and_not_rendered(shop: ChannelConfiguration) -> None:
    message = send(shop, "{{profile.x}} https://a.example", personalise=False)
    assert message.text.startswith("{{profile.x}} https://go.example.com/")


def test_what_no_link_may_lead_to_is_refused_and_nothing_kept(shop: ChannelConfiguration) -> None:
    with pytest.raises(TemplateInvalid, match="tracked link"):
        send(shop, "{{ profile.site | track }}", profile={"site": "javascript:alert(1)"})
    assert not Message.objects.exists()
    assert not TrackedLink.objects.exists()


def test_a_click_shows_on_the_message_and_on_the_links_screen(
    shop: ChannelConfiguration, admin_client: Client
) -> None:
    message = send(shop, "https://a.example/{{profile.id}}", profile={"id": 7})
    slug = message.text.rpartition("/")[2]
    answer = Client(HTTP_USER_AGENT=IPHONE).get(f"/{slug}")
    assert answer.headers["Location"] == "https://a.example/7"
    page = admin_client.get(reverse("admin:messaging_message_change", args=[message.pk])).content.decode()
    assert slug in page
    assert "https://a.example/7" in page
    listed = admin_client.get(reverse("admin:links_linktarget_changelist")).content.decode()
    assert "https://a.example/{{profile.id}}" in listed


def test_erasing_a_person_forgets_their_links(shop: ChannelConfiguration) -> None:
    send(shop, "https://a.example/{{profile.id}}", profile={"id": 7})
    erase_number("+14155550101")
    assert TrackedLink.objects.get().url == ""


@pytest.mark.parametrize(
    ("domain", "problem"),
    [("go.example.com", "SMSGATEWAY_ALLOWED_HOSTS"), ("https://x/", "Write a host"), ("testserver", "")],
)
def test_a_short_domain_has_to_lead_here(
    admin_client: Client, channel: ChannelConfiguration, domain: str, problem: str, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    page = reverse("admin:messaging_channelconfiguration_change", args=[channel.pk])
    form = admin_client.get(page).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    posted = {name: value for name, value in values.items() if value not in (None, False)}
    routes = {"routes-TOTAL_FORMS": "0", "routes-INITIAL_FORMS": "0"}
    answer = admin_client.post(page, {**posted, **routes, "link_domain": domain})
    if problem:
        assert problem in answer.content.decode()
    else:
        channel.refresh_from_db()
        assert channel.link_domain == domain


def test_a_target_that_was_rolled_back_is_made_again(shop: ChannelConfiguration) -> None:
    def fail() -> None:
        with transaction.atomic():
            send(shop, "See https://www.example.com/rolled")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    send(shop, "See https://www.example.com/rolled")
    assert LinkTarget.objects.get(written="https://www.example.com/rolled").links.count() == 1
