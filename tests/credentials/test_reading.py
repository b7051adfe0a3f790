from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from core.errors import ConfigurationInvalid
from core.http import Answer
from core.value_paths import path_problem
from core.vocabulary import FailureClass, Outcome
from credentials.reading import ResponseReader
from credentials.rules import status_ranges
from credentials.spec import ResponseSpec, Rule
from credentials.vendors import VENDORS

JSON = {"Content-Type": "application/json"}


def answer(status: int, body: Any = b"", headers: dict[str, str] | None = None) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, CaseInsensitiveDict(JSON if headers is None else headers), raw, 5)


def reader(vendor: str = "custom", **values: Any) -> ResponseReader:
    return ResponseReader(replace(VENDORS[vendor].spec({}).response, **values))


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


def test_a_dash_says_that_there_is_no_such_value() -> None:
    refusal = answer(400, {"error": "Invalid number", "message": "No such number"})
    result = reader(code_path="-").read(refusal)
    assert (result.code, result.detail) == ("http_400", "No such number")
    assert reader(code_path="-", text_path="-").read(refusal).detail == ""
    assert reader().read(refusal).code == "Invalid number"
    assert reader(id_path="-").read(answer(200, {"id": "1", "-": "2"})).provider_id == ""


def test_a_chosen_path_is_the_only_one_looked_at() -> None:
    result = reader(id_path="out.ref").read(answer(200, {"id": "wrong", "out": {"ref": "right"}}))
    assert result.provider_id == "right"
    assert reader(id_path="out.ref").read(answer(200, {"id": "wrong"})).provider_id == ""


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


XML = {"Content-Type": "text/xml"}


def judged(
    rules: list[Rule], status: int, body: Any, headers: dict[str, str] | None = None, **spec: Any
) -> Any:
    return ResponseReader(ResponseSpec(rules=tuple(rules), **spec)).read(answer(status, body, headers))


@pytest.mark.parametrize(
    ("rule", "status", "body", "fits"),
    [
        (Rule(path="status", test="any_of", values=("ok", "3")), 200, {"status": "ok"}, True),
        (Rule(path="status", test="any_of", values=("ok", "3")), 200, {"status": 3}, True),
        (Rule(path="status", test="any_of", values=("true",)), 200, {"status": True}, True),
        (Rule(path="status", test="any_of", values=("ok",)), 200, {}, False),
        (Rule(path="status", test="none_of", values=("ok",)), 200, {"status": "no"}, True),
        (Rule(path="status", test="none_of", values=("ok",)), 200, {}, True),
        (Rule(path="status", test="none_of", values=("ok",)), 200, b"not JSON", True),
        (Rule(path="id", test="absent"), 200, {"id": ""}, True),
        (Rule(path="id", test="absent"), 200, {"id": []}, True),
        (Rule(path="id", test="absent"), 200, {"id": 0}, False),
        (Rule(path="id", test="present"), 200, {"id": 0}, True),
        (Rule(test="contains", values=("Err", "Fail")), 200, b"0: Fail", True),
        (Rule(test="contains", values=("Err",)), 200, b"0: OK", False),
        (Rule(test="lacks", values=("Accepted",)), 200, b"1: Unknown", True),
        (Rule(test="lacks", values=("Accepted",)), 200, b"0: Accepted", False),
        (Rule(test="lacks", values=()), 200, b"anything", False),
        (Rule(test="matches", values=("^ERR[0-9]+",)), 200, b"ERR12 no", True),
        (Rule(test="matches", values=("^ERR[0-9]+",)), 200, b"no ERR12", False),
        (Rule(path="header:X-Error", test="present"), 200, b"", True),
        (Rule(path="/r/code", test="any_of", values=("7",)), 200, b"<r><code> 7 </code></r>", True),
        (Rule(path="//code", test="any_of", values=("7",)), 200, b"<r><a><code>7</code></a></r>", True),
        (Rule(path="/r/@code", test="any_of", values=("7",)), 200, b'<n:r xmlns:n="u" code="7"/>', True),
        (Rule(path="/x/code", test="any_of", values=("7",)), 200, b"<r><code>7</code></r>", False),
        (Rule(statuses="2xx, 400", test="present"), 400, b"x", True),
        (Rule(statuses="404", test="always"), 404, b"", True),
        (Rule(statuses="404", test="always"), 400, b"x", False),
        (Rule(statuses="500-599", test="present"), 400, b"x", False),
    ],
)
def test_when_a_rule_fits(rule: Rule, status: int, body: Any, fits: bool) -> None:
    result = judged([rule], status, body, {"X-Error": "1"})
    assert (result.rule == 1) == fits


