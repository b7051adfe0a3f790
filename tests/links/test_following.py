"""The redirect: leads to what is stored, counts people once, and gives guessers nothing."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.clock import now
from links.drafting import Drafts, LinkOptions
from links.erasing import erase_messages
from links.models import Click, LinkTarget, TrackedLink
from links.storing import forget, store
from links.throttle import MOST_MISSES, MissThrottle, throttle
from tests.links.test_visitors import IPHONE

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> None:
    throttle.forget()
    forget()


@pytest.fixture
def person(client: Client) -> Client:
    client.defaults["HTTP_USER_AGENT"] = IPHONE
    return client


def link(
    url: str = "https://a.example/x", *, written: str = "", message: uuid.UUID | None = None, **options: Any
) -> str:
    chosen = LinkOptions(owner="channel:shop", base="https://go.example.com", tracks_all=True, **options)
    drafts = Drafts(chosen)
    drafts._shorten(url, written or url)
    store([(drafts.made[0], message or uuid.uuid4())], moment=now())
    return drafts.made[0].slug


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("https://shop.example/скидка", "https://shop.example/%D1%81%D0%BA%D0%B8%D0%B4%D0%BA%D0%B0"),
        ("https://shop.example/münchen?q=ü%20x", "https://shop.example/m%C3%BCnchen?q=%C3%BC%20x"),
        ("https://bücher.example:8443/", "https://xn--bcher-kva.example:8443/"),
        ("https://a.example/|x", "https://a.example/|x"),
    ],
)
def test_addresses_in_any_script_arrive(person: Client, url: str, location: str) -> None:
    answer = person.get(f"/{link(url)}")
    assert (answer.status_code, answer.headers["Location"]) == (302, location)


def test_a_click_leads_on_and_is_counted_once_as_a_person(person: Client) -> None:
    slug = link()
    for _ in range(3):
        answer = person.get(f"/{slug}?next=https://evil.example")
        assert (answer.status_code, answer.headers["Location"]) == (302, "https://a.example/x")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    target = LinkTarget.objects.get()
    assert (target.clicks, target.people, target.machine_clicks) == (3, 1, 0)
    kept = TrackedLink.objects.get(slug=slug)
    assert kept.clicks == 3
    assert kept.first_click_at is not None
    assert Click.objects.filter(link_id=slug, kind="person", reason="").count() == 3


def test_previews_and_head_lead_on_and_are_counted_apart(person: Client) -> None:
    slug = link()
    assert person.head(f"/{slug}").headers["Location"] == "https://a.example/x"
    assert person.get(f"/{slug}", HTTP_USER_AGENT="WhatsApp/2.23 A").status_code == 302
    target = LinkTarget.objects.get()
    assert (target.clicks, target.people, target.machine_clicks) == (0, 0, 2)
    assert list(Click.objects.values_list("reason", flat=True)) == ["not_get", "link_preview"]
    assert TrackedLink.objects.get().first_click_at is None


def test_two_recipients_share_the_target_and_not_the_link(person: Client) -> None:
    one, two = link(), link()
    assert one != two
    assert LinkTarget.objects.count() == 1
    person.get(f"/{one}")
    person.get(f"/{two}")
    assert LinkTarget.objects.get().people == 2


def test_an_edited_target_moves_links_that_were_sent(person: Client) -> None:
    slug = link()
    LinkTarget.objects.update(url="https://new.example/")
    assert person.get(f"/{slug}").headers["Location"] == "https://new.example/"
    link()  # sending the same text again changes nothing about it
    assert LinkTarget.objects.get().url == "https://new.example/"


def test_a_personal_address_leads_each_recipient_to_their_own(person: Client) -> None:
    written = "https://a.example/{{profile.id}}"
    one, two = link("https://a.example/1", written=written), link("https://a.example/2", written=written)
    assert [person.get(f"/{slug}").headers["Location"][-1] for slug in (one, two)] == ["1", "2"]
    target = LinkTarget.objects.get()
    assert target.is_personal
    assert target.people == 2


@pytest.mark.parametrize("written", ["Spring", "https://a.example/{{profile.id}}"])
def test_an_address_for_all_comes_before_each_ones_own_and_can_be_taken_back(
    written: str, person: Client, admin_client: Client
) -> None:
    slugs = [link(f"https://a.example/{n}", written=written) for n in (1, 2)]
    page = reverse("admin:links_linktarget_change", args=[LinkTarget.objects.get().pk])
    for entered, leads in (
        ("https://new.example/", ["https://new.example/"] * 2),
        ("", ["https://a.example/1", "https://a.example/2"]),
    ):
        assert admin_client.post(page, {"url": entered, "fallback_url": ""}).status_code == 302
        assert [person.get(f"/{slug}").headers["Location"] for slug in slugs] == leads


def test_an_address_that_all_share_cannot_be_blanked(person: Client, admin_client: Client) -> None:
    slug = link()
    page = reverse("admin:links_linktarget_change", args=[LinkTarget.objects.get().pk])
    refused = admin_client.post(page, {"url": "", "fallback_url": ""})
    assert refused.context["adminform"].form.errors.keys() == {"url"}
    assert person.get(f"/{slug}").status_code == 302


def test_a_name_that_is_another_address_does_not_lead_there(person: Client) -> None:
    link("https://a.example/x")
    assert (
        person.get(f"/{link('https://b.example/', written='https://a.example/x')}").headers["Location"]
        == "https://b.example/"
    )


def test_an_expired_link_leads_to_its_fallback_or_says_so(person: Client) -> None:
    plain, other = link(days=1), link("https://b.example", days=1, fallback_url="https://shop.example/")
    for slug in (plain, other):
        assert person.get(f"/{slug}").status_code == 302
    TrackedLink.objects.update(expires_at=now() - timedelta(seconds=1))
    gone = person.get(f"/{plain}")
    assert (gone.status_code, "expired" in gone.content.decode()) == (410, True)
    assert person.get(f"/{other}").headers["Location"] == "https://shop.example/"


@pytest.mark.parametrize("slug", ["aaaaaaaaaaa", "AAAAAAAAAA0"])
def test_an_unknown_link_gets_a_page(person: Client, slug: str) -> None:
    answer = person.get(f"/{slug}")
    assert answer.status_code == 404
    assert "No such link" in answer.content.decode()


def test_guessing_is_stopped_and_others_go_on(person: Client) -> None:
    slug = link()
    for number in range(MOST_MISSES):
        assert person.get(f"/{number:011}", REMOTE_ADDR="203.0.113.7").status_code == 404
    stopped = person.get(f"/{slug}", REMOTE_ADDR="203.0.113.7")
    assert stopped.status_code == 429
    assert 0 < int(stopped.headers["Retry-After"]) <= 60
    assert person.get(f"/{slug}", REMOTE_ADDR="203.0.113.8").status_code == 302


def test_one_subscriber_of_ipv6_is_one_caller() -> None:
    throttle = MissThrottle()
    for number in range(MOST_MISSES):
        throttle.note_miss(f"2001:db8:1:2::{number:x}")
    assert throttle.seconds_to_wait("2001:db8:1:2:ffff::1") > 0
    assert throttle.seconds_to_wait("2001:db8:1:3::1") == 0


def test_only_looking_is_allowed(person: Client) -> None:
    assert person.post(f"/{link()}").status_code == 405


def test_erasing_forgets_where_a_personal_link_led(person: Client) -> None:
    message = uuid.uuid4()
    slug = link("https://a.example/1", written="https://a.example/{{profile.id}}", message=message)
    person.get(f"/{slug}")
    assert erase_messages([message]) == 1
    assert person.get(f"/{slug}").status_code == 410
    assert not Click.objects.exclude(user_agent="").filter(at__lt=now() - timedelta(days=1)).exists()
    assert LinkTarget.objects.get().people == 1
