"""What each kind of message does: consent, waiting messages, profile, forwards, and exactly one reply or none."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from consent import confirming, ledger, reviews
from consent.models import ConsentEvent, ConsentReview, PendingOptIn
from core.clock import now
from core.vocabulary import Purpose
from messaging.models import ChannelConfiguration, Message, Source
from profiles.models import Profile
from tests.webhooks.conftest import PERSON, Post, inbound, only_request, queue, replies
from webhooks.models import CustomKeyword, Forward, InboundMessage, Webhook
from webhooks.services import save_webhook

DOUBLE = {"double_opt_in_keywords": "JOIN", "opt_out_purpose": "all"}
FUZZY = {"fuzzy_reply": True}


def changed(webhook: Webhook, **values: Any) -> None:
    for name, value in values.items():
        setattr(webhook, name, value)
    save_webhook(webhook=webhook, credential=webhook.credential)


def say(post: Post, *texts: str) -> None:
    for number, text in enumerate(texts):
        assert post(inbound(text, id=f"{number}-{text}")).status_code == 200


def kinds() -> list[str]:
    return list(ConsentEvent.objects.order_by("sequence").values_list("kind", flat=True))


def answers() -> list[str]:
    """Every automatic reply, oldest first."""
    sent = Message.objects.filter(source=Source.REPLY).order_by("created_at", "id")
    return [message.text for message in sent]


@dataclass(frozen=True)
class Case:
    """Settings of the webhook, what the person writes, the ledger afterwards, and a word of each reply."""

    name: str
    texts: tuple[str, ...]
    events: list[str]
    replies: list[str]
    settings: dict[str, Any] = field(default_factory=dict)


CASES = [
    Case("opt-out", ("STOP",), ["opt_out"], ["unsubscribed"]),
    Case("opt-out twice", ("STOP", "Stop."), ["opt_out", "opt_out"], ["unsubscribed"]),
    Case("back in", ("STOP", "START"), ["opt_out", "opt_in"], ["unsubscribed", "subscribed"]),
    Case("help when out", ("STOP", "HELP"), ["opt_out", "help"], ["unsubscribed", "help"]),
    Case("chat", ("see you at 5",), [], []),
    Case("default reply once", ("hello there", "and again"), [], ["open 9 to 5"], {"default_reply": "open 9 to 5"}),
    Case("no default reply when out", ("STOP", "hello"), ["opt_out"], ["unsubscribed"], {"default_reply": "hi"}),
    Case("asked to confirm", ("JOIN",), ["opt_in_pending"], ["confirm"], DOUBLE),
    Case("asked once", ("JOIN", "join!"), ["opt_in_pending"] * 2, ["confirm"], DOUBLE),
    Case(
        "confirmed", ("JOIN", "Yes"), ["opt_in_pending", "opt_in_confirmed"], ["confirm", "subscribed"], DOUBLE
    ),
    Case(
        "confirmed by an opt-in word",
        ("JOIN", "START"),
        ["opt_in_pending", "opt_in_confirmed"],
        ["confirm", "subscribed"],
        DOUBLE,
    ),
    Case(
        "declined", ("JOIN", "no"), ["opt_in_pending", "opt_in_declined"], ["confirm", "unsubscribed"], DOUBLE
    ),
    Case(
        "stopped instead of confirmed",
        ("JOIN", "STOP", "YES"),
        ["opt_in_pending", "opt_out", "opt_in"],
        ["confirm", "unsubscribed", "subscribed"],
        DOUBLE,
    ),
    Case("unclear", ("CANCIL",), ["possible_opt_out"], []),
    Case("unclear, asked", ("CANCIL",), ["possible_opt_out"], ["Did you want"], FUZZY),
    Case("unclear, asked once", ("CANCIL", "cancil"), ["possible_opt_out"] * 2, ["Did you want"], FUZZY),
    Case(
        "yes, unsubscribe",
        ("CANCIL", "yes"),
        ["possible_opt_out", "opt_out"],
        ["Did you want", "unsubscribed"],
        FUZZY,
    ),
    Case(
        "no, go on", ("CANCIL", "NO"), ["possible_opt_out", "review_decision"], ["Did you want"], FUZZY
    ),
    Case("yes without a question", ("CANCIL", "yes"), ["possible_opt_out", "opt_in"], ["subscribed"]),
    Case(
        "unclear after an opt-out", ("STOP", "CANCIL"), ["opt_out"], ["unsubscribed"], FUZZY
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_a_person_writes_has_its_effect(post: Post, webhook: Webhook, case: Case) -> None:
    changed(webhook, **case.settings)
    say(post, *case.texts)
    assert kinds() == case.events
    given = answers()
    assert len(given) == len(case.replies)
    assert all(words in text for words, text in zip(case.replies, given, strict=True))


def test_the_same_callback_again_does_nothing(post: Post, webhook: Webhook) -> None:
    changed(webhook, **DOUBLE, **FUZZY)
    for text in ("JOIN", "CANCIL", "hello"):
        for _ in range(3):
            post(inbound(text))
    assert sorted(kinds()) == ["opt_in_pending", "possible_opt_out"]
    assert InboundMessage.objects.count() == 3
    assert PendingOptIn.objects.count() == ConsentReview.objects.count() == 1


@pytest.mark.parametrize(
    ("honoured", "kind", "paused"),
    [(True, "opt_out", []), (False, "possible_opt_out", ["all"])],
    ids=["always honoured", "put before staff"],
)
def test_a_required_word_left_out_is_heeded_either_way(
    post: Post, webhook: Webhook, channel: ChannelConfiguration, honoured: bool, kind: str, paused: list[str]
) -> None:
    changed(webhook, opt_out_keywords="ARRET", honour_required=honoured)
    say(post, "QUIT")
    assert kinds() == [kind]
    found = list(ConsentReview.objects.values_list("kind", "paused"))
    assert found == [("required_word", purpose) for purpose in paused]


def test_a_no_never_dismisses_a_word_that_the_law_names(post: Post, webhook: Webhook) -> None:
    changed(webhook, opt_out_keywords="ARRET", honour_required=False, **FUZZY)
    say(post, "QUIT", "no")
    assert ConsentReview.objects.get().state == "open"
    assert "possible_opt_out" in kinds()
    assert "review_decision" not in kinds()


def test_a_near_miss_opens_a_review_that_staff_can_decide(post: Post, webhook: Webhook) -> None:
    say(post, "CANCIL")
    review = ConsentReview.objects.get()
    assert (review.kind, review.paused, review.purpose) == ("near_miss", "marketing", "all")
    reviews.decide(review, decision="opt_out", actor="ada")
    assert kinds() == ["possible_opt_out", "opt_out", "review_decision"]


def test_a_question_that_expired_owns_no_answer(post: Post, webhook: Webhook) -> None:
    changed(webhook, **DOUBLE)
    with time_machine.travel(now() - timedelta(hours=30)):
        say(post, "JOIN")
    confirming.expire()
    say(post, "NO")
    assert kinds() == ["opt_in_pending", "opt_out"]


def test_an_opt_out_of_staff_is_not_asked_away(post: Post, webhook: Webhook) -> None:
    changed(webhook, **DOUBLE)
    ledger.record(msisdn=PERSON, kind="opt_out", source="staff", actor="ada", reason="By phone")
    say(post, "JOIN")
    assert answers() == []
    assert "an opt-out stands" in only_request().reason


CUSTOM = {
    "reply": {"action": "reply", "message": "We open at {{profile.opens | default: 'nine'}}."},
    "tag": {"action": "tag", "attribute": "interest", "value": "pizza"},
    "tag with the word": {"action": "tag", "attribute": "interest"},
    "forward": {"action": "forward", "forward_url": "https://shop.example/sms", "message": "Thanks!"},
}


@pytest.mark.parametrize(
    ("action", "reply", "attributes", "urls"),
    [
        ("reply", ["We open at nine."], None, []),
        ("tag", [], {"interest": "pizza"}, []),
        ("tag with the word", [], {"interest": "PIZZA"}, []),
        ("forward", ["Thanks!"], None, ["https://shop.example/sms"]),
    ],
)
def test_a_custom_keyword_does_what_its_row_says_and_no_more(
    post: Post,
    webhook: Webhook,
    action: str,
    reply: list[str],
    attributes: dict[str, str] | None,
    urls: list[str],
) -> None:
    CustomKeyword.objects.create(webhook=webhook, name="Food", keywords="PIZZA, MENU", **CUSTOM[action])
    changed(webhook)
    say(post, "pizza!")
    message = InboundMessage.objects.get()
    assert (message.intent, message.category, message.keyword) == ("custom", "Food", "PIZZA")
    assert answers() == reply
    assert all(sent.purpose == Purpose.TRANSACTIONAL for sent in Message.objects.all())
    assert Profile.objects.filter(msisdn=PERSON).values_list("attributes", flat=True).first() == attributes
    assert list(Forward.objects.values_list("url", flat=True)) == urls
    assert kinds() == []


def test_somebody_who_opted_out_gets_no_reply_to_a_custom_keyword(post: Post, webhook: Webhook) -> None:
    CustomKeyword.objects.create(webhook=webhook, name="Hours", keywords="HOURS", **CUSTOM["reply"])
    changed(webhook)
    say(post, "STOP", "HOURS")
    assert len(answers()) == len(replies()) == 1


def test_a_message_that_waits_is_paused_until_the_review_is_decided(
    post: Post, webhook: Webhook, channel: ChannelConfiguration
) -> None:
    waiting = queue(channel)
    say(post, "CANCIL")
    assert Message.objects.get(pk=waiting.pk).state == "queued"
    states = ledger.states_for([waiting.subject_id])[waiting.subject_id]
    decision = ledger.decide(states, sender="", purpose=Purpose.MARKETING, require_opt_in=False)
    assert (decision.allowed, decision.reason) == (False, "consent_paused")
