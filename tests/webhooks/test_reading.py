from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import MappingInvalid
from webhooks.reading import InboundReader, InboundText, StatusReport
from webhooks.samples import samples_of
from webhooks.statuses import parse_status_map

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MOMENT = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
CUSTOM = InboundReader.by_example(samples_of("custom").inbound, samples_of("custom").report)
TEXT = {"type": "inbound_message", "id": "m1", "from": "+14155550123", "to": "+14155550100", "text": "Hi"}
REPORT = {"type": "delivery_report", "messageId": "p1", "clientReference": "c1", "to": "+14155550123"}


def reader(inbound: Any = None, report: Any = None, statuses: str = "") -> InboundReader:
    samples = [json.dumps(sample) if sample is not None else "" for sample in (inbound, report)]
    return InboundReader.by_example(*samples, parse_status_map(statuses))


def read(by: InboundReader, value: Any, content_type: str = JSON, query: str = "") -> list[Any]:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return by.read(content_type, query, body)


def text(**values: Any) -> InboundText:
    defaults = {
        "number": "+14155550123",
        "recipient": "+14155550100",
        "text": "Hi",
        "provider_id": "m1",
        "occurred_at": None,
    }
    return InboundText(**{**defaults, **values})


def test_the_default_samples_fit_the_simulator() -> None:
    assert read(CUSTOM, {**TEXT, "timestamp": "2025-03-04T05:06:07Z"}) == [text(occurred_at=MOMENT)]
    assert read(CUSTOM, {**REPORT, "status": "DELIVERED", "errorCode": "", "timestamp": "1741064767"}) == [
        StatusReport(
            provider_id="p1",
            client_reference="c1",
            raw_status="DELIVERED",
            status="delivered",
            known=True,
            code="",
            number="+14155550123",
            occurred_at=MOMENT,
        )
    ]


VENDOR_CALLBACKS = [
    (
        "twilio",
        FORM,
        b"MessageSid=SM1&From=%2B14155550123&To=%2B14155550100&Body=Hi+%26+bye&NumSegments=1&SmsStatus=received",
        [text(text="Hi & bye", provider_id="SM1")],
    ),
    (
        "twilio",
        FORM,
        b"MessageSid=SM2&MessageStatus=undelivered&ErrorCode=30005&To=%2B14155550123&From=%2B14155550100",
        [StatusReport("SM2", "", "undelivered", "undelivered", True, "30005", "+14155550123", None)],
    ),
    (
        "sinch",
        JSON,
        b'{"type":"mo_text","id":"m1","from":"14155550123","to":"14155550100","body":"Hi",'
        b'"received_at":"2025-03-04T05:06:07.000Z"}',
        [text(number="14155550123", recipient="14155550100", occurred_at=MOMENT)],
    ),
    (
        "sinch",
        JSON,
        b'{"type":"recipient_delivery_report_sms","batch_id":"b1","recipient":"14155550123","code":402,'
        b'"status":"Failed","at":"2025-03-04T05:06:07Z","client_reference":"c1"}',
        [StatusReport("b1", "c1", "Failed", "failed", True, "402", "14155550123", MOMENT)],
    ),
    (
        "infobip",
        JSON,
        b'{"results":[{"messageId":"m1","from":"14155550123","to":"14155550100","text":"Hi",'
        b'"receivedAt":"2025-03-04T05:06:07.000+0000"},'
        b'{"messageId":"m2","from":"14155550124","to":"14155550100","text":"STOP"}],"messageCount":2}',
        [
            text(number="14155550123", recipient="14155550100", occurred_at=MOMENT),
            text(number="14155550124", recipient="14155550100", provider_id="m2", text="STOP"),
        ],
    ),
    (
        "infobip",
        JSON,
        b'{"results":[{"messageId":"m1","to":"14155550123","doneAt":"2025-03-04T05:06:07.000+0000",'
        b'"status":{"groupId":3,"groupName":"DELIVERED","id":5,"name":"DELIVERED_TO_HANDSET"},'
        b'"error":{"id":0,"name":"NO_ERROR"},"callbackData":"c1"}]}',
        [StatusReport("m1", "c1", "DELIVERED_TO_HANDSET", "delivered", True, "0", "14155550123", MOMENT)],
    ),
]


