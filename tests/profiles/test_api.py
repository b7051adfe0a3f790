from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access.keys import issue_key
from access.models import AuditEntry, Scope
from consent import ledger
from consent.models import ConsentEvent
from profiles.models import Profile

pytestmark = pytest.mark.django_db
A, B, C = (f"+1415555010{n}" for n in range(1, 4))
ADA = {
    "number": A, "other_numbers": [B], "attributes": {"firstName": "Ada", "address": {"city": "London", "zip": "N1"}},
    "language": "en", "time_zone": "Europe/London",
}  # fmt: skip


def caller(*scopes: str) -> Any:
    _, raw = issue_key(name="App", scopes=list(scopes))

    def call(method: str, path: str = "", body: Any = None) -> Any:
        return Client().generic(
            method,
            f"/api/v1/profiles{path}",
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {raw}"},
        )

    return call


@pytest.fixture
def call() -> Any:
    return caller(Scope.PROFILES_READ, Scope.PROFILES_WRITE)


def test_a_profile_is_put_looked_up_and_put_again(call: Any) -> None:
    made = call("PUT", "/ada", ADA)
    assert made.status_code == 201
    body = made.json()
    assert {name: body[name] for name in ADA} == ADA
    assert (body["external_id"], call("GET", "/ada").json()) == ("ada", body)
    again = call("PUT", "/ada", {"number": "(415) 555-0103"})
    assert (again.status_code, again.json()["number"], again.json()["other_numbers"]) == (200, C, [])
    assert (again.json()["attributes"], again.json()["language"]) == ({}, "")
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == [
        "added",
        "changed",
    ]
    assert "London" not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize(
    "query", ["?number=%2B14155550102", "?number=+14155550102", "?number=415-555-0101", "?external_id=ada"]
)
def test_a_profile_is_found_by_any_number_and_by_external_id(call: Any, query: str) -> None:
    call("PUT", "/ada", ADA)
    assert call("GET", query).json()["external_id"] == "ada"


@pytest.mark.parametrize(
    ("patch", "changed"),
    [
        (
            {"attributes": {"address": {"zip": None}, "age": 7}},
            {"attributes": {"firstName": "Ada", "address": {"city": "London"}, "age": 7}},
        ),
        ({"attributes": None}, {"attributes": {}}),
        ({"number": C}, {"number": C}),
        ({"number": B}, {"number": B, "other_numbers": []}),
        ({"other_numbers": [C]}, {"other_numbers": [C]}),
        ({"other_numbers": None}, {"other_numbers": []}),
        ({"language": None, "time_zone": ""}, {"language": "", "time_zone": ""}),
        ({}, {}),
    ],
)
def test_a_patch_changes_what_it_names(call: Any, patch: Any, changed: Any) -> None:
    call("PUT", "/ada", ADA)
    answer = call("PATCH", "/ada", patch)
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in ADA} == ADA | changed


