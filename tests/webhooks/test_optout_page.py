from __future__ import annotations

import pytest
from django.conf import settings

from consent import erasing, optout
from consent.models import ConsentEvent, OptOutLink
from consent.optout_texts import TEXTS, language_of
from consent.selectors import history
from messaging.accept import accept, through_channel
from messaging.models import Message, Source
from webhooks.models import OptOutScope

pytestmark = pytest.mark.django_db
ADA = "+14155550101"


@pytest.fixture
def link(webhook, channel):
    accept(through_channel(channel, to=ADA, text="Sale! {{optOutUrl}}", source=Source.API), wake=False)
    return OptOutLink.objects.get()


def page(client, link, method="get", **headers):
    return getattr(client, method)(f"/optout/{link.token}", headers=headers)


def test_a_message_carries_a_short_link_without_the_number(link):
    text = Message.objects.get().text
    assert text == f"Sale! {settings.SMSGATEWAY_PUBLIC_URL}/optout/{link.token}"
    assert len(link.token) == 12
    assert "4155550101" not in text


def test_the_link_of_a_person_and_sender_stays_the_same(link, channel):
    again = optout.url_for(msisdn=ADA, sender=channel.sender, reference=link.reference)
    assert again.endswith(link.token)
    assert optout.url_for(msisdn=ADA, sender="ACME", reference=link.reference) != again
    assert OptOutLink.objects.count() == 2


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_looking_changes_nothing(client, link, method):
    answer = page(client, link, method)
    assert answer.status_code == (405 if method == "options" else 200)
    assert not ConsentEvent.objects.exists()
    assert Message.objects.get().state == "queued"
    assert "Set-Cookie" not in answer.headers


def test_the_button_opts_out_with_url_address_agent_and_words_shown(client, link, webhook):
    answer = page(client, link, "post", user_agent="Phone/1.0", accept_language="de-DE,de;q=0.9")
    assert "Erledigt" in answer.content.decode()
    assert Message.objects.get().state == "suppressed"
    (one,) = history(ADA)
    assert (one.event.source, one.event.scope, one.event.purpose, one.number) == ("web", "all", "all", ADA)
    assert (one.evidence["ip"], one.evidence["user_agent"]) == ("127.0.0.1", "Phone/1.0")
    assert one.evidence["url"].endswith(link.token)
    assert webhook.brand in one.evidence["shown"]
    assert "SMS" in one.evidence["shown"]


def test_pressing_twice_records_once(client, link):
    assert [page(client, link, "post").status_code for _ in range(2)] == [200, 200]
    assert ConsentEvent.objects.count() == 1


def test_it_reaches_as_far_as_a_stop_to_the_same_webhook(client, link, webhook):
    webhook.opt_out_scope, webhook.opt_out_purpose = OptOutScope.SENDER, "marketing"
    webhook.save()
    page(client, link, "post")
    event = ConsentEvent.objects.get()
    assert (event.scope, event.purpose) == (f"sender:{link.sender}", "marketing")


def test_without_a_webhook_the_sender_is_the_brand_and_everything_stops(client, db):
    url = optout.url_for(msisdn=ADA, sender="ACME", reference="credential:none")
    path = url.removeprefix(settings.SMSGATEWAY_PUBLIC_URL)
    assert "Stop messages from ACME" in client.get(path).content.decode()
    client.post(path)
    assert ConsentEvent.objects.get().scope == "all"


@pytest.mark.parametrize("token", ["x", "A" * 12, "A" * 60, "%00", "..%2f"])
def test_an_unknown_link_says_what_helps(client, db, token):
    answer = client.get(f"/optout/{token}")
    assert answer.status_code == 404


def test_a_person_erased_meanwhile_can_still_press(client, link):
    erasing.erase(msisdn=ADA, actor="olga", reason="asked")
    assert page(client, link, "post").status_code == 200
    assert all(one.erased for one in history(ADA))


@pytest.mark.parametrize("language", TEXTS)
def test_every_language_has_its_page(client, link, language, webhook):
    answer = page(client, link, accept_language=f"{language}-XX,en;q=0.5")
    content = answer.content.decode()
    assert f'<html lang="{language}">' in content
    assert webhook.brand in content
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert client.get(f"/optout/{link.token}?language={language}").content.decode() == content


@pytest.mark.parametrize(
    ("header", "language"),
    [("", "en"), ("fr-CA", "fr"), ("ja, nl;q=0.3", "nl"), ("ja", "en"), ("*", "en"), ("x" * 5000, "en")],
)
def test_the_language_is_the_browsers(header, language):
    assert language_of(header) == language


def test_the_token_stands_in_no_log():
    import logging

    from core.logs import MaskCallbackTokens

    record = logging.LogRecord("x", 20, "x", 1, '"GET /optout/abcDEF123456 HTTP/1.1" 200', (), None)
    MaskCallbackTokens().filter(record)
    assert "abcDEF123456" not in record.getMessage()
