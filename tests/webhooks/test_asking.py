"""Asking providers about messages whose answer was lost: when, how it is signed, and what their answers settle."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
import responses
from django.utils import timezone

from core.numbers import parse_number
from credentials import storing
from credentials.models import ApiCredential
from credentials.vendors import VENDORS
from messaging import lookups
from messaging.accept import accept, through_channel
from messaging.erasing import erase_number
from messaging.models import Breaker, BreakerState, Message, MessageEvent, MessagePart, Source, StatusLookup
from messaging.states import PartState, State
from tests.webhooks.conftest import PERSON, make_channel
from webhooks.asking import ask_due
from webhooks.models import Webhook
from webhooks.services import create_webhook

ASK = "https://provider.example/status"
NOTHING_KNOWN = "The provider knows nothing of it."


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(target="core.http.GuardedAdapter.send") as mock:
        yield mock


@pytest.fixture
def asked(credential: ApiCredential) -> ApiCredential:
    """A credential that says where to ask."""
    credential.lookup_url = f"{ASK}?ref={{{{partReference}}}}"
    credential.save()
    return credential


def lost(credential: ApiCredential, *, ago: float = 60, text: str = "Hello") -> Message:
    """A message of which nobody knows whether the provider has it."""
    channel = make_channel(credential, name=f"shop {Message.objects.count()}")
    message = accept(through_channel(channel, to=PERSON, text=text, source=Source.API))
    for state in (State.CLAIMED, State.SENDING, State.UNKNOWN):
        Message.objects.filter(pk=message.pk).update(
            state=state, due_at=timezone.now() - timedelta(seconds=ago)
        )
    message.parts.update(state=PartState.UNKNOWN)
    message.refresh_from_db()
    return message


def report(message: Message, status: str = "delivered", **values: Any) -> dict[str, Any]:
    """An answer in the form of the custom vendor's delivery report."""
    base = {
        "type": "delivery_report",
        "messageId": "p1",
        "clientReference": str(message.pk),
        "to": PERSON,
        "status": status,
    }
    return {**base, **values}


def said(message: Message) -> str:
    return StatusLookup.objects.get(pk=message.pk).said


def state(message: Message) -> str:
    return Message.objects.values_list("state", flat=True).get(pk=message.pk)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("delivered", State.DELIVERED),
        ("undelivered", State.UNDELIVERED),
        ("sent", State.SENT),
        ("queued", State.ACCEPTED),
    ],
)
def test_what_the_provider_says_settles_the_message(
    asked: ApiCredential, wire: responses.RequestsMock, word: str, expected: State
) -> None:
    message = lost(asked)
    wire.get(ASK, json=report(message, word))
    assert ask_due() == 1
    assert state(message) == expected
    assert MessagePart.objects.get(message=message).provider_id == "p1"
    assert said(message) == f'The provider says "{word}".'
    event = MessageEvent.objects.filter(message=message).latest("id")
    assert (event.before, event.after, event.detail) == ("unknown", expected, f"{word} (asked)")


def test_it_is_asked_with_get_signed_like_a_message(
    asked: ApiCredential, wire: responses.RequestsMock
) -> None:
    message = lost(asked)
    wire.get(ASK, status=404)
    ask_due()
    request = wire.calls[0].request
    assert (request.method, request.url) == ("GET", f"{ASK}?ref={message.pk}")
    assert request.headers["Authorization"] == "Bearer token-1234"
    assert not request.body
    assert "Content-Type" not in request.headers


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"status": 404}, NOTHING_KNOWN),
        ({"json": []}, NOTHING_KNOWN),
        ({"status": 500}, "The provider answered the question with HTTP 500."),
        ({"status": 401}, "The provider answered the question with HTTP 401."),
        ({"body": "<html>", "content_type": "text/html"}, "The provider's answer cannot be read"),
        ({"body": requests.ConnectionError("gone")}, "The provider could not be asked"),
    ],
)
def test_an_answer_that_tells_nothing_moves_nothing(
    asked: ApiCredential, wire: responses.RequestsMock, answer: dict[str, Any], words: str
) -> None:
    message = lost(asked)
    wire.get(ASK, **answer)
    ask_due()
    assert state(message) == State.UNKNOWN
    assert said(message).startswith(words)