@pytest.mark.parametrize(("vendor", "content_type", "body", "events"), VENDOR_CALLBACKS)
def test_each_vendor_has_samples_that_read_its_callbacks(
    vendor: str, content_type: str, body: bytes, events: list[Any]
) -> None:
    samples = samples_of(vendor)
    assert InboundReader.by_example(samples.inbound, samples.report).read(content_type, "", body) == events


@pytest.mark.parametrize(
    ("sample", "body", "expected"),
    [
        # nested objects, numbers as ids
        (
            {
                "data": {
                    "payload": {
                        "id": "{{requestId}}",
                        "from": {"phone": "{{profileNumber}}"},
                        "text": "{{inboundMessage}}",
                    }
                }
            },
            {"data": {"payload": {"id": 98765432109876543210, "from": {"phone": 14155550123}, "text": "Hi"}}},
            [text(number="14155550123", recipient="", provider_id="98765432109876543210")],
        ),
        # a list in the sample, one object in the callback
        (
            {"messages": [{"f": "{{profileNumber}}", "t": "{{inboundMessage}}"}]},
            {"messages": {"f": "+14155550123", "t": "Hi"}},
            [text(recipient="", provider_id="")],
        ),
        # root list; values shared by all elements
        (
            [{"f": "{{profileNumber}}", "t": ["{{inboundMessage}}"]}],
            [{"f": "+14155550123", "t": ["a", "b"]}, {"f": "+14155550124", "t": ["c"]}],
            [
                text(text="a", recipient="", provider_id=""),
                text(text="b", recipient="", provider_id=""),
                text(text="c", number="+14155550124", recipient="", provider_id=""),
            ],
        ),
        # root object in the sample, list in the callback
        (
            {"f": "{{profileNumber}}", "t": "{{inboundMessage}}"},
            [{"f": "+14155550123", "t": "Hi"}],
            [text(recipient="", provider_id="")],
        ),
        # text around the variable
        (
            {"f": "tel:{{ profileNumber }}", "t": "{{inboundMessage}}"},
            {"f": "tel:+14155550123", "t": " Hi "},
            [text(text=" Hi ", recipient="", provider_id="")],
        ),
        # constants that differ do not matter when only one kind fits
        (
            {"f": "{{profileNumber}}", "t": "{{inboundMessage}}", "api": "v1", "parts": ["x"], "n": 3},
            {"f": "+14155550123", "t": "Hi", "api": "v2"},
            [text(recipient="", provider_id="")],
        ),
        # an empty text is a message too; NUL and half surrogates are taken out
        (
            {"f": "{{profileNumber}}", "t": "{{inboundMessage}}"},
            [{"f": "+14155550123", "t": ""}, {"f": "+14155550123", "t": "a\x00b\ud83dc"}],
            [
                text(text="", recipient="", provider_id=""),
                text(text="ab\ufffdc", recipient="", provider_id=""),
            ],
        ),
    ],
)
def test_samples_are_followed_into_objects_and_lists(sample: Any, body: Any, expected: list[Any]) -> None:
    assert read(reader(sample), body) == expected


def test_form_fields_and_query_are_read_alike() -> None:
    flat = reader({"f": "{{profileNumber}}", "t": "{{inboundMessage}}", "i": "{{requestId}}"})
    expected = [text(recipient="")]
    assert flat.read(FORM, "", b"f=%2B14155550123&t=Hi&i=m1") == expected
    assert flat.read("", "f=%2B14155550123&t=Hi&i=m1", b"") == expected
    assert flat.read(FORM, "i=m1", b"f=%2B14155550123&t=Hi") == expected
    assert flat.read(JSON, "i=m1", b'{"f": "+14155550123", "t": "Hi"}') == expected
    assert flat.read(FORM, "", b' {"f": "+14155550123", "t": "Hi", "i": "m1"}') == expected