def test_the_first_rule_that_fits_decides() -> None:
    rules = [
        Rule(path="code", test="any_of", values=("5",), outcome="temporary", failure="rate"),
        Rule(path="code", test="present", outcome="failed", failure="sender"),
        Rule(statuses="5xx", test="present", outcome="accepted"),
    ]
    slow = judged(rules, 200, {"code": 5, "message": "slow down"}, {"Retry-After": "9"})
    assert (slow.outcome, slow.failure, slow.retry_after, slow.rule) == ("temporary", "rate", 9.0, 1)
    refused = judged(rules, 200, {"code": 6, "message": "bad sender"})
    assert (refused.outcome, refused.failure, refused.code, refused.detail) == (
        "failed",
        "sender",
        "6",
        "bad sender",
    )
    assert judged(rules, 500, b"fine").outcome == "accepted"
    assert judged(rules, 500, b"").outcome == "unknown"


@pytest.mark.parametrize(
    ("failure", "outcome", "known"),
    [("", Outcome.TEMPORARY, "rate"), ("credit", Outcome.FAILED, "credit"), ("rate", Outcome.FAILED, "rate")],
)
def test_a_class_given_in_a_rule_stands_else_the_code_says_more(
    failure: str, outcome: Outcome, known: str
) -> None:
    rule = Rule(path="code", test="present", outcome="failed", failure=failure)
    result = judged([rule], 200, {"code": "9"}, codes={"9": "rate"})
    assert (result.outcome, result.failure) == (outcome, known)


def test_a_rule_may_say_the_recipient_has_opted_out() -> None:
    result = judged(
        [Rule(path="r", test="any_of", values=("STOPPED",), outcome="opted_out")], 200, {"r": "STOPPED"}
    )
    assert (result.outcome, result.failure) == (Outcome.OPTED_OUT, FailureClass.OPTED_OUT)


def test_a_code_staff_have_mapped_is_more_telling_than_a_403() -> None:
    assert judged([], 403, {"code": "77"}, codes={"77": "blocked"}).failure == FailureClass.BLOCKED
    assert judged([], 401, {"code": "77"}, codes={"77": "blocked"}).failure == FailureClass.AUTH


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/r/id", b"<r><id>x1</id></r>", "x1"),
        ('regex:Success "(.*)"', b'Success "a-1"', "a-1"),
        ("header:X-Id", b"", "h1"),
        ("id", b'{"id": "null"}', ""),
    ],
)
def test_the_id_may_stand_anywhere(path: str, body: bytes, expected: str) -> None:
    result = judged([], 200, body, {"X-Id": "h1"}, id_path=path, ignored_ids=("null",))
    assert result.provider_id == expected


@pytest.mark.parametrize(
    "bomb", [b'<!DOCTYPE r [<!ENTITY a "aa">]><r>&a;</r>', b"<r>" * 100_000, b"\xff\xfe<"]
)
def test_hostile_xml_is_no_answer_and_no_error(bomb: bytes) -> None:
    assert judged([Rule(path="/r", test="present")], 200, bomb, XML).rule == 0


@pytest.mark.parametrize("text", ["2xy", "99", "600", "500-400", "200-", "a"])
def test_a_status_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationInvalid):
        status_ranges(text)
