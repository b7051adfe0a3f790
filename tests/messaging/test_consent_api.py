from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from access.keys import issue_key
from access.models import AuditEntry
from consent import ledger
from consent.models import ConsentEvent
from messaging.models import Message

pytestmark = pytest.mark.django_db
ADA, BOB = "+14155550101", "+491711234567"
URL = "/api/v1/consent/"


@pytest.fixture
def call(client: Client) -> Any:
    _, raw = issue_key(name="Shop", scopes=["consent:read", "consent:write"])

    def call(method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = client.generic(
            method, URL + path, b"" if body is None else __import__("json").dumps(body),
            content_type="application/json", headers={"Authorization": f"Bearer {raw}", **headers},
        )  # fmt: skip
        return answer.status_code, answer.json()

    return call


def put(call: Any, number: str = ADA, **body: Any) -> Any:
    return call("PUT", number, body)


def test_opting_out_is_recorded_audited_and_obeyed_by_waiting_messages(call: Any, queue: Any) -> None:
    queue(to=ADA)
    status, body = put(call, state="out", reason="asked by phone")
    assert (status, body["summary"], body["suppressed"], body["sequence"]) == (
        200,
        "Opted out of everything",
        1,
        1,
    )
    assert body["allowed"] == {"marketing": False, "transactional": False, "one_time_code": True}
    assert Message.objects.get().state == "suppressed"
    event = ConsentEvent.objects.get()
    assert (event.source, event.actor) == ("api", "API key Shop")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.changes["suppressed"]) == ("changed consent", 1)
    assert ADA not in str(entry.changes) + entry.object_repr


def test_a_number_is_looked_up_in_any_form(call: Any) -> None:
    ledger.record(msisdn=ADA, kind="opt_in", source="keyword", purpose="marketing")
    for form in (ADA, "4155550101", "1-415-555-0101"):
        status, body = call("GET", form)
        assert (status, body["number"], body["events"]) == (200, ADA, 1)
        assert body["states"][0]["state"] == "in"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "param"),
    [
        ("GET", ADA, None, 404, "consent_unknown", ""),
        ("GET", f"{ADA}/events", None, 404, "consent_unknown", ""),
        ("GET", "abc", None, 400, "number_invalid", "number"),
        ("GET", f"{BOB}/events?limit=0", None, 400, "request_invalid", "limit"),
        ("PUT", ADA, {}, 400, "request_invalid", "state"),
        ("PUT", ADA, {"state": "maybe"}, 400, "request_invalid", "state"),
        ("PUT", ADA, {"state": "out", "scope": "x"}, 400, "request_invalid", "scope"),
        ("PUT", ADA, {"state": "out", "reson": "x"}, 400, "request_invalid", "reson"),
        ("PUT", BOB, {"state": "in"}, 400, "request_invalid", "reason"),
        ("PUT", BOB, {"state": "in", "reason": "x"}, 400, "request_invalid", "evidence"),
        ("POST", "check", {"numbers": [], "purpose": "marketing"}, 400, "request_invalid", "numbers"),
        ("POST", "check", {"numbers": [ADA] * 1001, "purpose": "marketing"}, 400, "request_invalid", "numbers"),
        ("POST", "check", {"numbers": [ADA], "purpose": "spam"}, 400, "request_invalid", "purpose"),
        ("POST", "check", {"numbers": [ADA], "purpose": "marketing", "sender": "?!"}, 400, "number_invalid", "sender"),
    ],
)  # fmt: skip
def test_mistakes_are_told_by_code_and_field(
    call: Any, method: str, path: str, body: Any, status: int, code: str, param: str
) -> None:
    ledger.record(msisdn=BOB, kind="opt_out", source="keyword")
    got, answer = call(method, path, body)
    assert (got, answer["error"]["code"], answer["error"]["param"]) == (status, code, param)
    assert ConsentEvent.objects.count() == 1


