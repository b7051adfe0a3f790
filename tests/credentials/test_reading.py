from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from core.http import Answer
from core.vocabulary import FailureClass, Outcome
from credentials.reading import ResponseReader, path_problem
from credentials.vendors import VENDORS

JSON = {"Content-Type": "application/json"}


def answer(status: int, body: Any = b"", headers: dict[str, str] | None = None) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, CaseInsensitiveDict(JSON if headers is None else headers), raw, 5)


def reader(vendor: str = "custom", **values: Any) -> ResponseReader:
    preset = VENDORS[vendor]
    return ResponseReader(
        **{
            "message_id_path": preset.message_id_path,
            "rules": preset.response,
            "codes": preset.codes,
            **values,
        }
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"messageId": "m1", "status": "accepted"}, "m1"),
        ({"sid": "SM1", "id": 5}, "SM1"),
        ({"messages": [{"messageId": "i1"}]}, "i1"),
        ({"messages": [{"message-id": "n1"}]}, "n1"),
        ({"data": {"id": 42}}, "42"),
        ([{"id": "b1"}], "b1"),
        ({"id": None, "request_id": "r1"}, "r1"),
        ({"id": "", "batch_id": "x"}, "x"),
        ({"id": True}, ""),
        ({}, ""),
        ("just text", ""),
    ],
)
def test_the_id_is_found_in_the_usual_places(body: Any, expected: str) -> None:
    result = reader().read(answer(202, body))
    assert (result.outcome, result.provider_id) == (Outcome.ACCEPTED, expected)


def test_a_chosen_path_is_the_only_one_looked_at() -> None:
    result = reader(message_id_path="out.ref").read(answer(200, {"id": "wrong", "out": {"ref": "right"}}))
    assert result.provider_id == "right"
    assert reader(message_id_path="out.ref").read(answer(200, {"id": "wrong"})).provider_id == ""


@pytest.mark.parametrize(
    ("body", "headers", "outcome"),
    [
        (b"", JSON, Outcome.ACCEPTED),
        (b"OK", {"Content-Type": "text/plain"}, Outcome.ACCEPTED),
        (b"OK", {}, Outcome.ACCEPTED),
        (b'{"id":', JSON, Outcome.UNKNOWN),
        (b"\xff\xfe\x00", {"Content-Type": "application/problem+json; charset=x"}, Outcome.UNKNOWN),
        (b"<html>Welcome</html>", {"Content-Type": "text/html"}, Outcome.UNKNOWN),
        (b"[" * 60_000, JSON, Outcome.UNKNOWN),
    ],
)
def test_a_yes_that_cannot_be_read(body: bytes, headers: dict[str, str], outcome: Outcome) -> None:
    assert reader().read(answer(200, body, headers)).outcome == outcome


@pytest.mark.parametrize(
    ("status", "outcome", "failure"),
    [
        (400, Outcome.FAILED, FailureClass.UNKNOWN),
        (401, Outcome.FAILED, FailureClass.AUTH),
        (402, Outcome.FAILED, FailureClass.CREDIT),
        (403, Outcome.FAILED, FailureClass.AUTH),
        (404, Outcome.FAILED, FailureClass.CONFIGURATION),
        (422, Outcome.FAILED, FailureClass.UNKNOWN),
        (302, Outcome.FAILED, FailureClass.CONFIGURATION),
        (429, Outcome.TEMPORARY, FailureClass.RATE),
        (503, Outcome.TEMPORARY, FailureClass.NONE),
        (500, Outcome.UNKNOWN, FailureClass.NONE),
        (502, Outcome.UNKNOWN, FailureClass.NONE),
        (504, Outcome.UNKNOWN, FailureClass.NONE),
        (524, Outcome.UNKNOWN, FailureClass.NONE),
    ],
)
def test_status_decides(status: int, outcome: Outcome, failure: FailureClass) -> None:
    result = reader().read(answer(status))
    assert (result.outcome, result.failure, result.code) == (outcome, failure, f"http_{status}")


