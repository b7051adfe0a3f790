from __future__ import annotations

from typing import Any

import pytest

from core.segments import Encoding
from core.vocabulary import Purpose
from credentials.spec import TextSpec
from messaging.context import Counted, context_of, count
from messaging.models import Message

SMART = TextSpec(encoding="smart")


def message(text: str = "Hello", **values: Any) -> Message:
    return Message(msisdn="+14155550101", sender="SHOP", text=text, **values)


def test_variables_of_a_short_message() -> None:
    short = message(purpose=Purpose.TRANSACTIONAL, profile={"a": 1}, in_reply_to="in-1")
    assert context_of(short) == {
        "toNumber": "+14155550101",
        "fromNumber": "SHOP",
        "message": "Hello",
        "messageId": str(short.id),
        "part": 1,
        "parts": 1,
        "partReference": str(short.id),
        "messageParts": ["Hello"],
        "priority": "normal",
        "inReplyTo": "in-1",
        "purpose": "transactional",
        "profile": {"a": 1},
    }


@pytest.mark.parametrize(
    ("spec", "text", "whole", "texts"),
    [
        (TextSpec(), "“a b”", "“a b”", ["“a b”"]),
        (SMART, "“a b”", '"a b"', ['"a b"']),
        (SMART, "“a” 日", "“a” 日", ["“a” 日"]),
        (TextSpec("smart", 2, "together"), "“a” b", '"a" b', ['"a', '"', "b"]),
        (TextSpec("as_is", 3, "together"), "abc def", "abc def", ["abc", "def"]),
        (TextSpec("as_is", 3, "requests"), "abc def", "abc def", ["abc def"]),
    ],
)
def test_text_of_one_request(spec: TextSpec, text: str, whole: str, texts: list[str]) -> None:
    context = context_of(message(text), spec=spec)
    assert (context["message"], context["messageParts"], context["parts"]) == (whole, texts, len(texts))


def test_further_part_has_its_text_and_reference() -> None:
    long = message("one two")
    context = context_of(long, 2, texts=("one", "two"), spec=TextSpec(max_length=1))
    assert (context["message"], context["part"], context["parts"]) == ("two", 2, 2)
    assert context["partReference"] == f"{long.id}.2"
    assert context["messageParts"] == ["one", "two"]


@pytest.mark.parametrize(
    ("purpose", "priority"),
    [
        (Purpose.ONE_TIME_CODE, "high"),
        (Purpose.TRANSACTIONAL, "normal"),
        (Purpose.MARKETING, "normal"),
        (Purpose.CONSENT_REPLY, "normal"),
    ],
)
def test_one_time_codes_are_urgent(purpose: Purpose, priority: str) -> None:
    assert context_of(message(purpose=purpose))["priority"] == priority


@pytest.mark.parametrize(
    ("texts", "counted"),
    [
        (["a"], Counted(Encoding.GSM7, 1)),
        (["a" * 161, "b"], Counted(Encoding.GSM7, 3)),
        (["a", "日"], Counted(Encoding.UCS2, 2)),
    ],
)
def test_sms_of_all_texts_are_counted(texts: list[str], counted: Counted) -> None:
    assert count(texts) == counted
