from __future__ import annotations

import json
import uuid

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from access.keys import issue_key
from access.models import AuditEntry, Scope
from campaigns.audiences.querying import profiles_in
from campaigns.models import Audience, AudienceKind, Campaign
from profiles.models import Profile

pytestmark = pytest.mark.django_db
ADA, BOB, CYD = "+14155550101", "+14155550102", "+14155550103"
BERLIN = {"all": [{"field": "attributes.city", "op": "is", "value": "Berlin"}]}


def caller(*scopes):
    _, raw = issue_key(name="App", scopes=scopes)

    def call(method, path="", body=None):
        return Client().generic(
            method, f"/api/v1/audiences{path}", *([] if body is None else [json.dumps(body)]),
            content_type="application/json", headers={"Authorization": f"Bearer {raw}"},
        )  # fmt: skip

    return call


@pytest.fixture
def call(db):
    return caller(Scope.AUDIENCES_READ, Scope.AUDIENCES_WRITE)


@pytest.fixture
def people(db):
    return [
        Profile.objects.create(msisdn=number, external_id=f"x-{place}", attributes={"city": city})
        for place, (number, city) in enumerate(((ADA, "Berlin"), (BOB, "Paris"), (CYD, "Berlin")))
    ]


@pytest.fixture
def guests(db):
    return Audience.objects.create(name="Guests", kind=AudienceKind.STATIC)


def error(answer):
    return answer.status_code, answer.json()["error"]["code"], answer.json()["error"]["param"]


def test_an_audience_is_made_read_changed_and_deleted(call, people):
    made = call("POST", body={"name": "Berlin", "filter": BERLIN})
    assert made.status_code == 201
    body = made.json()
    assert (body["kind"], body["words"], body["warnings"]) == ("filter", "City is “Berlin”", [])
    path = f"/{body['id']}"
    assert made.headers["Location"] == f"/api/v1/audiences{path}"
    changed = call("PUT", path, {"name": "Not Berlin", "filter": {"not": BERLIN}, "description": "Rest"})
    assert changed.json()["words"] == "Not (city is “Berlin”)"
    assert call("GET", path).json() == changed.json()
    assert call("GET", f"{path}/count").json() == {"count": 1, "exact": True, "text": "1 profile"}
    assert call("DELETE", path).status_code == 204
    assert error(call("GET", path)) == (404, "audience_unknown", "")
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "added",
        "changed",
        "deleted",
    ]
    assert Profile.objects.count() == 3


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {"name": "A", "filter": {"all": [{"field": "langauge"}]}},
            (400, "audience_filter_invalid", "filter.all[0].field"),
        ),
        ({"name": "A", "filter": []}, (400, "audience_filter_invalid", "filter")),
        ({"name": "A", "filter": "x"}, (400, "audience_filter_invalid", "filter")),
        ({"filter": {}}, (400, "request_invalid", "name")),
        ({"name": "A", "filtre": {}}, (400, "request_invalid", "filtre")),
        ({"name": "A", "kind": "other"}, (400, "request_invalid", "kind")),
        ({"name": "A", "kind": "static", "filter": BERLIN}, (400, "request_invalid", "filter")),
        ({"name": "A"}, (400, "request_invalid", "filter")),
        ({"name": "A", "filter": None}, (400, "request_invalid", "filter")),
        ({"name": "Guests", "filter": {}}, (409, "audience_name_taken", "name")),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_explained_and_leaves_nothing(call, guests, body, expected):
    assert error(call("POST", body=body)) == expected
    assert Audience.objects.count() == 1


def test_an_attribute_nobody_has_comes_back_as_a_warning(call, people):
    slip = {"all": [{"field": "attributes.citty", "op": "is", "value": "Berlin"}]}
    (warning,) = call("POST", body={"name": "A", "filter": slip}).json()["warnings"]
    assert warning["path"] == "attributes.citty"
    assert "Did you mean “city”?" in warning["message"]


def test_an_audience_keeps_its_kind(call, guests):
    answer = call("PUT", f"/{guests.pk}", {"name": "Guests", "kind": "filter"})
    assert error(answer) == (400, "request_invalid", "kind")
    assert call("PUT", f"/{guests.pk}", {"name": "Friends", "kind": "static"}).json()["name"] == "Friends"


def test_a_change_without_the_filter_does_not_make_it_everybody(call, people):
    made = call("POST", body={"name": "Berlin", "filter": BERLIN}).json()
    assert error(call("PUT", f"/{made['id']}", {"name": "Berliners"})) == (400, "request_invalid", "filter")
    assert call("GET", f"/{made['id']}").json()["filter"] == BERLIN