@pytest.mark.parametrize(
    "values", [{"clientReference": ""}, {"clientReference": "01990000-0000-7000-8000-000000000001"}]
)
def test_a_status_of_another_message_moves_nothing(
    asked: ApiCredential, wire: responses.RequestsMock, values: dict[str, Any]
) -> None:
    """A provider that does not know the filter answers with whatever was sent last."""
    message = lost(asked)
    wire.get(ASK, json=report(message, **values))
    ask_due()
    assert (state(message), said(message)) == (State.UNKNOWN, NOTHING_KNOWN)


def test_a_word_nobody_knows_moves_nothing_and_says_where_to_explain_it(
    asked: ApiCredential, wire: responses.RequestsMock
) -> None:
    message = lost(asked)
    wire.get(ASK, json=report(message, "zorbed"))
    ask_due()
    assert state(message) == State.UNKNOWN
    assert said(message).startswith('The provider says "zorbed", and what that means is not known')


@pytest.mark.parametrize("word", ["unknown", "error", "invalid", "success"])
def test_a_word_that_may_be_about_the_question_counts_only_where_somebody_says_so(
    asked: ApiCredential, wire: responses.RequestsMock, word: str
) -> None:
    message = lost(asked)
    wire.get(ASK, json=report(message, word))
    ask_due()
    assert (state(message), "add it to Status words" in said(message)) == (State.UNKNOWN, True)
    webhook = create_webhook(credential=asked, name="Shop", brand="Acme", help_contact="help@acme.test")
    Webhook.objects.filter(pk=webhook.pk).update(status_map=json.dumps({word: "failed"}))
    lookups.ask_now([message])
    ask_due()
    assert state(message) == State.UNDELIVERED


def test_a_long_answer_is_read_to_its_end_and_in_its_own_charset(
    asked: ApiCredential, wire: responses.RequestsMock
) -> None:
    message = lost(asked)
    others = [report(message, clientReference=str(index), text="é" * 90) for index in range(100)]
    body = json.dumps([*others, report(message)], ensure_ascii=False).encode("latin-1")
    wire.get(ASK, body=body, content_type="application/json; charset=iso-8859-1")
    ask_due()
    assert (len(body) > 20_000, state(message)) == (True, State.DELIVERED)


def test_the_webhook_says_how_the_answer_is_read(asked: ApiCredential, wire: responses.RequestsMock) -> None:
    webhook = create_webhook(credential=asked, name="Shop", brand="Acme", help_contact="help@acme.test")
    Webhook.objects.filter(pk=webhook.pk).update(
        lookup_mapping='[{"ref": "{{client_reference}}", "state": "{{feedbackStatus}}"}]',
        status_map='{"zorbed": "delivered"}',
    )
    message = lost(asked)
    wire.get(ASK, json=[{"ref": "other", "state": "failed"}, {"ref": str(message.pk), "state": "zorbed"}])
    ask_due()
    assert state(message) == State.DELIVERED


def test_each_part_is_asked_about_by_its_own_reference(
    asked: ApiCredential, wire: responses.RequestsMock
) -> None:
    asked.max_length = 160
    asked.save()
    message = lost(asked, text="word " * 40)
    parts = list(message.parts.order_by("number"))
    parts[0].state, parts[0].provider_id = PartState.ACCEPTED, "p-first"
    parts[0].save()
    wire.get(ASK, json=[report(message, messageId="p-first"), report(message, messageId="p-second")])
    ask_due()
    assert [call.request.url for call in wire.calls] == [f"{ASK}?ref={message.pk}.2"]
    assert [part.state for part in message.parts.order_by("number")] == ["accepted", "delivered"]
    assert state(message) == State.ACCEPTED


