"""A run: collect, hand over, pause, cancel; each recipient once, and the numbers add up."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns import steps
from campaigns.models import Audience, Campaign, CampaignRun, Recipient
from campaigns.progress import progress_of
from campaigns.running import expanding, feeding, tallies
from campaigns.running.advancing import advance, advance_runs
from campaigns.running.room import room_for
from consent import ledger
from core.brief import forget_everything
from core.clock import now
from messaging import consent_changes
from messaging.accept import accept, through_channel
from messaging.models import ChannelConfiguration, ChannelStatus, Message, Route, Source, SpendLimit
from messaging.spending import limits
from profiles.models import Profile
from tests.campaigns.sending.conftest import leave, number
from tests.threads import run_together

pytestmark = pytest.mark.django_db(transaction=True)


def counted(run: CampaignRun) -> dict[tuple[str, str], int]:
    """Recipients by state and reason, counted."""
    return dict(Counter(run.recipients.values_list("state", "reason")))


def tallied(run: CampaignRun) -> dict[tuple[str, str], int]:
    """The same as the run keeps it."""
    kept: Counter[tuple[str, str]] = Counter()
    for (_, state, reason), count in tallies.of(run.id).items():
        kept[state, reason] += count
    return dict(kept)


def test_everybody_gets_one_message_and_the_run_ends(run: Any, channel: Any) -> None:
    done = run()
    messages = Message.objects.order_by("msisdn")
    assert [(one.msisdn, one.text, one.purpose, one.source) for one in messages] == [
        (number(index), f"Hello Name{index}", "marketing", "campaign") for index in range(3)
    ]
    assert {one.reference for one in messages} == {f"campaign:{done.campaign_id}:1"}
    assert set(done.recipients.values_list("message_id", flat=True)) == {one.id for one in messages}
    assert (done.state, Campaign.objects.get().state) == ("sending", "running")
    leave()
    advance_runs()
    done.refresh_from_db()
    assert (done.state, Campaign.objects.get().state) == ("finished", "finished")
    assert counted(done) == tallied(done) == {("accepted", ""): 3}


def test_looking_again_sends_nothing_again(run: Any) -> None:
    run()
    assert advance_runs() == 0
    assert Message.objects.count() == 3


REASONS = {
    "opted out": (lambda msisdn: ledger.record(msisdn=msisdn, kind="opt_out", source="keyword"), "opted_out"),
    "profile deleted": (lambda msisdn: Profile.objects.filter(msisdn=msisdn).delete(), "profile_gone"),
    "number changed": (
        lambda msisdn: Profile.objects.filter(msisdn=msisdn).update(msisdn="+14155559999"), "number_changed"
    ),
    "attribute missing": (
        lambda msisdn: Profile.objects.filter(msisdn=msisdn).update(attributes={}), "missing_attribute"
    ),
    "too long": (
        lambda msisdn: Profile.objects.filter(msisdn=msisdn).update(attributes={"firstName": "x" * 1500}),
        "text_too_long",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("happens", "reason"), REASONS.values(), ids=REASONS)
def test_who_cannot_get_it_is_left_out_with_the_reason(campaign: Any, happens: Any, reason: str) -> None:
    made = campaign()
    steps.start(campaign_id=made.id, actor="ada")
    advance(made.runs.get().id)
    happens(number(1))
    advance_runs()
    run = made.runs.get()
    assert counted(run) == tallied(run) == {("accepted", ""): 2, ("excluded", reason): 1}
    assert not Message.objects.filter(msisdn=number(1)).exists()


def test_marketing_needs_an_opt_in_on_record(campaign: Any, channel: Any) -> None:
    channel.require_opt_in = True
    channel.save()
    made = campaign()
    ledger.record(msisdn=number(0), kind="opt_in", source="web", evidence={"url": "https://x"})
    steps.start(campaign_id=made.id, actor="ada")
    advance_runs()
    assert tallied(made.runs.get()) == {("accepted", ""): 1, ("excluded", "no_opt_in"): 2}


def test_numbers_of_other_countries_are_left_out(campaign: Any, people: Any) -> None:
    abroad = Profile.objects.create(msisdn="+447700900123", attributes={"firstName": "Ada"})
    made = campaign(profiles=[*people(1), abroad])
    steps.start(campaign_id=made.id, actor="ada")
    advance_runs()
    assert tallied(made.runs.get()) == {("accepted", ""): 1, ("excluded", "country_not_allowed"): 1}


def test_a_missing_attribute_may_stop_the_campaign(campaign: Any, version: Any, people: Any) -> None:
    words = version("Hi {{ profile.firstName }}", missing_policy="stop")
    made = campaign(variants={"A": (words, 1)}, profiles=[*people(2), *people(1, attributes={})])
    steps.start(campaign_id=made.id, actor="ada")
    advance_runs()
    made.refresh_from_db()
    assert (made.state, Message.objects.count()) == ("paused", 0)
    assert "firstName" in made.problem


def test_a_missing_attribute_may_be_filled_in(campaign: Any, version: Any, people: Any, run: Any) -> None:
    words = version("Hi {{ profile.firstName }}", missing_policy="fallback", fallback_text="friend")
    run(campaign(variants={"A": (words, 1)}, profiles=people(1, attributes={})))
    assert Message.objects.get().text == "Hi friend"


def test_each_language_has_its_text(campaign: Any, version: Any, people: Any, run: Any) -> None:
    words = version("Hello", texts={"de": "Hallo", "pt-BR": "Oi"})
    tags = ("", "de-AT", "pt-BR", "fr")
    profiles = [person for tag in tags for person in people(1, language=tag)]
    run(campaign(variants={"A": (words, 1)}, profiles=profiles))
    assert list(Message.objects.order_by("msisdn").values_list("text", flat=True)) == [
        "Hello", "Hallo", "Oi", "Hello",
    ]  # fmt: skip


def test_variants_and_holdout_divide_the_audience(campaign: Any, version: Any, run: Any) -> None:
    variants = {"A": (version("text A"), 3), "B": (version("text B"), 1)}
    done = run(campaign(400, variants=variants, holdout_percent=25))
    counts = Counter(Message.objects.values_list("text", flat=True))
    assert 60 < tallied(done)["excluded", "holdout"] < 140
    assert 2 < counts["text A"] / counts["text B"] < 4.5
    assert counts.total() + tallied(done)["excluded", "holdout"] == 400


def test_a_kill_in_the_middle_loses_the_chunk_and_nothing_else(campaign: Any, monkeypatch: Any) -> None:
    made = campaign(30)
    steps.start(campaign_id=made.id, actor="ada")
    monkeypatch.setattr(expanding, "_PAGE", {"sqlite": 7, "postgresql": 7})
    monkeypatch.setattr(feeding, "CHUNK", 7)
    run_id = made.runs.get().id

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    for module, name in ((expanding.tallies, "add"), (feeding, "_note"), (feeding, "_store")):
        while made.runs.get().state == "expanding" and module is feeding:
            advance(run_id)
        with monkeypatch.context() as patch:
            patch.setattr(module, name, dies)
            with pytest.raises(KeyboardInterrupt):
                advance(run_id)
        advance(run_id)
    advance_runs()
    run = made.runs.get()
    assert counted(run) == tallied(run) == {("accepted", ""): 30}
    assert Counter(Message.objects.values_list("msisdn", flat=True)) == {number(i): 1 for i in range(30)}


def test_pausing_takes_back_what_waits_and_resuming_sends_it(campaign: Any) -> None:
    made = campaign(5)
    steps.start(campaign_id=made.id, actor="ada")
    run_id = made.runs.get().id
    advance(run_id)
    advance(run_id)
    advance(run_id)
    tried = Message.objects.order_by("id").first()
    assert tried is not None
    Message.objects.filter(id=tried.id).update(tries=1)
    assert steps.pause(campaign_id=made.id, actor="ada") == 4
    assert advance_runs() == 0
    run = made.runs.get()
    assert counted(run) == tallied(run) == {("accepted", ""): 1, ("pending", ""): 4}
    assert Counter(Message.objects.values_list("state", "reason")) == {
        ("queued", ""): 1, ("cancelled", "campaign_paused"): 4,
    }  # fmt: skip
    steps.resume(campaign_id=made.id)
    advance_runs()
    run = made.runs.get()
    assert (counted(run), run.state) == ({("accepted", ""): 5}, "sending")
    assert Message.objects.filter(state="queued").values("msisdn").distinct().count() == 5


def test_it_can_be_cancelled_while_anything_waits_and_not_after(campaign: Any) -> None:
    made = campaign(3)
    steps.start(campaign_id=made.id, actor="ada")
    advance_runs()
    assert tallied(made.runs.get()) == {("accepted", ""): 3}
    assert steps.cancel(campaign_id=made.id, actor="ada") == 3
    advance_runs()
    assert set(Message.objects.values_list("state", flat=True)) == {"cancelled"}
    assert made.runs.get().state == "cancelled"


def test_a_message_of_which_a_part_is_with_the_provider_is_not_taken_back(campaign: Any) -> None:
    made = campaign(2)
    steps.start(campaign_id=made.id, actor="ada")
    advance_runs()
    begun = Message.objects.order_by("id").first()
    assert begun is not None
    begun.parts.update(state="accepted")  # the rest was given back: no try that counts
    assert steps.pause(campaign_id=made.id, actor="ada") == 1
    assert Message.objects.get(id=begun.id).state == "queued"


def test_a_channel_that_is_made_a_draft_pauses_the_campaign(
    campaign: Any, channel: ChannelConfiguration
) -> None:
    made = campaign(3)
    steps.start(campaign_id=made.id, actor="ada")
    ChannelConfiguration.objects.filter(pk=channel.pk).update(status=ChannelStatus.DRAFT)
    advance_runs()
    made.refresh_from_db()
    assert (made.state, Message.objects.count()) == ("paused", 0)
    assert "is a draft. Activate it, then resume." in made.problem
    ChannelConfiguration.objects.filter(pk=channel.pk).update(status=ChannelStatus.ACTIVE)
    steps.resume(campaign_id=made.id)
    advance_runs()
    assert Message.objects.count() == 3


def test_a_filter_that_is_edited_meanwhile_changes_no_run_that_has_begun(campaign: Any) -> None:
    made = campaign(3)
    Audience.objects.update(kind="filter", filter={})
    steps.start(campaign_id=made.id, actor="ada")
    Audience.objects.update(filter={"field": "nonsense"})
    advance_runs()
    assert tallied(made.runs.get()) == {("accepted", ""): 3}


def test_an_audience_that_grows_past_what_one_person_decides_stops_it(
    campaign: Any, people: Any, settings: Any
) -> None:
    settings.SMSGATEWAY_APPROVAL_ABOVE = 4
    made = campaign(3)
    steps.start(campaign_id=made.id, actor="ada")
    for profile in people(5):
        made.audience.members.create(profile=profile)
    for _ in range(2):
        advance_runs()
        made.refresh_from_db()
        assert (made.state, Recipient.objects.count(), Message.objects.count()) == ("paused", 0, 0)
        assert "more people than one person decides about" in made.problem
        steps.resume(campaign_id=made.id)


def test_a_cancellation_that_was_killed_halfway_is_carried_on(campaign: Any) -> None:
    made = campaign(3)
    steps.start(campaign_id=made.id, actor="ada")
    advance_runs()
    Campaign.objects.update(state="cancelled")  # and the process ended before the run was told
    advance_runs()
    assert made.runs.get().state == "cancelled"
    assert set(Message.objects.values_list("state", flat=True)) == {"cancelled"}


def test_cancelling_ends_everybody_who_waits(campaign: Any, monkeypatch: Any) -> None:
    made = campaign(9)
    monkeypatch.setattr(feeding, "CHUNK", 4)
    steps.start(campaign_id=made.id, actor="ada")
    run_id = made.runs.get().id
    for _ in range(3):
        advance(run_id)
    assert steps.cancel(campaign_id=made.id, actor="ada") == 4
    advance_runs()
    run = made.runs.get()
    assert counted(run) == tallied(run) == {("cancelled", ""): 9}
    assert (run.state, Campaign.objects.get().state) == ("cancelled", "cancelled")
    assert set(Message.objects.values_list("state", "reason")) == {("cancelled", "campaign_cancelled")}


def test_the_queue_takes_only_a_little_ahead(campaign: Any, settings: Any) -> None:
    settings.SMSGATEWAY_CAMPAIGN_AHEAD = 4
    made = campaign(9)
    steps.start(campaign_id=made.id, actor="ada")
    advance_runs()
    assert tallied(made.runs.get()) == {("accepted", ""): 4, ("pending", ""): 5}


def test_what_another_channel_holds_back_takes_no_room(
    campaign: Any, settings: Any, channel: ChannelConfiguration
) -> None:
    settings.SMSGATEWAY_CAMPAIGN_AHEAD = 4
    other = ChannelConfiguration.objects.get(pk=channel.pk)
    other.pk, other.name, other.status = uuid.uuid4(), "other", ChannelStatus.ACTIVE
    other.save(force_insert=True)
    for index in range(4):
        accept(through_channel(other, to=number(900 + index), text="Hi", source=Source.API))
    assert room_for(channel) == 0
    ChannelConfiguration.objects.filter(pk=other.pk).update(status=ChannelStatus.DRAFT)
    assert room_for(channel) == 4


def test_a_paused_route_takes_no_room_while_another_carries(
    campaign: Any, settings: Any, channel: ChannelConfiguration, credential: Any
) -> None:
    settings.SMSGATEWAY_CAMPAIGN_AHEAD = 4
    for index in range(4):
        accept(through_channel(channel, to=number(900 + index), text="Hi", source=Source.API))
    second = type(credential).objects.get(pk=credential.pk)
    second.pk, second.name = uuid.uuid4(), "second"
    second.save(force_insert=True)
    for position, one in enumerate((credential, second), start=1):
        Route.objects.create(channel=channel, name=one.name, position=position, credential=one)
    forget_everything()
    assert room_for(channel) == 0
    type(credential).objects.filter(pk=credential.pk).update(paused_at=now())
    forget_everything()
    assert room_for(channel) == 4
    type(credential).objects.update(paused_at=now())
    forget_everything()
    assert room_for(channel) == 0


def test_the_throttle_holds_back(campaign: Any) -> None:
    made = campaign(9, per_minute=60)
    steps.start(campaign_id=made.id, actor="ada")
    advance_runs()
    assert 1 <= Message.objects.count() <= 2


def test_a_limit_on_messages_makes_it_wait(campaign: Any) -> None:
    SpendLimit.objects.create(name="day", amount=2, unit="messages", period="day", scope="all")
    limits.forget()
    made = campaign(5)
    steps.start(campaign_id=made.id, actor="ada")
    advance_runs()
    run = made.runs.get()
    assert tallied(run) == {("accepted", ""): 2, ("pending", ""): 3}
    assert "“day”" in run.note


def test_an_error_of_ours_pauses_it_and_says_so(campaign: Any, monkeypatch: Any) -> None:
    made = campaign()
    steps.start(campaign_id=made.id, actor="ada")
    monkeypatch.setattr(feeding, "words_of", lambda _: {})
    advance_runs()
    made.refresh_from_db()
    assert (made.state, made.problem.startswith("An error of ours")) == ("paused", True)


@pytest.mark.parametrize(
    "text", ["Hello {{ profile.firstName }}", "Bye {{ optOutUrl }} https://example.com/x"]
)
def test_handing_over_costs_no_query_per_recipient(text: str, campaign: Any, channel: Any) -> None:
    channel.track_links = True
    channel.save()
    costs = []
    for count in (5, 50):
        made = campaign(count, text)
        steps.start(campaign_id=made.id, actor="ada")
        run_id = made.runs.get().id
        advance(run_id)
        advance(run_id)
        with CaptureQueriesContext(connection) as queries:
            assert advance(run_id)
        assert Message.objects.filter(reference=f"campaign:{made.id}:1").count() == count
        costs.append(len(queries))
    assert costs[1] <= costs[0] + 4


def test_the_same_person_in_two_campaigns_gets_both(campaign: Any, run: Any, people: Any) -> None:
    same = people(2)
    run(campaign(profiles=same))
    run(campaign(profiles=same))
    assert Recipient.objects.count() == Message.objects.count() == 4
    leave()
    advance_runs()
    assert Campaign.objects.filter(state="finished").count() == 2


def test_a_filter_that_breaks_during_the_run_pauses_it(campaign: Any) -> None:
    made = campaign()
    steps.start(campaign_id=made.id, actor="ada")
    CampaignRun.objects.update(filter={"field": "nonsense"})
    Audience.objects.update(kind="filter")
    advance_runs()
    made.refresh_from_db()
    assert made.state == "paused"
    assert "nonsense" in made.problem


def test_everybody_gets_their_own_way_out(campaign: Any, run: Any, channel: Any) -> None:
    channel.sender = "ACME"
    channel.save()
    run(campaign(3, "Sale! {{ optOutUrl }}"))
    texts = set(Message.objects.values_list("text", flat=True))
    assert len(texts) == 3
    assert all("/optout/" in text for text in texts)


def test_a_stop_in_the_middle_takes_the_message_out_of_the_queue(campaign: Any, run: Any) -> None:
    done = run(campaign(3))
    consent_changes.change(msisdn=number(1), kind="opt_out", source="keyword")
    found = progress_of(done)
    assert (found.accepted, found.outcomes["stopped"], found.outcomes["under_way"]) == (3, 1, 2)
    assert found.variants[0].outcomes["opt_outs"] == 1


def test_in_quiet_hours_recipients_wait_outside_the_queue(campaign: Any, channel: Any, people: Any) -> None:
    moment = now()
    day_off = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[moment.weekday()]
    channel.quiet_whole_days = [day_off]
    channel.save()
    made = campaign(profiles=people(3, time_zone="UTC"))
    steps.start(campaign_id=made.id, actor="ada")
    advance_runs()
    assert Message.objects.count() == 0
    midnight = (moment + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert set(Recipient.objects.values_list("due_at", flat=True)) == {midnight}


@pytest.mark.postgresql  # SQLite has one writer at a time
def test_workers_side_by_side_do_nothing_twice(campaign: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(expanding, "_PAGE", {"postgresql": 7})
    monkeypatch.setattr(feeding, "CHUNK", 7)
    made = campaign(60)
    steps.start(campaign_id=made.id, actor="ada")
    while Message.objects.count() < 60:
        run_together(advance_runs, times=4)
    leave()
    run_together(advance_runs, times=4)
    run = made.runs.get()
    assert (run.state, counted(run), tallied(run)) == ("finished", *[{("accepted", ""): 60}] * 2)
    assert Message.objects.count() == 60


@pytest.mark.postgresql
def test_pausing_while_workers_hand_over_leaves_nothing_in_the_queue(campaign: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(feeding, "CHUNK", 5)
    made = campaign(60)
    steps.start(campaign_id=made.id, actor="ada")
    turns = iter(range(4))

    def work_or_pause() -> None:
        if next(turns) == 3:
            steps.pause(campaign_id=made.id, actor="ada")
        else:
            advance_runs()

    run_together(work_or_pause, times=4)
    advance_runs()
    assert Message.objects.filter(state="queued").count() == 0
    run = made.runs.get()
    assert counted(run) == tallied(run)
