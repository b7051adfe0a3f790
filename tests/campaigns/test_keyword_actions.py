"""What keywords ask of audiences and campaigns is done exactly once, in order, by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from campaigns import keyword_actions
from campaigns.keyword_actions import run_keyword_actions
from campaigns.models import Audience, AudienceKind, AudienceMember, Campaign
from messaging.models import ChannelConfiguration
from profiles.models import OtherNumber, Profile
from tests.threads import run_together
from webhooks import outbox
from webhooks.models import InboundMessage, KeywordOutbox, OutboxKind

PERSON = "+14155550123"
Asked = Callable[..., KeywordOutbox]


@pytest.fixture
def asked(db: None) -> Asked:
    """A message whose keyword asks for something; the next is later than the last."""

    def asked(kind: str = "add", target: str = "Club", number: str = PERSON) -> KeywordOutbox:
        key = str(InboundMessage.objects.count())
        message = InboundMessage.objects.create(msisdn=number, text=kind, dedupe_key=key, keyword="JOIN")
        outbox.enqueue(message=message, category="Join", kind=kind, target=target)
        return KeywordOutbox.objects.get(message=message)

    return asked


@pytest.fixture
def club(db: None) -> Audience:
    return Audience.objects.create(name="Club", kind=AudienceKind.STATIC)


def members(audience: Audience) -> list[str]:
    return list(AudienceMember.objects.filter(audience=audience).values_list("profile__msisdn", flat=True))


def became(row: KeywordOutbox) -> tuple[str, str]:
    row.refresh_from_db()
    return row.state, row.note


def test_a_person_joins_and_leaves(asked: Asked, club: Audience) -> None:
    joined, again = asked(), asked()
    assert run_keyword_actions() == 2
    assert members(club) == [PERSON]
    assert (became(joined), became(again)) == (("done", "Added"), ("done", "Was in it already"))
    left, again = asked("remove"), asked("remove")
    assert run_keyword_actions() == 2
    assert members(club) == []
    assert (became(left), became(again)) == (("done", "Removed"), ("done", "Was not in it"))
    assert run_keyword_actions() == 0


def test_a_number_without_a_profile_gets_one_and_another_number_of_a_person_is_that_person(
    asked: Asked, club: Audience
) -> None:
    profile = Profile.objects.create(msisdn="+14155550199")
    OtherNumber.objects.create(profile=profile, msisdn=PERSON)
    asked()
    asked(number="+14155550124")
    assert run_keyword_actions() == 2
    assert sorted(members(club)) == ["+14155550124", "+14155550199"]
    asked("remove")
    run_keyword_actions()
    assert members(club) == ["+14155550124"]


def test_a_name_nobody_has_fails_and_works_once_it_is_there(asked: Asked) -> None:
    row = asked()
    assert run_keyword_actions() == 0
    assert became(row)[0] == "failed"
    assert "There is no audience named “Club”" in row.note
    club = Audience.objects.create(name="Club", kind=AudienceKind.STATIC)
    assert run_keyword_actions() == 0
    outbox.retry(row_ids=[row.pk])
    assert run_keyword_actions() == 1
    assert members(club) == [PERSON]


def test_an_audience_by_filter_cannot_be_joined(asked: Asked, club: Audience) -> None:
    Audience.objects.update(kind=AudienceKind.FILTER)
    row = asked()
    run_keyword_actions()
    assert became(row)[0] == "failed"
    assert "by a filter" in row.note


def test_who_left_meanwhile_is_not_put_back(asked: Asked, club: Audience) -> None:
    joined, left = asked(), asked("remove")
    outbox.fail(joined.pk, "a passing fault", again=False)
    run_keyword_actions()
    outbox.retry(row_ids=[joined.pk])
    run_keyword_actions()
    assert members(club) == []
    assert became(joined) == ("done", "Not done: a later message of the person decided otherwise")
    assert became(left)[0] == "done"


def test_one_row_that_breaks_does_not_stop_the_others(
    asked: Asked, club: Audience, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def half_done(row: KeywordOutbox) -> str:
        Profile.objects.create(msisdn="+14155550188")
        raise RuntimeError("broken")

    broken = asked("remove")
    whole = asked()
    does = {**keyword_actions._DOES, OutboxKind.REMOVE: half_done}
    monkeypatch.setattr(keyword_actions, "_DOES", does)
    assert run_keyword_actions() == 1
    assert became(whole)[0] == "done"
    assert became(broken) == ("waiting", "An error of the gateway; its log says more.")
    assert not Profile.objects.filter(msisdn="+14155550188").exists()
    assert "broken" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_many_workers_do_it_once(asked: Asked, club: Audience) -> None:
    for number in range(10):
        asked(number=f"+1415555{number:04}")
    done = run_together(run_keyword_actions, times=4)
    assert sum(done) == 10
    assert len(members(club)) == 10
    assert set(KeywordOutbox.objects.values_list("state", "note")) == {("done", "Added")}


def test_the_forgotten_are_left_in_peace(asked: Asked, club: Audience) -> None:
    row = asked()
    InboundMessage.objects.update(msisdn="")
    run_keyword_actions()
    assert became(row) == ("done", "Not done: the person was erased")
    assert members(club) == []


NAMES = "admin:campaigns_keyword_targets"


def names(client: Client) -> dict[str, Any]:
    return dict(json.loads(client.get(reverse(NAMES)).content))


def test_names_are_suggested_to_those_who_may_see_them(
    admin_client: Client, client: Client, club: Audience, channel: ChannelConfiguration
) -> None:
    Audience.objects.create(name="Berlin", kind=AudienceKind.FILTER)
    assert names(admin_client)["audiences"] == ["Club"]
    for name, kind, state in (
        ("Offer", "triggered", "running"), ("Old", "triggered", "finished"), ("News", "audience", "running"),
    ):  # fmt: skip
        Campaign.objects.create(name=name, kind=kind, state=state, channel=channel)
    assert names(admin_client)["campaigns"] == ["Offer"]
    user = User.objects.create_user("config", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="change_webhook"))
    client.force_login(user)
    assert names(client) == {"audiences": [], "campaigns": []}
    assert client.post(reverse(NAMES)).status_code == 405


def test_the_webhook_form_asks_for_the_names(admin_client: Client, db: None) -> None:
    page = admin_client.get(reverse("admin:webhooks_webhook_add")).content.decode()
    assert f'data-targets="{reverse(NAMES)}"' in page