def test_constants_tell_two_kinds_apart_when_both_samples_fit() -> None:
    both = reader(
        {"kind": "mo", "id": "{{requestId}}", "nr": "{{profileNumber}}", "body": "{{inboundMessage}}"},
        {
            "kind": "dlr",
            "id": "{{providerMessageId}}",
            "nr": "{{profileNumber}}",
            "body": "{{feedbackStatus}}",
        },
    )
    base = {"id": "m1", "nr": "+14155550123", "body": "DELIVRD"}
    assert isinstance(read(both, {**base, "kind": "mo"})[0], InboundText)
    assert isinstance(read(both, {**base, "kind": "dlr"})[0], StatusReport)
    assert [type(event) for event in read(both, {**base, "kind": "new"})] == [InboundText]
    mixed = [{**base, "kind": "dlr"}, {**base, "kind": "mo"}, {**base, "kind": "dlr"}]
    assert sorted(type(event).__name__ for event in read(both, mixed)) == [
        "InboundText",
        "StatusReport",
        "StatusReport",
    ]


@pytest.mark.parametrize(
    ("raw", "status", "known"),
    [
        ("delivered", "delivered", True),
        ("DELIVRD", "delivered", True),
        ("Delivered To Handset", "delivered", True),
        ("undelivered", "undelivered", True),
        ("UNDELIV", "undelivered", True),
        ("not-delivered", "undelivered", True),
        ("Failed", "failed", True),
        ("REJECTD", "failed", True),
        ("Expired", "expired", True),
        ("sent", "sent", True),
        ("Dispatched", "sent", True),
        ("queued", "", True),
        ("Accepted", "", True),
        ("4", "", False),
        ("GLORIOUS", "", False),
    ],
)
def test_status_words_become_ours_and_unknown_ones_stay_raw(raw: str, status: str, known: bool) -> None:
    (event,) = read(CUSTOM, {**REPORT, "status": raw})
    assert (event.raw_status, event.status, event.known) == (raw, status, known)


def test_the_operators_status_map_wins() -> None:
    own = reader(
        None, {"id": "{{providerMessageId}}", "st": "{{feedbackStatus}}"}, '{"4": "delivered", "SENT": ""}'
    )
    events = read(own, [{"id": "p1", "st": 4}, {"id": "p1", "st": "sent"}, {"id": "p1", "st": "FAILED"}])
    assert [event.status for event in events] == ["delivered", "", "failed"]


@pytest.mark.parametrize(
    ("source", "says"),
    [("{", "JSON"), ("[]", "object"), ('{"x": "gone"}', "delivered"), ('{"x": 1}', "x")],
)
def test_a_bad_status_map_is_refused(source: str, says: str) -> None:
    with pytest.raises(MappingInvalid) as caught:
        parse_status_map(source)
    assert says in caught.value.text


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('"2025-03-04T05:06:07Z"', MOMENT),
        ('"2025-03-04T06:06:07+01:00"', MOMENT),
        ('"2025-03-04 05:06:07"', MOMENT),
        ('"2025-03-04T05:06:07.000000000Z"', MOMENT),
        ('"Tue, 04 Mar 2025 05:06:07 +0000"', MOMENT),
        ("1741064767", MOMENT),
        ("1741064767.0", MOMENT),
        ('"1741064767000"', MOMENT),
        ('"1741064767000000"', MOMENT),
        ('"1741064767000000000"', MOMENT),
        ('"yesterday"', None),
        ('""', None),
        ("null", None),
        ("9" * 19, None),
        ("1" + "0" * 5000, None),
        ("1e308", None),
        ('"0001-01-01T00:00:00+23:59"', None),
        ('"99999-01-01"', None),
    ],
)
def test_times_are_read_in_the_usual_ways(written: str, expected: datetime | None) -> None:
    body = json.dumps(TEXT).removesuffix("}") + f', "timestamp": {written}}}'
    (event,) = read(CUSTOM, body.encode())
    assert event.occurred_at == expected