def test_an_id_of_the_whole_message_names_a_later_part_only_where_no_other_can_be_meant(
    asked: ApiCredential, wire: responses.RequestsMock
) -> None:
    asked.max_length = 160
    asked.save()
    message = lost(asked, text="word " * 40)
    first = message.parts.filter(number=1)
    first.update(state=PartState.ACCEPTED, provider_id="")
    wire.get(ASK, json=report(message, messageId="p-any"))
    ask_due()
    assert [part.provider_id for part in message.parts.order_by("number")] == ["", ""]
    first.update(provider_id="p-first")
    lookups.ask_now([message])
    ask_due()
    assert [part.provider_id for part in message.parts.order_by("number")] == ["p-first", "p-any"]


def test_a_rest_that_was_never_sent_ends_the_questions_and_is_told(
    asked: ApiCredential, wire: responses.RequestsMock
) -> None:
    asked.max_length = 160
    asked.save()
    message = lost(asked, text="word " * 40)
    message.parts.filter(number=2).update(state=PartState.WAITING)
    wire.get(ASK, json=report(message, clientReference=f"{message.pk}"))
    ask_due()
    StatusLookup.objects.update(next_at=timezone.now())
    assert ask_due() == 1
    row = StatusLookup.objects.get(pk=message.pk)
    assert (state(message), row.next_at, "The rest was never sent" in row.said) == (State.UNKNOWN, None, True)
    assert len(wire.calls) == 1
    assert ask_due() == 0


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_refusal_that_all_would_get_ends_the_round_for_that_provider(
    asked: ApiCredential, wire: responses.RequestsMock, status: int
) -> None:
    lost(asked, ago=90)
    lost(asked, ago=80)
    wire.get(ASK, status=status)
    assert ask_due() == 1
    assert len(wire.calls) == 1


def test_paused_credentials_are_not_asked(asked: ApiCredential, wire: responses.RequestsMock) -> None:
    message = lost(asked)
    ApiCredential.objects.update(paused_at=timezone.now())
    assert ask_due() == 0
    assert lookups.ask_now([message]) == 0
    assert not lookups.can_be_asked(Message.objects.select_related("credential").get(pk=message.pk))
    ApiCredential.objects.update(paused_at=None)
    wire.get(ASK, json=report(message))
    assert ask_due() == 1


def test_what_was_settled_meanwhile_is_dropped_from_the_list(asked: ApiCredential) -> None:
    message = lost(asked)
    lookups.begin()
    Message.objects.filter(pk=message.pk).update(state=State.DELIVERED)
    StatusLookup.objects.update(next_at=timezone.now() - timedelta(seconds=1))
    assert ask_due() == 0
    assert StatusLookup.objects.get(pk=message.pk).next_at is None


def test_it_is_asked_again_ever_more_seldom_and_at_last_no_more(
    asked: ApiCredential, wire: responses.RequestsMock
) -> None:
    message = lost(asked)
    wire.get(ASK, status=404)
    waits = []
    for _ in range(20):
        ask_due()
        row = StatusLookup.objects.get(pk=message.pk)
        if row.next_at is None:
            break
        waits.append((row.next_at - row.asked_at).total_seconds())
        StatusLookup.objects.update(next_at=timezone.now())
    assert waits == sorted(waits)
    assert (waits[0], len(waits), row.times) == (60, 7, 8)
    assert ask_due() == 0


@pytest.mark.parametrize("ago", [0, 5, 3 * 24 * 3600])
def test_a_late_answer_has_some_seconds_first_and_what_is_old_is_left_to_staff(
    asked: ApiCredential, ago: float
) -> None:
    lost(asked, ago=ago)
    assert ask_due() == 0


def test_without_an_address_nobody_is_asked(credential: ApiCredential) -> None:
    lost(credential)
    assert ask_due() == 0
    assert not StatusLookup.objects.exists()


def test_a_message_that_is_lost_once_more_is_a_new_question(
    asked: ApiCredential, wire: responses.RequestsMock
) -> None:
    message = lost(asked)
    wire.get(ASK, status=404)
    ask_due()
    hour = timedelta(hours=1)
    StatusLookup.objects.update(next_at=timezone.now() + hour, times=8, asked_at=timezone.now() - hour)
    assert ask_due() == 1
    assert StatusLookup.objects.get(pk=message.pk).times == 1