def test_members_are_added_and_removed_each_with_a_result(call, people, guests):
    change = {
        "add": [{"number": "+1 (415) 555-0101"}, {"external_id": "x-1"}, {"external_id": "x-9"}, {"number": "12"},
                {"number": "+14155550999"}],
        "remove": [{"external_id": "x-2"}],
    }  # fmt: skip
    body = call("POST", f"/{guests.pk}/members", change).json()
    assert (body["added"], body["removed"], body["created"]) == (2, 0, 0)
    assert [row.get("status") for row in body["add"]] == ["member", "member", None, None, None]
    assert [row["error"]["param"] for row in body["add"][2:]] == ["external_id", "number", "number"]
    assert {row["error"]["code"] for row in body["add"][2:]} == {"member_unknown"}
    assert body["remove"] == [{"index": 0, "status": "removed"}]
    again = call("POST", f"/{guests.pk}/members", {**change, "remove": [{"number": ADA}], "add": []}).json()
    assert (again["added"], again["removed"]) == (0, 1)
    assert set(profiles_in(guests)) == {people[1]}


def test_numbers_get_a_profile_if_wanted(call, guests):
    wanted = {"add": [{"number": ADA}], "create_profiles": True}
    refused = call("POST", f"/{guests.pk}/members", wanted)
    assert (refused.status_code, "profiles:write" in refused.content.decode()) == (403, True)
    call = caller(Scope.AUDIENCES_WRITE, Scope.PROFILES_WRITE)
    body = call("POST", f"/{guests.pk}/members", {"add": [{"number": ADA}], "create_profiles": True}).json()
    assert (body["added"], body["created"]) == (1, 1)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({}, "add"),
        ({"add": [{"number": ADA}] * 1001}, "add"),
        ({"add": [{"number": ADA}, {}]}, "add.1"),
        ({"remove": [{"number": ADA, "external_id": "x"}]}, "remove.0"),
        ({"add": "x"}, "add"),
        ({"ad": []}, "ad"),
    ],
)
def test_a_change_that_cannot_be_read_changes_nothing(call, guests, change, param):
    assert error(call("POST", f"/{guests.pk}/members", change)) == (400, "request_invalid", param)
    assert profiles_in(guests).count() == 0


def test_a_filter_takes_no_members(call, people):
    made = call("POST", body={"name": "Berlin", "filter": BERLIN}).json()
    answer = call("POST", f"/{made['id']}/members", {"add": [{"number": ADA}]})
    assert error(answer)[:2] == (409, "audience_not_a_list")


def test_members_are_read_page_by_page(call, people):
    made = call("POST", body={"name": "Everybody", "filter": {}}).json()
    first = call("GET", f"/{made['id']}/members?limit=2").json()
    assert [member["number"] for member in first["members"]] == [ADA, BOB]
    rest = call("GET", f"/{made['id']}/members?limit=2&after={first['next']}").json()
    assert [member["external_id"] for member in rest["members"]] == ["x-2"]
    assert rest["next"] == ""


@pytest.mark.parametrize("query", ["after=x", "limit=0", "limit=1001", "limit=x", "limit=²"])
def test_a_page_that_cannot_be_asked_for_is_refused(call, guests, query):
    answer = call("GET", f"/{guests.pk}/members?{query}")
    assert error(answer) == (400, "request_invalid", query.partition("=")[0])


def test_one_that_a_campaign_uses_is_kept(call, client, guests, channel):
    Campaign.objects.create(name="Spring", channel=channel, audience=guests)
    answer = call("DELETE", f"/{guests.pk}")
    assert error(answer)[:2] == (409, "audience_in_use")
    assert "campaign “Spring”" in answer.json()["error"]["message"]
    assert not AuditEntry.objects.filter(action="deleted").exists()
    client.force_login(User.objects.create_superuser("boss"))
    page = client.post(reverse("admin:campaigns_audience_delete", args=[guests.pk]), {"post": "yes"})
    assert "campaign “Spring”" in page.content.decode()
    assert Audience.objects.filter(pk=guests.pk).exists()


def test_audiences_are_listed_by_name_page_by_page(call, monkeypatch):
    monkeypatch.setattr("campaigns.api.audiences._MOST_LISTED", 2)
    for name in "CAB":
        Audience.objects.create(name=name)
    first = call("GET").json()
    assert [one["name"] for one in first["audiences"]] == ["A", "B"]
    rest = call("GET", f"?after={first['next']}").json()
    assert ([one["name"] for one in rest["audiences"]], rest["next"]) == (["C"], "")


@pytest.mark.parametrize(
    ("scope", "method", "path", "allowed"),
    [
        (Scope.AUDIENCES_READ, "GET", "", True),
        (Scope.AUDIENCES_READ, "POST", "", False),
        (Scope.AUDIENCES_READ, "DELETE", f"/{uuid.UUID(int=1)}", False),
        (Scope.AUDIENCES_READ, "POST", f"/{uuid.UUID(int=1)}/members", False),
        (Scope.AUDIENCES_WRITE, "GET", "", False),
        (Scope.SEND, "GET", "", False),
    ],
)
def test_reading_and_changing_are_scopes_of_their_own(scope, method, path, allowed):
    answer = caller(scope)(method, path, {} if method == "POST" else None)
    assert (answer.status_code == 403) is not allowed
