from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.errors import GatewayError, NumberInvalid, TemplateInvalid, TextEmpty, TextTooLong
from credentials.models import ApiCredential, RequestField, RequestHeader
from messaging.models import Message
from messaging.states import State
from profiles.models import Profile

pytestmark = pytest.mark.django_db


def test_accepted_message_is_queued_with_part_and_history(queue: Callable[..., Message]) -> None:
    message = queue(to="415 555 0101", text="Hi")
    assert (message.msisdn, message.state) == ("+14155550101", State.QUEUED)
    assert message.parts.count() == 1
    assert [event.after for event in message.events.all()] == [State.QUEUED]


def test_text_is_personalised_with_stored_attributes_and_given_ones_win(
    queue: Callable[..., Message],
) -> None:
    Profile.objects.create(msisdn="+14155550101", attributes={"firstName": "Ada", "city": "Paris"})
    text = queue(text="{{profile.firstName}} in {{profile.city}}", profile={"city": "Rome"}).text
    assert text == "Ada in Rome"


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"to": "12"}, NumberInvalid),
        ({"to": "call me"}, NumberInvalid),
        ({"text": "  \n"}, TextEmpty),
        ({"text": "x" * 1501}, TextTooLong),
        ({"text": "{{profile.nobody}}"}, TemplateInvalid),
        ({"text": "{% if %}"}, TemplateInvalid),
    ],
)
def test_bad_submission_is_refused_and_leaves_nothing(
    queue: Callable[..., Message], values: dict[str, str], error: type[GatewayError]
) -> None:
    with pytest.raises(error):
        queue(**values)
    assert Message.objects.count() == 0


def test_text_of_exactly_the_limit_is_accepted(queue: Callable[..., Message]) -> None:
    assert len(queue(text="x" * 1500).text) == 1500


def test_same_unique_key_gives_the_first_message(queue: Callable[..., Message]) -> None:
    first, second = queue(unique_key="inbound:1"), queue(unique_key="inbound:1", text="other")
    assert first.id == second.id
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    ("settings", "text", "parts"),
    [
        ({}, "first part second one", [""]),
        ({"max_length": 21}, "first part second one", [""]),
        ({"max_length": 10}, "first part second one", ["first part", "second one"]),
        ({"max_length": 10, "split_mode": "together"}, "first part second one", [""]),
        ({"max_length": 4, "text_encoding": "smart"}, "“ab” “cd”", ['"ab"', '"cd"']),
        ({"max_length": 3, "text_encoding": "smart"}, "a…", ["a..", "."]),
        ({"text_encoding": "smart"}, "“ab”", [""]),
        ({"max_length": 10, "max_length_unicode": 4}, "first part", [""]),
        ({"max_length": 10, "max_length_unicode": 4}, "eins zwöλ", ["eins", "zwöλ"]),
        ({"max_length_unicode": 4}, "eins zwoλ first", ["eins", "zwoλ", "firs", "t"]),
        ({"max_length_unicode": 4}, "first part second one", [""]),
    ],
)
def test_text_is_kept_whole_and_cut_into_parts_with_requests_of_their_own(
    queue: Callable[..., Message], settings: dict[str, Any], text: str, parts: list[str]
) -> None:
    ApiCredential.objects.update(**settings)
    message = queue(text=text, credential=ApiCredential.objects.get())
    message.refresh_from_db()
    assert (message.text, message.part_count) == (text, len(parts))
    assert list(message.parts.values_list("number", "text", "state")) == [
        (number, part, "waiting") for number, part in enumerate(parts, start=1)
    ]


@pytest.mark.parametrize("split_mode", ["requests", "together"])
def test_text_that_would_need_too_many_parts_is_refused_and_nothing_kept(
    queue: Callable[..., Message], split_mode: str
) -> None:
    ApiCredential.objects.update(max_length=1, split_mode=split_mode)
    credential = ApiCredential.objects.get()
    assert queue(text="x" * 100, credential=credential).pk
    with pytest.raises(TextTooLong, match=r"in 101 parts; at most 100 can be sent.*Longest text per request"):
        queue(text="x" * 101, credential=credential)
    assert Message.objects.count() == 1


def test_many_parts_cost_no_further_statements(queue: Callable[..., Message]) -> None:
    credential = ApiCredential.objects.get()
    queue(text="warm")
    with CaptureQueriesContext(connection) as short:
        queue(text="first part second one", credential=credential)
    credential.max_length = 10
    with CaptureQueriesContext(connection) as long:
        queue(text="first part second one", credential=credential)
    assert len(long) == len(short)


@pytest.mark.parametrize("row", ["field", "header", "url", "payload"])
def test_stored_attributes_are_looked_up_when_a_request_asks_for_them(
    queue: Callable[..., Message], row: str
) -> None:
    Profile.objects.create(msisdn="+14155550101", attributes={"firstName": "Ada"})
    assert queue().profile == {}
    credential = ApiCredential.objects.get()
    value = "{{profile.firstName}}"
    if row == "field":
        RequestField.objects.create(credential=credential, name="name", value=value)
    elif row == "header":
        RequestHeader.objects.create(credential=credential, name="X-Name", value=value)
    elif row == "url":
        credential.provider_url = f"https://provider.example.com/{value}"
    else:
        credential.payload = f'{{"name": "{value}"}}'
    credential.save()
    assert queue(credential=credential).profile == {"firstName": "Ada"}
