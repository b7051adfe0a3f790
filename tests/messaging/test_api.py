from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from access.keys import issue_key
from access.models import Scope
from credentials.models import ApiCredential
from messaging.models import ChannelConfiguration, ChannelStatus, Message

pytestmark = pytest.mark.django_db
BODY = {"to": "+14155550101", "channel": "alerts", "text": "Hello"}


@pytest.fixture
def api(channel: ChannelConfiguration) -> Any:
    _, raw = issue_key(name="App", scopes=[Scope.SEND, Scope.READ])

    def post(body: Any, **headers: str) -> Any:
        return Client().post(
            "/api/v1/messages",
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {raw}"} | headers,
        )

    post.key = raw  # type: ignore[attr-defined]
    return post


def test_message_is_accepted_and_can_be_looked_at(api: Any) -> None:
    answer = api(BODY)
    assert answer.status_code == 202
    url = answer.headers["Location"]
    seen = Client().get(url, headers={"Authorization": f"Bearer {api.key}"}).json()
    assert (seen["id"], seen["state"], seen["to"]) == (answer.json()["id"], "queued", "+14155550101")
    assert [event["state"] for event in seen["events"]] == ["queued"]
    assert seen["reports"] == "no delivery reports configured"


def test_parts_of_a_long_message_are_counted_and_shown(api: Any) -> None:
    ApiCredential.objects.update(max_length=10, text_encoding="smart")
    answer = api(BODY | {"text": "first “part” second one"})
    assert (answer.json()["encoding"], answer.json()["segments"]) == ("GSM-7", 3)
    url = answer.headers["Location"]
    seen = Client().get(url, headers={"Authorization": f"Bearer {api.key}"}).json()
    assert [(part["number"], part["state"], part["text"]) for part in seen["parts"]] == [
        (1, "waiting", "first"),
        (2, "waiting", '"part"'),
        (3, "waiting", "second one"),
    ]
    assert seen["text"] == "first “part” second one"


def test_short_message_shows_its_one_part(api: Any) -> None:
    url = api(BODY).headers["Location"]
    seen = Client().get(url, headers={"Authorization": f"Bearer {api.key}"}).json()
    assert seen["parts"] == [{"number": 1, "state": "waiting", "provider_id": "", "text": "Hello"}]


def test_repeated_key_returns_the_first_answer(api: Any) -> None:
    first, second = (api(BODY, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert first.json() == second.json()
    assert second.headers["Idempotent-Replayed"] == "true"
    assert Message.objects.count() == 1


def test_repeated_key_with_another_body_is_refused(api: Any) -> None:
    api(BODY, **{"Idempotency-Key": "k"})
    answer = api(BODY | {"text": "Other"}, **{"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "idempotency_conflict")


def test_refused_call_leaves_the_key_free(api: Any) -> None:
    assert api(BODY | {"to": "1"}, **{"Idempotency-Key": "k"}).status_code == 400
    assert api(BODY, **{"Idempotency-Key": "k"}).status_code == 202


@pytest.mark.parametrize(
    ("change", "status", "code", "param"),
    [
        ({"to": "abc"}, 400, "number_invalid", "to"),
        ({"channel": "nope"}, 404, "channel_unknown", "channel"),
        ({"text": "x" * 1501}, 400, "text_too_long", "text"),
        ({"text": " "}, 400, "text_empty", "text"),
        ({"text": ""}, 400, "text_empty", "text"),
        ({"text": "{{profile.missing}}"}, 400, "variable_missing", "profile.missing"),
        ({"text": "{% if %}"}, 400, "template_invalid", "text"),
        ({"purpose": "marketing"}, 400, "request_invalid", "purpose"),
    ],
)
def test_bad_input_gets_a_clear_error(
    api: Any, change: dict[str, str], status: int, code: str, param: str
) -> None:
    answer = api(BODY | change)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (status, code, param)
    assert error["message"].endswith(".")
    assert Message.objects.count() == 0


def test_unknown_field_is_named(api: Any) -> None:
    error = api(BODY | {"purpos": "one_time_code"}).json()["error"]
    assert (error["code"], error["param"]) == ("request_invalid", "purpos")


@pytest.mark.parametrize("path", ["/api/v1/messages/", "/api/v1/messages/abc", "/api/nothing"])
def test_unknown_address_is_answered_in_the_api_s_own_words(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_draft_channel_is_refused(api: Any) -> None:
    ChannelConfiguration.objects.update(status=ChannelStatus.DRAFT)
    assert api(BODY).json()["error"]["code"] == "channel_inactive"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("[" * 5000 + "]" * 5000, 400, "body_too_deep"),
        ('{"to": "' + "1" * 1024 * 1024 + '"}', 413, "body_too_large"),
        (
            '{"to": "+14155550101", "channel": "alerts", "text": "x", "profile": {"a": "\\u0000"}}',
            400,
            "request_invalid",
        ),
        (
            '{"to": "+14155550101", "channel": "alerts", "text": "x", "profile": {"a": "\\ud800"}}',
            400,
            "request_invalid",
        ),
        (
            '{"to": "+14155550101", "channel": "alerts", "text": "a\\u0000b"}',
            400,
            "request_invalid",
        ),
    ],
)
def test_body_that_cannot_be_kept_is_refused(api: Any, body: str, status: int, code: str) -> None:
    answer = api(body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert Message.objects.count() == 0


@pytest.mark.parametrize("body", ["{", "[]", '"text"', "null"])
def test_body_that_is_no_object_is_refused(api: Any, body: str) -> None:
    answer = api(body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"]


def test_without_a_key_nothing_is_told(channel: ChannelConfiguration) -> None:
    answer = Client().post("/api/v1/messages", BODY, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "api_key_invalid")


def test_key_without_the_scope_is_refused(channel: ChannelConfiguration) -> None:
    _, raw = issue_key(name="Reader", scopes=[Scope.READ])
    answer = Client().post(
        "/api/v1/messages", BODY, content_type="application/json", headers={"Authorization": f"Bearer {raw}"}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "scope_missing")


def test_schema_and_docs_are_served_offline(client: Client, db: None) -> None:
    assert "/api/v1/messages" in client.get("/api/schema/").content.decode()
    page = client.get("/api/docs/").content.decode()
    assert "https://" not in page.replace("https://sms.example.com", "")