def test_deleting_a_profile_leaves_consent(call: Any) -> None:
    call("PUT", "/ada", ADA)
    ledger.record(msisdn=A, kind="opt_out", source="keyword")
    assert call("DELETE", "/ada").status_code == 204
    assert (Profile.objects.count(), ConsentEvent.objects.count()) == (0, 1)
    assert AuditEntry.objects.latest("pk").action == "deleted"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "param"),
    [
        ("GET", "/eve", None, 404, "profile_unknown", "external_id"),
        ("GET", "?number=%2B14155550109", None, 404, "profile_unknown", "number"),
        ("GET", "?number=12", None, 400, "number_invalid", "number"),
        ("GET", "", None, 400, "request_invalid", "number"),
        ("GET", f"?number={A}&external_id=ada", None, 400, "request_invalid", "number"),
        ("GET", "/a%00da", None, 404, "profile_unknown", "external_id"),
        ("PATCH", "/a%00da", {}, 404, "profile_unknown", "external_id"),
        ("PUT", "/a%00da", {"number": C}, 400, "request_invalid", "external_id"),
        ("POST", "/bulk", {"profiles": [{}], "kye": "x"}, 400, "request_invalid", "kye"),
        ("DELETE", "/eve", None, 404, "profile_unknown", "external_id"),
        ("PATCH", "/eve", {}, 404, "profile_unknown", "external_id"),
        ("PATCH", "/ada", {"number": None}, 400, "request_invalid", "number"),
        ("PATCH", "/ada", {"number": "12"}, 400, "number_invalid", "number"),
        ("PUT", "/eve", {}, 400, "request_invalid", "number"),
        ("PUT", "/eve", {"number": C, "nmae": "x"}, 400, "request_invalid", "nmae"),
        ("PUT", "/eve", {"number": C, "other_numbers": ["12"]}, 400, "number_invalid", "other_numbers"),
        ("PUT", "/eve", {"number": C, "attributes": {"a b": 1}}, 400, "request_invalid", "attributes"),
        ("PUT", "/eve", {"number": C, "attributes": {"a": "x\0"}}, 400, "request_invalid", "attributes"),
        ("PUT", "/eve", {"number": C, "attributes": {"a": "\ud800"}}, 400, "request_invalid", "attributes"),
        ("PUT", "/eve", {"number": C, "attributes": []}, 400, "request_invalid", "attributes"),
        ("PUT", "/eve", {"number": C, "language": "!"}, 400, "request_invalid", "language"),
        ("PUT", "/eve", {"number": C, "time_zone": "Mars"}, 400, "request_invalid", "time_zone"),
        ("PUT", "/eve", {"number": A}, 409, "number_taken", "number"),
        ("PUT", "/eve", {"number": C, "other_numbers": [B]}, 409, "number_taken", "number"),
        ("PUT", f"/{'e' * 101}", {"number": C}, 400, "request_invalid", "external_id"),
        ("POST", "/bulk", {}, 400, "request_invalid", "profiles"),
        ("POST", "/bulk", {"profiles": []}, 400, "request_invalid", "profiles"),
        ("POST", "/bulk", {"profiles": [{}], "key": "x"}, 400, "request_invalid", "key"),
        ("POST", "/bulk", {"profiles": [{}] * 1001}, 400, "request_invalid", "profiles"),
        ("POST", "/bulk", [], 400, "request_invalid", ""),
    ],
)
def test_what_is_wrong_is_named_and_nothing_changes(
    call: Any, method: str, path: str, body: Any, status: int, code: str, param: str
) -> None:
    call("PUT", "/ada", ADA)
    answer = call(method, path, body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"].partition(".")[0]) == (status, code, param)
    assert list(Profile.objects.values_list("external_id", "msisdn")) == [("ada", A)]


def test_many_profiles_have_a_result_each(call: Any) -> None:
    call("PUT", "/ada", ADA)
    answer = call(
        "POST",
        "/bulk",
        {
            "profiles": [
                {"external_id": "ada", "attributes": {"age": 7, "firstName": None}},
                {"external_id": "bob", "number": C},
                {"external_id": "bob"},
                {"external_id": "eve", "number": A},
                {"external_id": "eve", "number": "12"},
                {"external_id": "eve", "nmae": 1},
                {"external_id": "e\0e", "number": C},
                {"external_id": "eve", "attributes": {"a": {"b": "x\0"}}, "number": "+14155550109"},
                ["not an object"],
                {"number": C},
            ]
        },
    )
    body = answer.json()
    assert body["counts"] == {"created": 1, "updated": 1, "unchanged": 1, "skipped": 0, "refused": 7}
    assert [(one["index"], one.get("result") or one["error"]["code"]) for one in body["results"]] == [
        (0, "updated"), (1, "created"), (2, "unchanged"), (3, "number_taken"), (4, "number_invalid"),
        (5, "request_invalid"), (6, "request_invalid"), (7, "request_invalid"), (8, "request_invalid"),
        (9, "request_invalid"),
    ]  # fmt: skip
    ada = Profile.objects.get(external_id="ada")
    assert ada.attributes == {"address": {"city": "London", "zip": "N1"}, "age": 7}
    assert body["results"][0]["id"] == str(ada.pk)


def test_people_without_an_external_id_are_recognised_by_number(call: Any) -> None:
    rows = [{"number": A, "attributes": {"n": 1}}, {"number": B}]
    counts = [
        call("POST", "/bulk", {"key": "number", "existing": existing, "profiles": rows}).json()["counts"]
        for existing in ("skip", "skip", "replace")
    ]
    assert [(one["created"], one["skipped"], one["unchanged"]) for one in counts] == [
        (2, 0, 0),
        (0, 2, 0),
        (0, 0, 2),
    ]


def test_a_thousand_profiles_cost_as_many_queries_as_one(call: Any) -> None:
    def cost(count: int) -> int:
        first = 5_600_000 + count * 1000
        rows = [{"external_id": f"c{first + n}", "number": f"+1415{first + n}"} for n in range(count)]
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert call("POST", "/bulk", {"profiles": rows}).json()["counts"]["created"] == count
        return len(queries)

    assert cost(300) <= cost(1) + 2


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        (Scope.PROFILES_READ, "PUT", "/ada", 403),
        (Scope.PROFILES_READ, "PATCH", "/ada", 403),
        (Scope.PROFILES_READ, "DELETE", "/ada", 403),
        (Scope.PROFILES_READ, "POST", "/bulk", 403),
        (Scope.PROFILES_WRITE, "GET", "/ada", 403),
        (Scope.PROFILES_WRITE, "GET", "?external_id=ada", 403),
        (Scope.SEND, "PUT", "/ada", 403),
        (Scope.PROFILES_READ, "GET", "/ada", 404),
    ],
)
def test_reading_and_changing_are_scopes_of_their_own(
    scope: str, method: str, path: str, status: int
) -> None:
    assert (
        caller(scope)(method, path, {} if method in ("PUT", "PATCH", "POST") else None).status_code == status
    )
