"""Answers by hand: back the way the question came, within the consent rules, once."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
import responses

from consent import ledger, reviews
from conversations import replying
from conversations.models import Conversation
from core.errors import GatewayError, ReplyRefused
from core.vocabulary import Purpose
from credentials.models import ApiCredential
from messaging import delivery
from messaging.models import ChannelConfiguration, ChannelStatus, Message, Route, Source
from messaging.states import State
from tests.conversations.conftest import OURS, PERSON, Sent, Wrote
from webhooks.models import Webhook


def answer(text: str = "It arrives today.", key: object = None) -> Message:
    return replying.reply(msisdn=PERSON, text=text, key=key or uuid4(), actor="ada")  # type: ignore[arg-type]


def test_an_answer_leaves_the_way_the_question_came(wrote: Wrote, channel: ChannelConfiguration) -> None:
    wrote()
    message = answer()
    assert (message.msisdn, message.sender, message.channel, message.credential) == (
        PERSON,
        OURS,
        channel,
        channel.credential,
    )
    assert (message.purpose, message.source) == (Purpose.TRANSACTIONAL, Source.ADMIN)
    with responses.RequestsMock(target="core.http.GuardedAdapter.send") as provider:
        provider.post("https://provider.example/messages", json={"id": "p-out-1"})
        delivery.deliver_one(message.id)
        body = json.loads(provider.calls[0].request.body)
    assert body == {"to": PERSON, "content": "It arrives today.", "replyTo": "p-in-1"}
    message.refresh_from_db()
    assert message.state == State.ACCEPTED


def test_routes_do_not_lead_an_answer_elsewhere(wrote: Wrote, channel: ChannelConfiguration) -> None:
    elsewhere = ApiCredential.objects.create(
        name="Elsewhere", provider_url="https://other.example/", payload=channel.credential.payload
    )
    Route.objects.create(channel=channel, credential=elsewhere, name="r", senders="+15005550009", position=1)
    wrote()
    assert (answer().credential_id, Message.objects.get().sender) == (channel.credential_id, OURS)


@pytest.mark.parametrize(("recipient", "sender"), [("14155550100", OURS), ("", OURS), ("+14155559999", OURS)])
def test_a_number_the_provider_writes_its_own_way_is_ours(wrote: Wrote, recipient: str, sender: str) -> None:
    wrote(recipient=recipient)
    assert answer().sender == sender


def test_what_staff_type_is_sent_as_it_is(wrote: Wrote) -> None:
    wrote()
    assert answer("{{profile.firstName}} & <b>").text == "{{profile.firstName}} & <b>"


def test_sending_a_form_twice_sends_once(wrote: Wrote) -> None:
    wrote()
    key = uuid4()
    assert answer(key=key).pk == answer(key=key).pk
    assert Message.objects.count() == 1
    assert answer("Another text", key=key).text == "Another text"


def test_answering_marks_the_conversation(wrote: Wrote) -> None:
    wrote()
    message = answer()
    mark = Conversation.objects.get(msisdn=PERSON)
    assert (mark.answered_by, mark.seen_by, mark.answered_at) == ("ada", "ada", message.created_at)


@pytest.mark.parametrize(
    ("purpose", "refused"), [("all", True), ("transactional", True), ("marketing", False)]
)
def test_an_opt_out_forbids_what_it_covers(wrote: Wrote, purpose: str, refused: bool) -> None:
    wrote()
    ledger.record(msisdn=PERSON, kind="opt_out", source="keyword", purpose=purpose)
    assert ("has opted out" in replying.way_back(PERSON).refused) is refused
    if refused:
        with pytest.raises(ReplyRefused, match="has opted out"):
            answer()
        assert Message.objects.count() == 0
    else:
        assert answer().state == State.QUEUED


def test_an_opt_out_after_the_answer_stops_it(wrote: Wrote) -> None:
    wrote()
    message = answer()
    ledger.record(msisdn=PERSON, kind="opt_out", source="keyword")
    delivery.deliver_one(message.id)
    message.refresh_from_db()
    assert message.state == State.SUPPRESSED


def test_a_possible_opt_out_is_decided_first(wrote: Wrote) -> None:
    wrote()
    reviews.open_review(
        msisdn=PERSON,
        kind="required_word",
        scope="all",
        purpose="all",
        text="revoke?",
        rule_version="keywords-2/required_word",
    )
    assert "review queue" in replying.way_back(PERSON).refused


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("nobody", "Nobody wrote"),
        ("webhook", "was deleted"),
        ("draft", "is a draft"),
        ("sender", "no active channel"),
    ],
)
def test_without_a_way_back_the_page_says_what_to_do(
    wrote: Wrote, webhook: Webhook, channel: ChannelConfiguration, broken: str, says: str
) -> None:
    if broken != "nobody":
        wrote(webhook=None if broken == "webhook" else webhook, recipient="" if broken == "sender" else OURS)
    if broken in ("draft", "sender"):
        ChannelConfiguration.objects.update(status=ChannelStatus.DRAFT)
    assert says in replying.way_back(PERSON).refused
    with pytest.raises(ReplyRefused):
        answer()


@pytest.mark.parametrize("text", ["", "   ", "x" * 1501])
def test_a_text_that_cannot_be_sent_is_refused(wrote: Wrote, text: str) -> None:
    wrote()
    with pytest.raises(GatewayError):
        answer(text)
    assert not Conversation.objects.exists()


@pytest.mark.parametrize(
    ("text", "segments", "encoding", "culprits"),
    [("Hi", 1, "GSM-7", []), ("x" * 161, 2, "GSM-7", []), ("Привет", 1, "UCS-2", list("Привет"))],
)
def test_the_counter_says_what_leaves(
    credential: ApiCredential, text: str, segments: int, encoding: str, culprits: list[str]
) -> None:
    assert replying.counted(text=text, credential=credential) == {
        "segments": segments,
        "encoding": encoding,
        "culprits": culprits,
    }


def test_a_message_of_ours_alone_is_no_question(sent: Sent) -> None:
    sent()
    assert "Nobody wrote" in replying.way_back(PERSON).refused
