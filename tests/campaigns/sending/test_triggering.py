from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from access.keys import issue_key
from access.models import ApiKey, IdempotencyRecord, Scope
from campaigns import steps, triggering
from campaigns.models import Campaign, CampaignVariant
from campaigns.progress import progress_of
from campaigns.running.advancing import advance_runs
from campaigns.triggering import trigger
from core.errors import CampaignStateWrong
from messaging.models import ChannelConfiguration, Message, SpendLimit
from profiles.models import Profile
from tests.campaigns.sending.conftest import number

pytestmark = pytest.mark.django_db
TEXT = "Order {{ context.order }} is on its way"


@pytest.fixture
def shipped(channel: ChannelConfiguration, version: Any) -> Campaign:
    made = Campaign.objects.create(name="shipped", kind="triggered", channel=channel, created_by="ada")
    CampaignVariant.objects.create(
        campaign=made, label="A", version=version(TEXT, texts={"de": "{{ context.order }} kommt"})
    )
    return steps.start(campaign_id=made.id, actor="ada")


@pytest.fixture
def call(shipped: Campaign) -> Any:
    _, raw = issue_key(name="Shop", scopes=[Scope.CAMPAIGNS_TRIGGER, Scope.CAMPAIGNS_READ])
    headers = {"Authorization": f"Bearer {raw}"}

    def call(body: Any = None, *, campaign: Any = None, path: str = "/trigger", key: str = "") -> Any:
        address = f"/api/v1/campaigns/{campaign or shipped.id}{path}"
        if body is None:
            return Client().get(address, headers=headers)
        extra = {"Idempotency-Key": key} if key else {}
        return Client().post(address, body, content_type="application/json", headers=headers | extra)

    return call


def body(*numbers: str, order: Any = 7) -> dict[str, Any]:
    return {"recipients": [{"to": one, "context": {"order": order}} for one in numbers]}


def test_each_named_recipient_gets_a_result_in_order(call: Any, shipped: Campaign, opt_out: Any) -> None:
    Profile.objects.create(msisdn=number(2), language="de-AT")
    opt_out(number(1))
    answer = call(body(number(0), "nonsense", number(1), number(2)))
    told = answer.json()
    assert (answer.status_code, told["accepted"], told["refused"]) == (202, 2, 2)
    assert [(one["index"], one.get("reason"), one.get("error", {}).get("code")) for one in told["results"]] == [
        (0, None, None), (1, None, "number_invalid"), (2, "opted_out", "recipient_left_out"), (3, None, None),
    ]  # fmt: skip
    texts = dict(Message.objects.values_list("msisdn", "text"))
    assert texts == {number(0): "Order 7 is on its way", number(2): "7 kommt"}
    assert {one["id"] for one in told["results"] if "id" in one} == {
        str(message_id) for message_id in Message.objects.values_list("id", flat=True)
    }
    found = progress_of(shipped.runs.get())
    assert (found.audience, found.accepted, dict(found.excluded)) == (3, 2, {"opted_out": 1})


def test_a_repeated_call_sends_nothing_and_gives_the_same_answer(call: Any) -> None:
    first = call(body(number(0), number(1)), key="k1")
    again = call(body(number(0), number(1)), key="k1")
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (first.json(), "true")
    IdempotencyRecord.objects.all().delete()  # forgotten after some days
    assert call(body(number(0), number(1)), key="k1").json() == first.json()
    assert Message.objects.count() == 2
    call(body(number(0)), key="k2")
    assert Message.objects.count() == 3


def test_calls_count_for_the_limits_of_their_api_key(call: Any) -> None:
    key = ApiKey.objects.get(name="Shop")
    SpendLimit.objects.create(
        name="Shop", scope="api_key", api_key=key, period="day", unit="messages", amount=2
    )
    told = call(body(number(0), number(1), number(2))).json()
    assert (told["accepted"], told["results"][2]["error"]["code"]) == (2, "cap_reached")
    assert set(Message.objects.values_list("api_key", flat=True)) == {key.pk}


