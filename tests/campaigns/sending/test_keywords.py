"""A keyword triggers a campaign: once, with what the person wrote, within the consent rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from campaigns import steps
from campaigns.keyword_actions import run_keyword_actions
from campaigns.models import Campaign, CampaignVariant, Recipient
from messaging.models import ChannelConfiguration, Message
from tests.campaigns.sending.conftest import number
from tests.threads import run_together
from webhooks import outbox
from webhooks.models import InboundMessage, KeywordOutbox

Asked = Callable[..., KeywordOutbox]


@pytest.fixture
def offer(channel: ChannelConfiguration, version: Any) -> Campaign:
    made = Campaign.objects.create(name="Offer", kind="triggered", channel=channel, created_by="ada")
    text = "You wrote {{ context.text }}, {{ context.keyword }} of {{ context.category }}"
    CampaignVariant.objects.create(campaign=made, label="A", version=version(text))
    return steps.start(campaign_id=made.id, actor="ada")


@pytest.fixture
def asked(db: None) -> Asked:
    def asked(index: int = 0, target: str = "Offer") -> KeywordOutbox:
        key = str(InboundMessage.objects.count())
        message = InboundMessage.objects.create(
            msisdn=number(index), text="Offer please", dedupe_key=key, keyword="OFFER"
        )
        outbox.enqueue(message=message, category="Deals", kind="campaign", target=target)
        return KeywordOutbox.objects.get(message=message)

    return asked


def became(row: KeywordOutbox) -> tuple[str, str]:
    row.refresh_from_db()
    return row.state, row.note


def test_the_campaign_goes_to_who_wrote_with_what_they_wrote(asked: Asked, offer: Campaign) -> None:
    row = asked()
    assert run_keyword_actions() == 1
    message = Message.objects.get()
    assert (message.msisdn, message.text) == (number(0), "You wrote Offer please, OFFER of Deals")
    assert became(row) == ("done", "Sent")
    assert run_keyword_actions() == 0
    assert Message.objects.count() == Recipient.objects.count() == 1


def test_each_message_triggers_it_again(asked: Asked, offer: Campaign) -> None:
    asked()
    asked()
    run_keyword_actions()
    assert Message.objects.count() == 2


def test_who_opted_out_gets_nothing_and_staff_see_why(asked: Asked, offer: Campaign, opt_out: Any) -> None:
    opt_out(number(0))
    row = asked()
    run_keyword_actions()
    assert became(row) == ("done", "Not sent: opted out")
    assert Message.objects.count() == 0


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        ({"name": "Another"}, "There is no campaign named “Offer”"),
        ({"state": "paused"}, "is paused. Start or resume it"),
        ({"kind": "audience"}, "goes to an audience"),
    ],
)
def test_a_campaign_that_takes_nobody_fails_with_what_to_do_and_works_once_put_right(
    asked: Asked, offer: Campaign, prepare: dict[str, str], says: str
) -> None:
    right = {name: getattr(offer, name) for name in prepare}
    Campaign.objects.update(**prepare)
    row = asked()
    assert run_keyword_actions() == 0
    state, note = became(row)
    assert (state, says in note) == ("failed", True), note
    Campaign.objects.update(**right)
    outbox.retry(row_ids=[row.pk])
    assert run_keyword_actions() == 1
    assert Message.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_workers_send_it_once_to_each(asked: Asked, offer: Campaign) -> None:
    for index in range(8):
        asked(index)
    run_together(run_keyword_actions, times=4)
    run_keyword_actions()
    assert sorted(Message.objects.values_list("msisdn", flat=True)) == [number(index) for index in range(8)]
