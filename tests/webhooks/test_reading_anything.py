"""Whatever a caller sends, a reader gives events or says in words why not."""

from __future__ import annotations

import contextlib
import json
from functools import cache

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.errors import BodyTooDeep, PayloadUnreadable
from credentials.vendors import VENDORS
from webhooks.reading import Event, InboundReader
from webhooks.samples import webhook_table
from webhooks.spec import WebhookSpec

_TYPES = [
    "application/json",
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-16",
    "multipart/form-data; boundary=b",
    "multipart/form-data",
    "text/xml",
    "text/xml; charset=utf-7",
    "application/soap+xml",
    "text/plain; charset=gsm7",
    "application/octet-stream",
    "",
]
_NAMES = [
    "id", "from", "to", "text", "status", "results", "message", "messages", "type", "timestamp", "M", "B", "From",
    "Body", "Msisdn", "Content", "msglong.id", "msglong.msgcount", "msglong.msgref", "coding", "content", "charset",
    "ts", "fromNumber", "messageId", "sender", "uuid", "time", "createdDatetime", "originator", "contents", "direction",
]  # fmt: skip
_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.sampled_from(["1", "MESSAGE", "mo_text", "IN"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=5),
    max_leaves=12,
)
_form = st.lists(st.tuples(st.sampled_from(_NAMES).map(str.encode), st.binary(max_size=20)), max_size=8).map(
    lambda pairs: b"&".join(name + b"=" + value for name, value in pairs)
)
_multipart = st.lists(
    st.tuples(st.sampled_from(_NAMES).map(str.encode), st.binary(max_size=20)), max_size=5
).map(
    lambda pairs: (
        b"".join(
            b'--b\r\nContent-Disposition: form-data; name="' + name + b'"\r\n\r\n' + value + b"\r\n"
            for name, value in pairs
        )
        + b"--b--"
    )
)
_xml = st.tuples(
    st.sampled_from(["request", "sms-request", "a"]), st.sampled_from(_NAMES), st.text(max_size=20)
).map(lambda parts: f"<{parts[0]}><{parts[1]} id='1'>{parts[2]}</{parts[1]}></{parts[0]}>".encode())
_bodies = st.one_of(
    st.binary(max_size=300), _values.map(lambda value: json.dumps(value).encode()), _form, _multipart, _xml
)


@cache
def _reader(vendor: str) -> InboundReader:
    inputs = {item.name: item.default for item in VENDORS[vendor].inputs}
    if vendor == "external_xml":
        inputs |= {"from_xpath": "//from", "text_xpath": "//text"}
    return InboundReader(WebhookSpec.of(webhook_table(vendor, inputs)).filled(inputs))


@pytest.mark.parametrize("vendor", VENDORS)
@settings(max_examples=150, deadline=2000, suppress_health_check=[HealthCheck.too_slow])
@example("application/x-www-form-urlencoded", "from=%2B1&text=%ff", b"time=\x00", "")
@given(
    st.sampled_from(_TYPES),
    st.sampled_from(["", "status=1&id=2", "from=%2B1&text=%ff", "=&&=", "uuid=zzz"]),
    _bodies,
    st.sampled_from(["", "", "sent", "stopped", "failed", "x"]),
)
def test_no_call_makes_the_reader_of_a_preset_fail(
    vendor: str, content_type: str, query: str, body: bytes, role: str
) -> None:
    events: list[Event] = []
    with contextlib.suppress(PayloadUnreadable, BodyTooDeep):
        events = _reader(vendor).read(content_type, query, body, role=role)
        assert events
    for event in events:
        for name in event.__dataclass_fields__:
            value = getattr(event, name)
            assert not isinstance(value, str) or ("\x00" not in value and value.encode() is not None)


@pytest.mark.parametrize(
    "body",
    [
        b"<a>" * 20_000,
        b"<a>" * 20_000 + b"</a>" * 20_000,
        b"<a x='1'>" + b"<b/>" * 40_000 + b"</a>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1/x"><a/>',
        b'<?xml version="1.0" encoding="ebcdic-cp-be"?><a/>',
        b"<a" * 60_000,
    ],
)
def test_hostile_xml_is_turned_away(body: bytes) -> None:
    for vendor in ("playmobile", "clickmobile", "external_xml"):
        with pytest.raises((PayloadUnreadable, BodyTooDeep)):
            _reader(vendor).read("text/xml", "", body)
