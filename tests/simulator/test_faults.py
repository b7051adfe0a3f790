from __future__ import annotations

import socket
import time
from typing import Any

import pytest
import requests

from simulator.faults import FAULTS
from tests.simulator.conftest import KEY, MESSAGE, Client, Receiver, eventually


@pytest.mark.parametrize(
    ("action", "status", "code"),
    [
        ({"status": 500}, 500, "HTTP_500"),
        ({"status": 503}, 503, "HTTP_503"),
        ({"status": 429, "retryAfter": 7}, 429, "HTTP_429"),
        ({"status": 400, "code": "INVALID_RECIPIENT"}, 400, "INVALID_RECIPIENT"),
    ],
)
def test_a_scripted_status_is_answered_and_nothing_accepted(
    client: Client, action: dict[str, Any], status: int, code: str
) -> None:
    client.script(match={"to": "+14155550100"}, action=action)
    answer = client.send()
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.headers.get("Retry-After") == ("7" if status == 429 else None)
    assert client.send(to="+14155550101").status_code == 202
    assert client.get("/_requests")["accepted"] == 1


def test_a_rule_acts_as_often_as_it_says_then_the_next_one_does(client: Client) -> None:
    client.script(match={"to": "*"}, times=2, action={"status": 503})
    client.script(match={"to": "+1415*"}, times=1, action={"status": 429})
    assert [client.send().status_code for _ in range(4)] == [503, 503, 429, 202]
    assert [rule["hits"] for rule in client.get("/_script")["rules"]] == [2, 1]


def test_deleting_the_script_ends_it(client: Client) -> None:
    client.script(match={"to": "*"}, action={"status": 500})
    assert client.send().status_code == 500
    client.session.delete(client.url + "/_script", timeout=5)
    assert client.send().status_code == 202


def test_latency_comes_before_the_answer(client: Client) -> None:
    client.script(match={"to": "*"}, times=1, action={"latency": 0.2})
    started = time.monotonic()
    assert client.send().status_code == 202
    assert time.monotonic() - started >= 0.2


def test_a_timeout_holds_the_connection_and_accepts_nothing(client: Client) -> None:
    client.script(match={"to": "*"}, action={"timeout": 30})
    with pytest.raises(requests.ReadTimeout):
        requests.post(client.url + "/apikey/messages", json=MESSAGE, headers=KEY, timeout=0.2)
    assert client.get("/_requests")["accepted"] == 0
    assert client.get("/_requests")["refused"] == {"TIMEOUT": 1}


@pytest.mark.parametrize(("match", "reset"), [("*", "before"), ("+1415*", "before"), ("*", "after")])
def test_a_reset_gives_no_answer(client: Client, receiver: Receiver, match: str, reset: str) -> None:
    client.script(match={"to": match}, times=1, action={"reset": reset})
    with pytest.raises(requests.ConnectionError):
        client.send(callbackUrl=receiver.url)
    assert client.get("/_requests")["accepted"] == (1 if reset == "after" else 0)
    if reset == "after":
        eventually(lambda: len(receiver.bodies) == 1)
    assert client.send().status_code == 202


def test_a_reset_before_reading_does_not_wait_for_the_body(client: Client) -> None:
    client.script(match={"to": "*"}, times=1, action={"reset": "before"})
    host, port = client.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        raw.sendall(b"POST /apikey/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            raw.recv(100)


@pytest.mark.parametrize(
    ("action", "statuses"),
    [
        ({"reportStatus": "FAILED"}, ["FAILED"]),
        ({"reportStatus": "UNDELIVERABLE"}, ["UNDELIVERABLE"]),
        ({"duplicate": True}, ["DELIVERED", "DELIVERED"]),
        ({"outOfOrder": True}, ["DELIVERED", "SENT"]),
        ({"reports": ["SENT", "DELIVERED"]}, ["SENT", "DELIVERED"]),
    ],
)
def test_reports_follow_the_script(
    client: Client, receiver: Receiver, action: dict[str, Any], statuses: list[str]
) -> None:
    client.script(match={"to": "*"}, action={**action, "reportCode": "E1"})
    client.send(callbackUrl=receiver.url)
    eventually(lambda: len(receiver.bodies) == len(statuses))
    assert [body["status"] for body in receiver.bodies] == statuses
    assert {body["errorCode"] for body in receiver.bodies} == {"E1"}


def test_no_report_and_late_reports(client: Client, receiver: Receiver) -> None:
    client.script(match={"to": "+1"}, action={"noReport": True})
    client.script(match={"to": "+2"}, action={"reportDelay": 0.3})
    started = time.monotonic()
    client.send(to="+1", callbackUrl=receiver.url)
    client.send(to="+2", callbackUrl=receiver.url)
    eventually(lambda: receiver.bodies)
    assert [body["to"] for body in receiver.bodies] == ["+2"]
    assert receiver.times[0] - started >= 0.3


def test_an_early_report_comes_before_the_answer(client: Client, receiver: Receiver) -> None:
    client.script(match={"to": "*"}, action={"early": True})
    answer = client.send(callbackUrl=receiver.url)
    assert [body["messageId"] for body in receiver.bodies] == [answer.json()["messageId"]]


def test_the_token_endpoint_fails_only_when_it_is_named(client: Client) -> None:
    grant = {
        "grant_type": "client_credentials",
        "client_id": "demo-client",
        "client_secret": "demo-client-secret",
    }
    client.script(match={"to": "*"}, action={"status": 500})
    assert client.post("/oauth/token", data=grant).status_code == 200
    client.script(match={"path": "/oauth/token"}, action={"status": 503})
    assert client.post("/oauth/token", data=grant).status_code == 503


@pytest.mark.parametrize(
    "rule",
    [
        {"match": {"to": "*"}},
        {"match": {"number": "*"}, "action": {}},
        {"match": [], "action": {}, "often": 3},
        {"action": {"explode": True}},
        {"action": {"latency": "2"}},
        {"action": {"latency": -1}},
        {"action": {"status": 99}},
        {"action": {"reset": "never"}},
        {"action": {"status": 500}, "times": 0},
        "nonsense",
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(client: Client, rule: Any) -> None:
    assert client.post("/_script", json=[{"action": {}}, rule]).status_code == 422
    assert client.get("/_script")["rules"] == []


def test_a_fault_by_number_heals_on_the_second_try_where_it_says_so(client: Client) -> None:
    busy, broken = "+14155990429", "+14155990500"
    assert client.send(to=busy, clientReference="a").status_code == 429
    assert client.send(to=busy, clientReference="b").status_code == 429
    assert [client.send(to=busy, clientReference=name).status_code for name in "ab"] == [202, 202]
    assert [client.send(to=busy).status_code for _ in range(4)] == [429, 202, 429, 202]
    assert [client.send(to=broken).status_code for _ in range(2)] == [500, 500]


def test_a_rule_goes_before_the_table_by_number(client: Client) -> None:
    client.script(match={"to": "+14155990500"}, times=1, action={"status": 200})
    assert [client.send(to="+14155990500").status_code for _ in range(2)] == [200, 500]


def test_the_table_is_shown_with_samples_that_fit(client: Client) -> None:
    table = client.get("/_script")["table"]
    assert [row["suffix"] for row in table] == [fault.suffix for fault in FAULTS]
    assert all(row["sample"].endswith(row["suffix"]) and len(row["sample"]) == 12 for row in table)
    assert client.post("/_script", json=[{"action": row["action"]} for row in table]).status_code == 200