def test_an_opt_out_is_lifted_with_reason_and_evidence(call: Any) -> None:
    put(call, state="out")
    status, body = put(call, state="in", reason="signed up again", evidence={"url": "https://x.example/f"})
    assert (status, body["summary"]) == (200, "Opted in to everything")
    _, history = call("GET", f"{ADA}/events")
    assert [(event["event"], event["evidence"]) for event in history["events"]] == [
        ("opt_in", {"url": "https://x.example/f"}), ("opt_out", {}),
    ]  # fmt: skip


@pytest.mark.parametrize("source", ["staff", "provider"])
def test_what_staff_or_the_provider_closed_an_application_cannot_open(call: Any, source: str) -> None:
    ledger.record(msisdn=ADA, kind="opt_out", source=source)
    status, body = put(call, state="in", reason="x", evidence={"form": "y"})
    assert (status, body["error"]["code"]) == (409, "opt_out_stands")
    assert ConsentEvent.objects.count() == 1


def test_the_same_key_does_it_once(call: Any) -> None:
    first = call("PUT", ADA, {"state": "out"}, **{"Idempotency-Key": "k"})
    assert call("PUT", ADA, {"state": "out"}, **{"Idempotency-Key": "k"}) == first
    assert ConsentEvent.objects.count() == 1
    status, body = call("PUT", BOB, {"state": "out"}, **{"Idempotency-Key": "k"})
    assert (status, body["error"]["code"]) == (422, "idempotency_conflict")


def test_events_come_in_pages_newest_first(call: Any) -> None:
    for kind in ("opt_in", "opt_out", "help"):
        ledger.record(msisdn=ADA, kind=kind, source="keyword", text=kind)
    _, page = call("GET", f"{ADA}/events?limit=2")
    assert ([event["sequence"] for event in page["events"]], page["next_before"]) == ([3, 2], 2)
    assert page["events"][1]["text"] == "opt_out"
    _, page = call("GET", f"{ADA}/events?limit=2&before=2")
    assert ([event["sequence"] for event in page["events"]], page["next_before"]) == ([1], None)


def test_many_numbers_are_checked_at_once(call: Any, django_assert_max_num_queries: Any) -> None:
    ledger.record(msisdn=ADA, kind="opt_out", source="keyword", scope="sender:+15005550006")
    ledger.record(msisdn=BOB, kind="opt_in", source="keyword")
    numbers = ["4155550101", BOB, "+14155550199", "abc", *[f"+1415556{n:04d}" for n in range(900)]]
    with django_assert_max_num_queries(8):
        _, body = call(
            "POST", "check", {"numbers": numbers, "purpose": "marketing", "sender": "+15005550006"}
        )
    found = [(one["e164"], one["allowed"], one["reason"]) for one in body["results"][:4]]
    assert found == [
        (ADA, False, "opted_out"), (BOB, True, ""), ("+14155550199", False, "no_opt_in"), ("", False, "number_invalid"),
    ]  # fmt: skip
    assert len(body["results"]) == len(numbers)


@pytest.mark.parametrize(
    ("scopes", "method", "path", "body", "status"),
    [
        (["consent:read"], "PUT", ADA, {"state": "out"}, 403),
        (["consent:write"], "PUT", ADA, {"state": "out"}, 200),
        (["consent:write"], "GET", ADA, None, 403),
        (["messages:send"], "POST", "check", {"numbers": [ADA], "purpose": "marketing"}, 403),
        (["messages:send"], "GET", f"{ADA}/events", None, 403),
    ],
)
def test_reading_and_changing_are_scopes_of_their_own(
    client: Client, scopes: list[str], method: str, path: str, body: Any, status: int
) -> None:
    import json

    _, raw = issue_key(name="K", scopes=scopes)
    answer = client.generic(
        method, URL + path, json.dumps(body) if body else b"", content_type="application/json",
        headers={"Authorization": f"Bearer {raw}"},
    )  # fmt: skip
    assert answer.status_code == status


def test_the_endpoints_stand_in_the_openapi_document(client: Client) -> None:
    text = client.get("/api/schema/").content.decode()
    for name in ("get_consent", "put_consent", "list_consent_events", "check_consent"):
        assert f"operationId: {name}" in text
