from __future__ import annotations

from tests.simulator.conftest import Client, Receiver, eventually

NUMBER = "+14155550100"


def reply(client: Client, text: str = "STOP", number: str = NUMBER) -> tuple[int, dict[str, object]]:
    answer = client.post("/_handset/reply", json={"number": number, "text": text})
    return answer.status_code, answer.json()


def bubbles(client: Client) -> list[dict[str, object]]:
    return client.get("/_handset?number=%2B14155550100")["conversation"]["bubbles"]


def test_a_reply_goes_to_the_account_of_the_last_message(client: Client, receiver: Receiver) -> None:
    client.post("/_accounts", json={"apikey": {"callbackUrl": receiver.url}})
    client.script(match={"to": "*"}, action={"noReport": True})
    client.send(callbackUrl="http://127.0.0.1:9/")
    status, answer = reply(client)
    assert (status, answer["status"], answer["note"]) == (200, 200, "")
    (inbound,) = receiver.bodies
    assert inbound["id"] == answer["id"]
    assert inbound["timestamp"].endswith("Z")
    expected = {"type": "inbound_message", "from": NUMBER, "to": "+14155550199", "text": "STOP"}
    assert {name: inbound[name] for name in expected} == expected


def test_else_it_goes_to_the_url_of_the_message(client: Client, receiver: Receiver) -> None:
    client.script(match={"to": "*"}, action={"noReport": True})
    client.send(callbackUrl="http://127.0.0.1:9/", inboundUrl=receiver.url)
    assert reply(client, "hello")[1]["status"] == 200
    client.send(to="+14155550101", callbackUrl=receiver.url)
    assert reply(client, number="+14155550101")[1]["status"] == 200
    assert [body["from"] for body in receiver.bodies] == [NUMBER, "+14155550101"]


def test_the_gateway_s_own_answer_is_told_and_a_failure_tried_again(
    client: Client, receiver: Receiver
) -> None:
    receiver.answers = [503]
    client.send(inboundUrl=receiver.url)
    status, answer = reply(client)
    assert (status, answer["status"]) == (200, 503)
    assert "trying again" in str(answer["note"])
    eventually(lambda: bubbles(client)[-1]["answer"] == 200)
    assert [body["id"] for body in receiver.bodies] == [answer["id"]] * 2


def test_a_reply_without_a_callback_url_is_refused(client: Client) -> None:
    client.send()
    assert reply(client)[0] == 409
    assert reply(client, text=" ")[0] == 422
    assert reply(client, number="1")[0] == 422


def test_a_new_handset_replies_through_the_first_account_with_a_url(
    client: Client, receiver: Receiver
) -> None:
    client.post("/_accounts", json={"jwt": {"callbackUrl": receiver.url}})
    assert client.post("/_handset", json={"number": " +1415 5550100 "}).json() == {"number": NUMBER}
    assert reply(client, "START")[1]["status"] == 200
    assert [body["text"] for body in receiver.bodies] == ["START"]


def test_the_conversation_shows_both_sides_and_the_report(client: Client, receiver: Receiver) -> None:
    client.send(callbackUrl=receiver.url)
    eventually(lambda: bubbles(client)[0]["answer"] == 200)
    reply(client, "HELP")
    first, second = bubbles(client)
    assert (first["direction"], first["text"], first["report"]) == ("received", "Hello", "DELIVERED")
    assert (second["direction"], second["text"], second["answer"]) == ("sent", "HELP", 200)
    (handset,) = client.get("/_handset")["handsets"]
    assert (handset["number"], handset["text"], handset["received"]) == (NUMBER, "HELP", 1)


def test_an_unchanged_page_is_told_so(client: Client) -> None:
    version = client.get("/_handset")["version"]
    assert client.get(f"/_handset?version={version}")["unchanged"]
    client.send()
    assert "handsets" in client.get(f"/_handset?version={version}")


def test_account_changes_apply_whole_or_not_at_all(client: Client) -> None:
    good = {"mac": {"callbackUrl": "https://gateway.example.com/hooks/x"}}
    for bad in (
        {"mac": {"callbackUrl": "javascript:1"}},
        {"nobody": {}},
        {"apikey": {"in": "body"}},
        {"jwt": {"a": 1}},
    ):
        assert client.post("/_accounts", json={**good, **bad, "oauth": {"lifetime": "x"}}).status_code == 422
    assert {account["callbackUrl"] for account in client.get("/_accounts")["accounts"]} == {""}
    assert client.post("/_accounts", json=good).status_code == 200
    assert client.get("/_accounts")["accounts"][1]["callbackUrl"] == "https://gateway.example.com/hooks/x"