def test_a_cancellation_that_was_killed_halfway_is_carried_on(call: Any, shipped: Campaign) -> None:
    call(body(number(0)))
    Campaign.objects.update(state="cancelled")  # and the process ended before the run was told
    advance_runs()
    assert (shipped.runs.get().state, Message.objects.get().state) == ("cancelled", "cancelled")


def test_a_draft_channel_takes_no_calls(call: Any, channel: ChannelConfiguration) -> None:
    ChannelConfiguration.objects.update(status="draft")
    answer = call(body(number(0)))
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "channel_inactive")


def test_a_call_that_a_cancellation_overtakes_sends_nothing(
    call: Any, shipped: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept_many = triggering.accept_many

    def and_somebody_cancels(submissions: Any) -> Any:
        accepted = accept_many(submissions)
        steps.cancel(campaign_id=shipped.id, actor="ada")
        return accepted

    monkeypatch.setattr(triggering, "accept_many", and_somebody_cancels)
    answer = call(body(number(0)))
    assert (answer.status_code, "has just been stopped" in answer.content.decode()) == (409, True)
    assert not Message.objects.exists()


def test_a_call_without_a_key_is_new_each_time(call: Any) -> None:
    call(body(number(0)))
    call(body(number(0)))
    assert Message.objects.count() == 2


def test_data_that_the_text_needs_may_be_missing(call: Any) -> None:
    told = call({"recipients": [{"to": number(0)}]}).json()
    assert told["results"][0]["reason"] == "missing_attribute"


def test_a_text_that_would_stop_a_campaign_leaves_the_one_out(
    call: Any, shipped: Campaign, version: Any
) -> None:
    shipped.variants.update(version=version(TEXT, missing_policy="stop"))
    told = call({"recipients": [{"to": number(0)}, {"to": number(1), "context": {"order": 1}}]}).json()
    assert (told["accepted"], told["results"][0]["reason"]) == (1, "missing_attribute")
    shipped.refresh_from_db()
    assert shipped.state == "running"


REFUSED: dict[str, tuple[Any, int, str]] = {
    "nobody": ({"recipients": []}, 400, "request_invalid"),
    "too many": ({"recipients": [{"to": "+14155550101"}] * 1001}, 400, "request_invalid"),
    "no list": ({"to": "+14155550101"}, 400, "request_invalid"),
    "NUL": ({"recipients": [{"to": "+14155550101", "context": {"a": "\0"}}]}, 400, "request_invalid"),
}


@pytest.mark.parametrize(("sent", "status", "code"), REFUSED.values(), ids=REFUSED)
def test_calls_that_cannot_be_read(sent: Any, status: int, code: str, call: Any) -> None:
    answer = call(sent)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert Message.objects.count() == 0


def test_a_paused_campaign_takes_no_calls(call: Any, shipped: Campaign) -> None:
    steps.pause(campaign_id=shipped.id, actor="ada")
    assert call(body(number(0))).status_code == 409
    steps.resume(campaign_id=shipped.id)
    assert call(body(number(0))).status_code == 202


def test_only_triggered_campaigns_take_calls(call: Any, campaign: Any) -> None:
    made = campaign()
    assert call(body(number(0)), campaign=made.id).json()["error"]["code"] == "campaign_state_wrong"
    with pytest.raises(CampaignStateWrong):
        trigger(campaign=made, msisdn=number(0), unique_key="k")


def test_a_keyword_triggers_once_for_its_key(shipped: Campaign) -> None:
    results = [
        trigger(campaign=shipped, msisdn=number(0), context={"order": 1}, unique_key="inbound-1")
        for _ in range(2)
    ]
    assert results[0] == results[1]
    assert Message.objects.count() == 1


def test_campaigns_are_read_with_their_progress(call: Any, shipped: Campaign) -> None:
    call(body(number(0)))
    told = call(path="").json()
    assert (told["name"], told["state"], told["progress"]["accepted"]) == ("shipped", "running", 1)
    assert told["progress"]["outcomes"] == {"under_way": 1}


def test_an_unknown_campaign_is_a_404(call: Any) -> None:
    assert call(body(number(0)), campaign="01900000-0000-7000-8000-000000000000").status_code == 404
