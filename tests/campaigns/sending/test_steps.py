from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
import time_machine

from campaigns import steps
from campaigns.findings import findings_on
from campaigns.models import Audience, Campaign, CampaignRun
from campaigns.preflight import look_ahead
from core.errors import ApprovalRefused, CampaignNotReady, CampaignStateWrong, CampaignUnknown
from core.ids import uuid7
from messaging.models import ChannelConfiguration

pytestmark = pytest.mark.django_db

Make = Callable[..., Campaign]
STOPS: dict[str, tuple[str, dict[str, Any], dict[str, Any], str]] = {
    "draft channel": ("Hi", {"status": "draft"}, {}, "channel_inactive"),
    "broken text": ("Hi {{ profile.", {}, {}, "text_invalid"),
    "one-way sender": ("Hi", {"sender": "ACME"}, {}, "opt_out_missing"),
    "time over": (
        "Hi", {}, {"when": "once", "start_on": date(2026, 1, 4), "start_time": time(10)}, "schedule_past",
    ),
    "skipped hour": (
        "Hi",
        {},
        {"when": "once", "start_on": date(2026, 3, 29), "start_time": time(2, 30), "time_zone": "Europe/Berlin"},
        "hour_skipped",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "of_channel", "values", "code"), STOPS.values(), ids=STOPS)
@time_machine.travel(datetime(2026, 1, 5, tzinfo=UTC), tick=False)
def test_what_cannot_go_out_does_not_start(
    text: str, of_channel: Any, values: Any, code: str, campaign: Make, channel: ChannelConfiguration
) -> None:
    ChannelConfiguration.objects.update(**of_channel)
    made = Campaign.objects.get(id=campaign(2, text, **values).id)
    assert code in {finding.code for finding in findings_on(made) if finding.stops}
    with pytest.raises(CampaignNotReady):
        steps.start(campaign_id=made.id, actor="ada")
    assert (Campaign.objects.get().state, CampaignRun.objects.count()) == ("draft", 0)


@pytest.mark.parametrize("text", ["{{ optOutUrl }}", "Text STOP to 12345", "Stop: https://example.com/out"])
def test_a_way_to_opt_out_lets_a_one_way_sender_pass(
    text: str, campaign: Make, channel: ChannelConfiguration
) -> None:
    ChannelConfiguration.objects.update(sender="ACME")
    made = Campaign.objects.get(id=campaign(2, text).id)
    assert steps.start(campaign_id=made.id, actor="ada").state == "running"


def test_an_audience_that_is_empty_now_does_not_start(campaign: Make) -> None:
    made = campaign()
    assert made.audience is not None
    made.audience.members.all().delete()
    with pytest.raises(CampaignNotReady, match="Nobody is in the audience"):
        steps.start(campaign_id=made.id, actor="ada")


def test_a_filter_that_cannot_be_read_is_said(campaign: Make) -> None:
    audience = Audience.objects.create(name="broken", filter={"field": "nonsense"})
    made = campaign(audience=audience)
    assert look_ahead(made).findings[0].code == "audience_invalid"
    with pytest.raises(CampaignNotReady, match="cannot be read"):
        steps.start(campaign_id=made.id, actor="ada")


ORDER = [
    ("start", "approve"), ("start", "start"), ("start", "resume"), ("cancel", "resume"), ("cancel", "cancel"),
    ("pause", "pause"), ("pause", "start"),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second"), ORDER)
def test_steps_out_of_order_are_refused(first: str, second: str, campaign: Make) -> None:
    made = campaign()
    take = {
        "start": lambda: steps.start(campaign_id=made.id, actor="ada"),
        "approve": lambda: steps.approve(campaign_id=made.id, actor="bob"),
        "pause": lambda: steps.pause(campaign_id=made.id, actor="ada"),
        "resume": lambda: steps.resume(campaign_id=made.id),
        "cancel": lambda: steps.cancel(campaign_id=made.id, actor="ada"),
    }
    if first != "start":
        take["start"]()
    take[first]()
    with pytest.raises(CampaignStateWrong):
        take[second]()


def test_an_unknown_campaign_is_named() -> None:
    with pytest.raises(CampaignUnknown):
        steps.start(campaign_id=uuid7(), actor="ada")


def test_a_large_campaign_waits_for_a_second_person(campaign: Make, settings: Any) -> None:
    settings.SMSGATEWAY_APPROVAL_ABOVE = 2
    made = campaign(3)
    assert steps.start(campaign_id=made.id, actor="bob").state == "awaiting"
    for who in ("ada", "bob"):  # who made it, who asked
        with pytest.raises(ApprovalRefused):
            steps.approve(campaign_id=made.id, actor=who)
    assert CampaignRun.objects.count() == 0
    assert steps.approve(campaign_id=made.id, actor="cy").state == "running"
    assert Campaign.objects.get().approved_by == "cy"


def test_a_small_campaign_needs_nobody_else(campaign: Make, settings: Any) -> None:
    settings.SMSGATEWAY_APPROVAL_ABOVE = 3
    assert steps.start(campaign_id=campaign(3).id, actor="ada").state == "running"


def test_who_was_asked_may_send_it_back(campaign: Make, settings: Any) -> None:
    settings.SMSGATEWAY_APPROVAL_ABOVE = 2
    made = campaign(3)
    steps.start(campaign_id=made.id, actor="ada")
    steps.withdraw(campaign_id=made.id)
    assert Campaign.objects.get().state == "draft"


def test_a_copy_says_the_same_under_a_name_of_its_own(campaign: Make) -> None:
    made = campaign(per_minute=60)
    names = [steps.copy(campaign_id=made.id, actor="bob").name for _ in range(2)]
    copied = Campaign.objects.get(name=names[0])
    assert names == [f"{made.name} (copy)", f"{made.name} (copy 2)"]
    assert (copied.state, copied.created_by, copied.per_minute) == ("draft", "bob", 60)
    assert [variant.version_id for variant in copied.variants.all()] == [
        variant.version_id for variant in made.variants.all()
    ]


def test_an_approval_holds_for_what_was_approved(campaign: Make, settings: Any) -> None:
    from campaigns.approving import is_approved

    settings.SMSGATEWAY_APPROVAL_ABOVE = 2
    made = campaign(3)
    steps.start(campaign_id=made.id, actor="ada")
    steps.approve(campaign_id=made.id, actor="cy")
    approved = Campaign.objects.get()
    assert is_approved(approved)
    approved.variants.update(weight=5)
    assert not is_approved(approved)