@pytest.mark.parametrize(
    ("body", "code", "detail"),
    [
        ({"error": {"code": "E1", "message": "No"}}, "E1", "No"),
        ({"code": 21211, "message": "Invalid 'To'"}, "21211", "Invalid 'To'"),
        ({"errors": [{"code": "10002", "detail": "Bad number"}]}, "10002", "Bad number"),
        ({"requestError": {"serviceException": {"messageId": "E400", "text": "Bad"}}}, "E400", "Bad"),
        ({"error": "invalid_sender", "error_description": "Sender?"}, "invalid_sender", "Sender?"),
        ({"title": "Bad", "detail": "More"}, "Bad", "More"),
        ({}, "http_400", ""),
        ([], "http_400", ""),
    ],
)
def test_code_and_detail_come_from_the_usual_places(body: Any, code: str, detail: str) -> None:
    result = reader().read(answer(400, body))
    assert (result.code, result.detail) == (code, detail)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("999999999", 3600.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("9" * 400, 3600.0),
        ("Mon, 99 Foo 2026", None),
    ],
)
def test_retry_after_in_seconds_is_bounded(value: str, expected: float | None) -> None:
    result = reader().read(answer(429, b"", {"Retry-After": value}))
    assert result.retry_after == expected


@pytest.mark.parametrize(("seconds", "expected"), [(90, 90), (-90, 0), (10**6, 3600)])
def test_retry_after_may_be_a_date(seconds: int, expected: int) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
    result = reader().read(answer(503, b"", {"Retry-After": moment}))
    assert result.retry_after == pytest.approx(expected, abs=2)


@pytest.mark.parametrize(
    ("code", "outcome", "failure"),
    [
        (21610, Outcome.OPTED_OUT, FailureClass.OPTED_OUT),
        (21211, Outcome.FAILED, FailureClass.INVALID_NUMBER),
        (20429, Outcome.TEMPORARY, FailureClass.RATE),
        (99999, Outcome.FAILED, FailureClass.UNKNOWN),
    ],
)
def test_a_vendors_codes_become_our_words(code: int, outcome: Outcome, failure: FailureClass) -> None:
    result = reader("twilio").read(answer(400, {"code": code, "message": "no"}))
    assert (result.outcome, result.failure, result.code) == (outcome, failure, str(code))


def test_a_refusal_inside_a_200_is_a_refusal_where_the_vendor_does_that() -> None:
    refused = {"messages": [{"messageId": "i", "status": {"groupId": 5, "id": 8, "description": "No route"}}]}
    result = reader("infobip").read(answer(200, refused))
    assert (result.outcome, result.code, result.detail) == (Outcome.FAILED, "8", "No route")
    assert result.failure == FailureClass.INVALID_NUMBER
    accepted = {"messages": [{"messageId": "i", "status": {"groupId": 1, "id": 26}}]}
    assert reader("infobip").read(answer(200, accepted)).provider_id == "i"


@given(
    status=st.integers(100, 599),
    body=st.binary(max_size=200),
    kind=st.sampled_from(["application/json", "text/html", "", "é"]),
)
def test_nothing_a_provider_answers_raises(status: int, body: bytes, kind: str) -> None:
    for vendor in VENDORS:
        reader(vendor).read(
            answer(status, body, {"Content-Type": kind, "Retry-After": body.decode("latin-1")})
        )


@given(
    content=st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["id", "messages", "error", "code", "status", "data"]), inner, max_size=3
            )
        ),
        max_leaves=8,
    )
)
def test_no_json_a_provider_answers_raises(content: Any) -> None:
    for status in (200, 400, 503):
        reader("infobip").read(answer(status, content))


@pytest.mark.parametrize("path", ["messages[0", "a..b", "[?"])
def test_a_path_that_cannot_be_followed_is_named(path: str) -> None:
    assert "messages[0].messageId" in path_problem(path)
    assert path_problem("messages[0].messageId") == ""


def test_a_web_page_behind_a_wrong_content_type_is_no_answer() -> None:
    for page in (b"<html>maintenance</html>", b"<!DOCTYPE html><p>Log in"):
        answer = Answer(200, CaseInsensitiveDict({"Content-Type": "text/plain"}), page, 1)
        assert ResponseReader().read(answer).outcome == Outcome.UNKNOWN


def test_an_id_no_database_takes_is_made_fit_to_be_kept() -> None:
    body = b'{"messageId": "a\\u0000b\\ud800"}'
    answer = Answer(202, CaseInsensitiveDict({"Content-Type": "application/json"}), body, 1)
    assert ResponseReader().read(answer).provider_id == "ab\ufffd"
