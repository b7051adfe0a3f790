from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access.models import AuditEntry
from campaigns import steps
from campaigns.admin.campaigns import CampaignAdmin
from campaigns.audiences import scanning
from campaigns.models import Audience, Campaign, CampaignRun
from campaigns.running.advancing import advance, advance_runs
from core.clock import now
from messaging.models import Message
from tests.campaigns.sending.conftest import number, page

pytestmark = pytest.mark.django_db


def form(**values: Any) -> dict[str, Any]:
    """What the form posts: one message."""
    return {
        "name": "Spring", "description": "", "kind": "audience", "when": "now", "time_zone": "UTC", "start_on": "",
        "start_time": "", "ends_on": "", "day_of_month": "", "per_minute": "", "holdout_percent": "0",
        "variants-TOTAL_FORMS": "1", "variants-INITIAL_FORMS": "0", "variants-0-label": "A", "variants-0-weight": "1",
    } | values  # fmt: skip


@pytest.fixture
def filled(channel: Any, people: Any, audience: Any, version: Any) -> dict[str, Any]:
    return form(
        channel=str(channel.pk),
        audience=str(audience(people(3)).pk),
        **{"variants-0-version": str(version("Hello {{ profile.firstName }}").pk)},
    )


def test_an_author_drafts_and_an_operator_starts(signed_in: Any, filled: Any) -> None:
    author, operator = signed_in("author"), signed_in("operator")
    answer = author.post(reverse("admin:campaigns_campaign_add"), filled)
    made = Campaign.objects.get()
    assert answer.headers["Location"] == page("preflight", made)
    shown = author.get(answer.headers["Location"]).content.decode()
    assert "Hello Name0" in shown
    assert number(0) not in shown
    assert "An operator can start it." in shown
    assert author.post(page("step", made, "start")).status_code == 403
    assert "Send 3 messages now" in operator.get(page("preflight", made)).content.decode()
    operator.post(page("step", made, "start"))
    made.refresh_from_db()
    assert (made.state, made.created_by, made.requested_by) == ("running", "author", "operator")
    assert AuditEntry.objects.filter(action="start campaign").count() == 1


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no message": ({"variants-TOTAL_FORMS": "0"}, "Choose at least one message."),
    "no audience": ({"audience": ""}, "Choose whom it goes to."),
    "no time": ({"when": "once"}, "Say on which day it starts."),
    "no weekday": ({"when": "weekly", "start_on": "2030-01-01", "start_time": "10:00"}, "Choose at least one day."),
    "no such zone": (
        {"when": "once", "start_on": "2030-01-01", "start_time": "10:00", "time_zone": "Mars"}, "Write a time zone",
    ),
    "too much held out": ({"holdout_percent": "95"}, "less than or equal to 90"),
    "ends before it starts": (
        {"when": "daily", "start_on": "2030-01-02", "start_time": "10:00", "ends_on": "2030-01-01"}, "before the first",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("values", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_and_nothing_is_kept(
    values: Any, said: str, signed_in: Any, filled: Any
) -> None:
    answer = signed_in("author").post(reverse("admin:campaigns_campaign_add"), filled | values)
    assert said in answer.content.decode()
    assert Campaign.objects.count() == 0


def test_a_triggered_campaign_keeps_no_audience_and_no_schedule(signed_in: Any, filled: Any) -> None:
    values = filled | {"kind": "triggered", "when": "once", "start_on": "2030-01-01", "start_time": "10:00"}
    signed_in("author").post(reverse("admin:campaigns_campaign_add"), values)
    made = Campaign.objects.get()
    assert (made.audience, made.when, made.start_on) == (None, "now", None)


def test_progress_pause_resume_and_cancel(signed_in: Any, campaign: Any) -> None:
    made = campaign(3)
    operator = signed_in("operator")
    operator.post(page("step", made, "start"))
    advance_runs()
    shown = operator.get(page("change", made)).content.decode()
    assert "Under way" in shown
    assert "3" in operator.get(page("progress", made)).content.decode()
    made = campaign(2)
    for step, state in (
        ("start", "running"),
        ("pause", "paused"),
        ("resume", "running"),
        ("cancel", "cancelled"),
    ):
        operator.post(page("step", made, step))
        made.refresh_from_db()
        assert made.state == state
    assert operator.post(page("step", made, "dance")).status_code == 403


def test_how_far_collecting_is_stands_on_the_page(
    signed_in: Any, campaign: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "STRETCH", dict.fromkeys(scanning.STRETCH, 2))
    nobody = {"all": [{"field": "attributes.age", "op": "more_than", "value": 200}]}
    made = campaign(5, audience=Audience.objects.create(name="Nobody", filter=nobody))
    Campaign.objects.filter(pk=made.pk).update(state="running")
    run = CampaignRun.objects.create(campaign=made, number=1, planned_at=now())
    operator = signed_in("operator")
    assert "looked at" not in operator.get(page("progress", made)).content.decode()
    for told in ("0 so far, about 40 % of all profiles looked at.", "0 so far, about 80 % of all profiles"):
        assert advance(run.pk)
        assert told in operator.get(page("progress", made)).content.decode()


def test_what_is_in_the_way_is_shown_and_nothing_starts(signed_in: Any, campaign: Any, channel: Any) -> None:
    channel.status = "draft"
    channel.save()
    made, operator = campaign(), signed_in("operator")
    assert "It cannot start:" in operator.get(page("preflight", made)).content.decode()
    answer = operator.post(page("step", made, "start"), follow=True)
    assert "is a draft. Activate it." in answer.content.decode()
    assert Message.objects.count() == 0


def test_a_second_person_approves(signed_in: Any, campaign: Any, settings: Any) -> None:
    settings.SMSGATEWAY_APPROVAL_ABOVE = 2
    made = campaign(3)
    first, second = signed_in("operator"), signed_in("operator-2")
    assert "Ask for approval" in first.get(page("preflight", made)).content.decode()
    first.post(page("step", made, "start"))
    assert "Approve and start" not in first.get(page("change", made)).content.decode()
    shown = second.get(page("change", made)).content.decode()
    assert "Approve and start" in shown
    assert "Hello Name0" in shown
    seen = {"seen": re.search(r'name="seen" value="(\w+)"', shown)[1]}  # type: ignore[index]
    first.post(page("step", made, "approve"), seen)
    made.refresh_from_db()
    assert made.state == "awaiting"
    Campaign.objects.update(per_minute=7)
    answer = second.post(page("step", made, "approve"), seen, follow=True).content.decode()
    assert "It was changed after you opened this page" in answer
    Campaign.objects.update(per_minute=None)
    second.post(page("step", made, "approve"), seen)
    made.refresh_from_db()
    assert (made.state, made.approved_by) == ("running", "operator-2")


def test_who_saves_a_draft_that_was_started_meanwhile_changes_nothing_and_is_told(
    signed_in: Any, campaign: Any, filled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, operator = campaign(), signed_in("operator")
    get_object = CampaignAdmin.get_object

    def and_somebody_starts(self: Any, request: Any, object_id: Any, *more: Any) -> Any:
        found = get_object(self, request, object_id, *more)
        if Campaign.objects.filter(state="draft").exists():
            steps.start(campaign_id=made.id, actor="ada")
        return found

    monkeypatch.setattr(CampaignAdmin, "get_object", and_somebody_starts)
    answer = operator.post(page("change", made), filled | {"name": "Changed"})
    made.refresh_from_db()
    assert (made.state, made.name != "Changed") == ("running", True)
    assert "nothing was saved" in answer.content.decode()


def test_only_drafts_can_be_changed_or_deleted(signed_in: Any, campaign: Any, filled: Any) -> None:
    made, operator = campaign(), signed_in("operator")
    assert "Look ahead and start" in operator.get(page("change", made)).content.decode()
    steps.start(campaign_id=made.id, actor="ada")
    operator.post(page("change", made), filled | {"name": "Changed"})
    made.refresh_from_db()
    assert made.name != "Changed"
    assert operator.post(page("delete", made), {"post": "yes"}).status_code == 403


def test_a_copy_is_a_draft(signed_in: Any, campaign: Any) -> None:
    made = campaign()
    signed_in("author").post(page("copy", made))
    assert set(Campaign.objects.values_list("state", flat=True)) == {"draft"}
    assert Campaign.objects.count() == 2
    assert signed_in("viewer").post(page("copy", made)).status_code == 403


def test_the_list_asks_as_much_for_many_as_for_few(signed_in: Any, campaign: Any) -> None:
    viewer, costs = signed_in("viewer"), []
    viewer.get(reverse("admin:campaigns_campaign_changelist"))
    for more in (2, 6):
        for _ in range(more):
            steps.start(campaign_id=campaign(1).id, actor="ada")
        advance_runs()
        with CaptureQueriesContext(connection) as queries:
            shown = viewer.get(reverse("admin:campaigns_campaign_changelist")).content.decode()
        assert "1 accepted" in shown
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_the_list_edits_drafts_and_opens_everything_else(signed_in: Any, campaign: Any) -> None:
    draft, started = campaign(), campaign()
    steps.start(campaign_id=started.id, actor="ada")
    shown = signed_in("author").get(reverse("admin:campaigns_campaign_changelist")).content.decode()
    assert f'aria-label="Edit {draft}"' in shown
    assert f'aria-label="Open {started}"' in shown
    seen = signed_in("viewer").get(reverse("admin:campaigns_campaign_changelist")).content.decode()
    assert f'aria-label="View {draft}"' in seen


def test_the_form_is_filled_in_from_top_to_bottom(signed_in: Any, campaign: Any) -> None:
    for address in (reverse("admin:campaigns_campaign_add"), page("change", campaign())):
        shown = signed_in("author").get(address).content.decode()
        names = ("name", "channel", "audience", "variants-0-version", "when", "per_minute")
        places = [shown.index(f'name="{name}"') for name in names]
        assert places == sorted(places)
        assert shown.count('name="variants-TOTAL_FORMS"') == 1