def test_a_provider_that_does_not_answer_is_asked_once_a_round_and_holds_up_nobody(
    asked: ApiCredential, wire: responses.RequestsMock
) -> None:
    other = ApiCredential.objects.create(
        name="Alive",
        provider_url="https://alive.example/messages",
        api_token="token-1234",
        lookup_url="https://alive.example/status?ref={{messageId}}",
    )
    dead = [lost(asked, ago=90), lost(asked, ago=80)]
    alive = lost(other, ago=70)
    wire.get(ASK, body=requests.ConnectionError("gone"))
    wire.get("https://alive.example/status", json=report(alive))
    assert ask_due() == 2
    assert state(alive) == State.DELIVERED
    assert [said(message) for message in dead] == [
        "The provider could not be asked: The provider's answer was lost.",
        "",
    ]


def test_a_provider_that_is_known_to_be_down_is_not_asked(asked: ApiCredential) -> None:
    lost(asked)
    Breaker.objects.create(credential=asked, state=BreakerState.OPEN)
    assert ask_due() == 0


def test_two_workers_do_not_ask_about_the_same_message(asked: ApiCredential) -> None:
    lost(asked)
    lookups.begin()
    assert len(lookups.take_due(5)) == 1
    assert lookups.take_due(5) == []


def test_nothing_of_an_erased_person_is_kept(asked: ApiCredential, wire: responses.RequestsMock) -> None:
    lost(asked)
    wire.get(ASK, status=404)
    ask_due()
    erase_number(parse_number(PERSON))
    assert ask_due() == 0
    assert not StatusLookup.objects.exists()


# --- Presets, by the answers their documentation shows.


def stored(vendor: str, **inputs: str) -> ApiCredential:
    credential: ApiCredential = storing.store(
        credential=ApiCredential(), name=vendor, preset=VENDORS[vendor], inputs=inputs
    )
    return credential


def test_sinch_is_asked_by_our_reference(db: None, wire: responses.RequestsMock) -> None:
    message = lost(stored("sinch", service_plan_id="plan", api_token="token-1234"))
    row = {
        "at": "2026-01-03T12:53:09.286Z", "batch_id": "01HJ39C00N", "code": 0, "recipient": "14155550123",
        "status": "Delivered", "client_reference": str(message.pk), "type": "recipient_delivery_report_sms",
    }  # fmt: skip
    url = f"https://us.sms.api.sinch.com/xms/v1/plan/delivery_reports?client_reference={message.pk}"
    wire.get(url, json={"count": 1, "page": 0, "page_size": 30, "delivery_reports": [row]})
    ask_due()
    assert state(message) == State.DELIVERED
    assert Message.objects.get(pk=message.pk).provider_id == "01HJ39C00N"


def test_infobip_is_asked_by_the_id_we_gave_the_message(db: None, wire: responses.RequestsMock) -> None:
    message = lost(stored("infobip", api_key="key-1234"))
    row = {
        "messageId": str(message.pk), "destination": "14155550123", "sentAt": "2026-02-23T17:40:31.773+0100",
        "doneAt": "2026-02-23T17:40:31.787+0100", "messageCount": 1,
        "status": {"groupId": 3, "groupName": "DELIVERED", "id": 5, "name": "DELIVERED_TO_HANDSET"},
        "error": {"groupId": 0, "groupName": "OK", "id": 0, "name": "NO_ERROR", "permanent": False},
    }  # fmt: skip
    wire.get(f"https://api.infobip.com/sms/3/logs?messageId={message.pk}", json={"results": [row]})
    ask_due()
    assert state(message) == State.DELIVERED


@pytest.mark.parametrize(
    ("vendor", "inputs", "answer"),
    [
        (
            "sinch",
            {"service_plan_id": "plan", "api_token": "token-1234"},
            {"count": 0, "delivery_reports": []},
        ),
        ("infobip", {"api_key": "key-1234"}, {"results": []}),
    ],
)
def test_an_empty_list_is_no_answer(
    db: None, wire: responses.RequestsMock, vendor: str, inputs: dict[str, str], answer: dict[str, Any]
) -> None:
    message = lost(stored(vendor, **inputs))
    wire.get(re.compile("https://"), json=answer)
    ask_due()
    assert (state(message), said(message)) == (State.UNKNOWN, NOTHING_KNOWN)
