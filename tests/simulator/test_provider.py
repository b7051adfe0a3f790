from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.conftest import KEY, MESSAGE, Client, Receiver, eventually


def test_a_message_is_kept_with_everything_that_came(client: Client) -> None:
    answer = client.send(content="Grüße", clientReference="m-1")
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    (kept,) = client.get("/_messages")["messages"]
    assert kept["id"] == answer.json()["messageId"]
    assert (kept["to"], kept["from"], kept["content"]) == ("+14155550100", "+14155550199", "Grüße")
    assert (kept["auth"], kept["clientReference"]) == ("apikey", "m-1")
    assert kept["headers"]["authorization"] == "Bearer demo-api-token"
    assert kept["path"] == "/apikey/messages"


def test_ids_are_unique_and_messages_stay_in_order(client: Client) -> None:
    ids = [client.send(content=str(number)).json()["messageId"] for number in range(20)]
    assert len(set(ids)) == 20
    listing = client.get("/_messages")
    assert [entry["content"] for entry in listing["messages"]] == [str(number) for number in range(20)]
    client.send(to="+14155550101")
    newer = client.get(f"/_messages?since={listing['now']}")["messages"]
    assert [entry["to"] for entry in newer] == ["+14155550101"]
    assert len(client.get("/_messages?to=+14155550101")["messages"]) == 1


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        ({"json": {"content": "x"}}, 422, "MISSING_PARAMETER"),
        ({"json": {"to": "+1", "content": ""}}, 422, "MISSING_PARAMETER"),
        ({"json": {"to": ["+1"], "content": "x"}}, 422, "INVALID_PARAMETER"),
        ({"json": MESSAGE | {"callbackUrl": "ftp://x"}}, 422, "INVALID_URL"),
        ({"json": []}, 400, "INVALID_JSON"),
        ({"data": b"{", "type": "application/json"}, 400, "INVALID_JSON"),
        ({"data": b"[" * 100_000, "type": "application/json"}, 400, "INVALID_JSON"),
        ({"data": b"{}", "type": "text/plain"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"data": b"{}"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"data": b"{}", "type": "application/json; charset=klingon"}, 415, "UNSUPPORTED_CHARSET"),
        ({"data": b"\xff", "type": "application/json"}, 400, "UNREADABLE_BODY"),
    ],
)
def test_a_wrong_request_is_refused_with_a_reason(
    client: Client, options: dict[str, Any], status: int, code: str
) -> None:
    kind = options.pop("type", None)
    headers = KEY | ({"Content-Type": kind} if kind else {})
    answer = client.post("/apikey/messages", headers=headers, **options)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    counts = client.get("/_requests")
    assert (counts["accepted"], counts["refused"]) == (0, {code: 1})


def test_a_look_up_tells_what_became_of_a_message_by_its_reference(client: Client) -> None:
    sent = client.send(clientReference="m-1").json()["messageId"]
    client.send(clientReference="m-2")
    (found,) = client.look_up("m-1", headers=KEY).json()
    assert (found["messageId"], found["clientReference"], found["status"]) == (sent, "m-1", "QUEUED")
    assert client.look_up("m-3", headers=KEY).json() == []


def test_a_look_up_wants_keys_and_a_reference(client: Client) -> None:
    assert client.look_up("m-1", headers={}).status_code == 401
    assert client.look_up("", headers=KEY).status_code == 422


def test_forms_and_other_charsets_are_read(client: Client) -> None:
    assert client.post("/apikey/messages", data=MESSAGE, headers=KEY).status_code == 202
    body = '{"to":"+1415","content":"Grüße"}'.encode("iso-8859-1")
    headers = KEY | {"Content-Type": "application/json; charset=ISO-8859-1"}
    assert client.post("/apikey/messages", data=body, headers=headers).status_code == 202
    assert [entry["content"] for entry in client.get("/_messages")["messages"]] == ["Hello", "Grüße"]


def test_unknown_addresses_and_methods_are_told_apart(client: Client) -> None:
    assert client.post("/nothing", json={}).status_code == 404
    answer = client.session.put(client.url + "/apikey/messages", timeout=5)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST, GET")


def test_the_message_s_own_callback_url_gets_the_report(client: Client, receiver: Receiver) -> None:
    client.post("/_accounts", json={"apikey": {"callbackUrl": "http://127.0.0.1:9/"}})
    sent = client.send(clientReference="m-1", callbackUrl=receiver.url).json()
    eventually(lambda: receiver.bodies)
    (report,) = receiver.bodies
    assert report.pop("timestamp").endswith("Z")
    assert report == {
        "type": "delivery_report",
        "messageId": sent["messageId"],
        "clientReference": "m-1",
        "to": "+14155550100",
        "status": "DELIVERED",
        "errorCode": "",
    }
    eventually(lambda: client.get("/_messages")["messages"][0]["reportAnswer"] == 200)


def test_else_the_account_s_callback_url_gets_it(client: Client, receiver: Receiver) -> None:
    client.post("/_accounts", json={"apikey": {"callbackUrl": receiver.url}})
    client.send()
    eventually(lambda: len(receiver.bodies) == 1)


def test_a_failed_report_is_tried_four_times(client: Client, receiver: Receiver) -> None:
    receiver.answers = [500, 404, 503, 200]
    client.send(callbackUrl=receiver.url)
    eventually(lambda: client.get("/_requests").get("reports_answered") == 1)
    assert len(receiver.bodies) == 4
    receiver.answers = [500] * 5
    client.send(callbackUrl=receiver.url)
    eventually(lambda: client.get("/_requests").get("reports_given_up") == 1)
    assert len(receiver.bodies) == 8


def test_an_unreachable_callback_url_harms_nothing(client: Client, receiver: Receiver) -> None:
    client.send(callbackUrl="http://127.0.0.1:9/hooks")
    client.send(callbackUrl=receiver.url)
    eventually(lambda: len(receiver.bodies) == 1)
    eventually(lambda: client.get("/_requests").get("reports_given_up") == 1)


def test_reset_forgets_messages_rules_and_waiting_reports(client: Client, receiver: Receiver) -> None:
    client.script(match={"to": "*"}, action={"reportDelay": 0.2})
    client.send(callbackUrl=receiver.url)
    client.post("/_reset")
    assert client.get("/_messages")["messages"] == []
    assert client.get("/_script")["rules"] == []
    assert client.get("/_requests")["waiting"] == 0
    assert client.get("/_requests")["accepted"] == 0


def test_many_messages_are_reported_once_each(client: Client, receiver: Receiver) -> None:
    ids = {
        client.send(to=f"+1415555{n:04}", callbackUrl=receiver.url).json()["messageId"] for n in range(200)
    }
    eventually(lambda: len(receiver.bodies) >= 200, seconds=15)
    assert sorted(body["messageId"] for body in receiver.bodies) == sorted(ids)


def test_only_the_last_messages_are_kept() -> None:
    from simulator.messages import Messages, Submission
    from simulator.wire import Request

    store = Messages(keep=10)
    request = Request("POST", "/apikey/messages", "HTTP/1.1", {}, b"")
    for number in range(25):
        store.accept(account="apikey", request=request, fields=Submission(str(number), "", "x"))
    assert [entry.fields.to for entry in store.listing()] == [str(number) for number in range(15, 25)]
    assert store.counts["accepted"] == 25
