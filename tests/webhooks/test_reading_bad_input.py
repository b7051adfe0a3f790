from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BodyTooDeep, MappingInvalid, PayloadUnreadable
from webhooks.reading import Ignored, InboundReader, InboundText
from webhooks.samples import samples_of

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MOMENT = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
CUSTOM = InboundReader.by_example(samples_of("custom").inbound, samples_of("custom").report)
TEXT = {"type": "inbound_message", "id": "m1", "from": "+14155550123", "to": "+14155550100", "text": "Hi"}
REPORT = {"type": "delivery_report", "messageId": "p1", "clientReference": "c1", "to": "+14155550123"}


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (JSON, '\ufeff{"f": "1", "t": "Grüße"}'.encode()),
        (JSON, '{"f": "1", "t": "Grüße"}'.encode("utf-16")),
        ("application/json; charset=ISO-8859-1", '{"f": "1", "t": "Grüße"}'.encode("latin-1")),
        ("application/json; charset=nonsense", '{"f": "1", "t": "Grüße"}'.encode()),
        ("application/json; charset=hex", '{"f": "1", "t": "Grüße"}'.encode()),
    ],
)
def test_the_charset_of_the_body_is_honoured(content_type: str, body: bytes) -> None:
    reader = InboundReader.by_example('{"f": "{{profileNumber}}", "t": "{{inboundMessage}}"}', "")
    (event,) = reader.read(content_type, "", body)
    assert isinstance(event, InboundText)
    assert event.text == "Grüße"


def test_an_empty_list_of_events_is_no_fault() -> None:
    samples = samples_of("infobip")
    (event,) = InboundReader.by_example(samples.inbound, samples.report).read(JSON, "", b'{"results": []}')
    assert isinstance(event, Ignored)


@pytest.mark.parametrize(
    ("content_type", "body", "says"),
    [
        (JSON, b"{}", "status"),
        (JSON, b'{"from": "+14155550123"}', "text"),
        (JSON, b'{"from": {"a": 1}, "text": "x"}', "from"),
        (JSON, b'{"broken": ', "line 1"),
        (JSON, b"not json", "JSON"),
        (JSON, b'"a string"', "neither"),
        (JSON, b"[1, 2]", "neither"),
        (JSON, b"NaN", "neither"),
        (JSON, b'{"from": NaN, "text": Infinity}', "from"),
        (FORM, b"a=1", "neither"),
        ("", b"", "neither"),
        ("application/octet-stream", bytes(range(256)), "neither"),
        (FORM, b"&".join(b"a=1" for _ in range(300)), "200"),
    ],
)
def test_a_callback_that_fits_no_sample_says_why(content_type: str, body: bytes, says: str) -> None:
    with pytest.raises(PayloadUnreadable) as caught:
        CUSTOM.read(content_type, "", body)
    assert says in caught.value.text


def test_a_callback_with_too_many_events_is_refused() -> None:
    with pytest.raises(PayloadUnreadable):
        CUSTOM.read(JSON, "", json.dumps({**TEXT, "text": ["a"] * 1001}).encode())


@pytest.mark.parametrize(
    ("body", "deep"),
    [
        (b"[" * 64 + b"1" + b"]" * 64, False),
        (b"[" * 65 + b"]" * 65, True),
        (b"[" * 100_000, True),
        (b'{"a":' * 65 + b"1" + b"}" * 65, True),
        (b'{"text": "' + b"[" * 200 + b'"}', False),
        (b'{"text": "' + b'\\"[' * 200 + b'"}', False),
        (b'["' + b'\\"' * 100_000, False),
    ],
)
def test_deep_bodies_are_refused_and_brackets_in_text_are_not(body: bytes, deep: bool) -> None:
    with pytest.raises(BodyTooDeep if deep else PayloadUnreadable):
        CUSTOM.read(JSON, "", body)


@pytest.mark.parametrize(
    ("inbound", "report", "says"),
    [
        ('{"a": ', None, "JSON"),
        ('{"a": {{inboundMessage}}}', None, "quotes"),
        ('"{{inboundMessage}}"', None, "object"),
        ('{"a": "{{inboundMessage}}"}', None, "{{profileNumber}}"),
        ('{"a": "{{profileNumber}}"}', None, "{{inboundMessage}}"),
        ('{"a": "{{message}}"}', None, "{{message}} is not"),
        ('{"a": "{{}}"}', None, "{{}} is not"),
        ('{"a": "{{profileNumber}}{{inboundMessage}}"}', None, "one variable"),
        ('{"a": "{{profileNumber | nope}}", "b": "{{inboundMessage}}"}', None, "no filter nope"),
        ("<a>{{profileNumber}}</b>", None, "XML"),
        ("profileNumber={{nope}}", None, "{{nope}} is not"),
        ('{"a": ["{{profileNumber}}", "{{inboundMessage}}"]}', None, "more than one element"),
        (None, '{"a": "{{providerMessageId}}"}', "{{feedbackStatus}}"),
        (None, '{"a": "{{feedbackStatus}}"}', "{{client_reference}}"),
        ('{"a":' * 200 + '"{{inboundMessage}}"' + "}" * 200, None, "deeper"),
        ("[" * 100_000, None, "deeper"),
    ],
)
def test_a_sample_that_cannot_work_is_refused(inbound: str | None, report: str | None, says: str) -> None:
    with pytest.raises(MappingInvalid) as caught:
        InboundReader.by_example(inbound or "", report or "")
    assert says in caught.value.text


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*TEXT, *REPORT, "status"]), inner),
)


@settings(max_examples=300)
@given(values)
def test_no_json_makes_the_reader_crash(value: Any) -> None:
    _survives(JSON, json.dumps(value).encode("utf-8", "surrogatepass"))


@settings(max_examples=300)
@given(st.sampled_from([JSON, FORM, "", "text/plain; charset=utf-7"]), st.binary())
def test_no_bytes_make_the_reader_crash(content_type: str, body: bytes) -> None:
    _survives(content_type, body)


def _survives(content_type: str, body: bytes) -> None:
    with contextlib.suppress(PayloadUnreadable, BodyTooDeep):
        assert CUSTOM.read(content_type, "", body)
