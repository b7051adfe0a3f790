"""Mappings beyond one JSON sample: forms, XML, path rows, fallbacks, filters, rules, roles."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import MappingInvalid, PayloadUnreadable
from webhooks.mapping import FILTERS
from webhooks.reading import Ignored, InboundReader, InboundText, OptOut, Refused, StatusReport
from webhooks.spec import WebhookSpec

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
XML = "text/xml"
FORM_SAMPLE = "f={{profileNumber}}&t={{inboundMessage}}&i={{requestId}}"
ROWS = [{"name": "profileNumber", "paths": ["f"]}, {"name": "inboundMessage", "paths": ["t"]}]


def reader(**table: Any) -> InboundReader:
    return InboundReader(WebhookSpec.of(table))


def texts(events: list[Any]) -> list[tuple[str, str, str]]:
    assert all(isinstance(event, InboundText) for event in events), events
    return [(event.number, event.text, event.provider_id) for event in events]


# Sample, Content-Type, query, body, messages.
BODIES: list[tuple[str, str, str, bytes, list[tuple[str, str, str]]]] = [
    (FORM_SAMPLE, FORM, "", b"f=1&t=a+b%26c&i=7", [("1", "a b&c", "7")]),
    (FORM_SAMPLE, "", "f=1&t=a&i=7", b"", [("1", "a", "7")]),
    (FORM_SAMPLE, JSON, "", b'{"f": 1, "t": "a", "i": 7}', [("1", "a", "7")]),
    (FORM_SAMPLE, FORM, "i=7&f=9", b"f=1&t=a", [("1", "a", "7")]),
    ("?f={{profileNumber}}\n&t={{inboundMessage}}", FORM, "", b"f=1&t=a", [("1", "a", "")]),
    ("a.b={{profileNumber}}&c%5Bd%5D={{inboundMessage}}", FORM, "", b"a.b=1&c[d]=x", [("1", "x", "")]),
    (
        FORM_SAMPLE,
        "multipart/form-data; boundary=xx",
        "",
        b'--xx\r\nContent-Disposition: form-data; name="f"\r\n\r\n1\r\n--xx\r\nContent-Disposition: form-data; '
        b'name="t"\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nGr\xfc\xdfe\r\n--xx\r\n'
        b'Content-Disposition: form-data; name="i"; filename="i.txt"\r\n\r\n7\r\n--xx--\r\n',
        [("1", "Grüße", "")],
    ),
    (
        "<a><b id='{{requestId}}'><f>{{profileNumber}}</f><t lang='en'>{{inboundMessage}}</t></b></a>",
        XML,
        "",
        '<?xml version="1.0" encoding="ISO-8859-1"?><a><b id="7"><f>1</f><t>Grüße</t></b>'
        '<b id="8"><f>2</f><t lang="de">B &amp; c</t></b></a>'.encode("latin-1"),
        [("1", "Grüße", "7"), ("2", "B & c", "8")],
    ),
    (
        "<e:Env xmlns:e='urn:e'><e:Body><f>{{profileNumber}}</f><t>{{inboundMessage}}</t></e:Body></e:Env>",
        "application/soap+xml",
        "",
        b"<s:Env xmlns:s='urn:other'><s:Body><x:f xmlns:x='urn:x'>1</x:f><t>a</t></s:Body></s:Env>",
        [("1", "a", "")],
    ),
    # The same variable in two places: the first with a value counts.
    (
        '{"f": "{{profileNumber}}", "alt": {"f": "{{profileNumber}}"}, "t": "{{inboundMessage}}"}',
        JSON,
        "",
        b'[{"f": "1", "alt": {"f": "2"}, "t": "a"}, {"alt": {"f": "2"}, "t": "b"}, '
        b'{"f": " ", "alt": {"f": "3"}, "t": "c"}]',
        [("1", "a", ""), ("2", "b", ""), ("3", "c", "")],
    ),
]


@pytest.mark.parametrize(("sample", "content_type", "query", "body", "expected"), BODIES)
def test_samples_of_every_kind_are_read(
    sample: str, content_type: str, query: str, body: bytes, expected: list[tuple[str, str, str]]
) -> None:
    assert texts(reader(inbound={"sample": sample}).read(content_type, query, body)) == expected


@pytest.mark.parametrize(
    ("paths", "content_type", "body", "expected"),
    [
        (
            ["a.b[].f", "a.b[].t"],
            JSON,
            b'{"a": {"b": [{"f": "1", "t": "x"}, {"f": "2", "t": "y"}]}}',
            "1x 2y",
        ),
        (["l[1]", "l[-1]"], JSON, b'{"l": ["0", "1", "t"]}', "1t"),
        (['"a.f"', '"a.t"'], FORM, b"a.f=1&a.t=x", "1x"),
        (["//f", "//t"], XML, b"<r><x><y><f>1</f></y></x><t>x</t></r>", "1x"),
        (["/r/m/@f", "/r/m/t/text()"], XML, b"<r><m f='1'><t>x</t></m><m f='2'><t>y</t></m></r>", "1x 2y"),
        (["header:X-From", r"regex:text=\[(.*)\]"], "text/plain", b"text=[x]", "5x"),
    ],
)
def test_rows_say_where_values_stand(paths: list[str], content_type: str, body: bytes, expected: str) -> None:
    rows = [{"name": "profileNumber", "paths": paths[:1]}, {"name": "inboundMessage", "paths": paths[1:]}]
    events = reader(inbound={"fields": rows}).read(content_type, "", body, headers={"X-From": "5"})
    assert " ".join(f"{number}{text}" for number, text, _ in texts(events)) == expected


def test_a_row_takes_the_place_of_the_samples_and_one_without_paths_adds_filters() -> None:
    rows = [
        {"name": "profileNumber", "paths": ["g", "f"], "filters": "plus_lost"},
        {"name": "inboundMessage", "filters": "upcase"},
    ]
    found = reader(inbound={"sample": FORM_SAMPLE, "fields": rows}).read(FORM, "", b"g=&f=+1&t=a&i=7")
    assert texts(found) == [("+1", "A", "7")]


# Filters, the value and what becomes of it; None: it is missing.
FILTERED = [
    ("plus_lost", " 4915", "+4915"),
    ("number: 'US'", "4155550123", "+14155550123"),
    ("number: 'US'", "nonsense", "nonsense"),
    ("strip_prefixes: 'abc, de'", "aBc  hi ", "hi"),
    ("strip_prefixes: 'abc'", "xabc", "xabc"),
    ("strip_prefixes: ''", "abc", "abc"),
    ("base64_text", "SGVsbG8sIHRoaXMgaXMgdGV4dC4=", "Hello, this is text."),
    ("base64_text", "SomeLongWordThatIsJustText", "SomeLongWordThatIsJustText"),
    ("base64_text", "STOP", "STOP"),
    ("base64_text", "/////////////////////w==", "/////////////////////w=="),
    ("after: ':' | before: ';'", "a:b;c", "b"),
    ("replace: 'a', 'o' | upcase", "banana", "BONONO"),
    ("downcase | strip", " Ab ", "ab"),
    ("default: 'x'", None, "x"),
    ("default: 'x'", "", ""),
    ("required", "", ""),
]


@pytest.mark.parametrize(("filters", "value", "expected"), FILTERED)
def test_filters_change_a_value(filters: str, value: str | None, expected: str) -> None:
    rows = [
        {"name": "profileNumber", "paths": ["f"]},
        {"name": "inboundMessage", "paths": ["t"], "filters": filters},
    ]
    body = {"f": "1"} if value is None else {"f": "1", "t": value}
    found = reader(inbound={"fields": rows}).read(JSON, "", json.dumps(body).encode())
    assert texts(found) == [("1", expected, "")]


@pytest.mark.parametrize(
    ("filters", "body", "says"),
    [
        ("required", b'{"f": "1", "t": "a"}', "requestId: it is missing"),
        ("filled", b'{"f": "1", "t": "a", "i": " "}', "missing or blank"),
        ("date: 'iso'", b'{"f": "1", "t": "a", "i": "6 Feb 2025"}', "no time"),
    ],
)
def test_a_value_that_is_not_as_it_must_be_keeps_the_callback_from_being_taken(
    filters: str, body: bytes, says: str
) -> None:
    rows = [*ROWS, {"name": "requestId", "paths": ["i"], "filters": filters}]
    (event,) = reader(inbound={"fields": rows}).read(JSON, "", body)
    assert isinstance(event, Refused)
    assert says in event.reason


def test_one_bad_element_of_a_list_does_not_cost_the_others() -> None:
    body = b'[{"f": "1", "t": "a", "i": "7"}, {"f": "2", "t": "b"}, {"t": "lost"}]'
    rows = [*ROWS, {"name": "requestId", "paths": ["i"], "filters": "required"}]
    good, *bad = reader(inbound={"fields": rows}).read(JSON, "", body)
    assert texts([good]) == [("1", "a", "7")]
    assert [type(event) for event in bad] == [Refused, Refused]


@pytest.mark.parametrize(
    ("filters", "written", "expected"),
    [
        ("date: '%Y-%m-%d%H:%M:%S', zone: 'Asia/Kuala_Lumpur'", "2025-03-3019:33:06", "2025-03-30T11:33:06"),
        ("date: '%Y%m%d%H%M%S', 'iso'", "20250227004929", "2025-02-27T00:49:29"),
        ("date: '%Y%m%d%H%M%S', 'iso'", "2025-02-27T00:49:29+02:00", "2025-02-26T22:49:29"),
        ("date: 'epoch'", "1740670059.69", "2025-02-27T15:27:39.690000"),
        ("date: 'epoch_ms'", "1740006000123", "2025-02-19T23:00:00.123000"),
        ("date: 'rfc2822'", "Tue, 04 Mar 2025 05:06:07 +0100", "2025-03-04T04:06:07"),
        ("date: 'iso'", "2025-02-06T11:28:39.000+0200", "2025-02-06T09:28:39"),
    ],
)
def test_times_are_read_by_format_and_zone(filters: str, written: str, expected: str) -> None:
    rows = [*ROWS, {"name": "originTimestamp", "paths": ["at"], "filters": filters}]
    body = json.dumps({"f": "1", "t": "a", "at": written}).encode()
    (event,) = reader(inbound={"fields": rows}).read(JSON, "", body)
    assert isinstance(event, InboundText)
    assert event.occurred_at == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "table", "expected"),
    [
        (b"f=1&t=caf%E9", {"charset": "iso-8859-1"}, "café"),
        (b"f=1&t=caf%E9&cs=latin1", {"charset_field": "cs"}, "café"),
        (b"f=1&t=%04%1F%04%40+&cs=UTF-16BE", {"charset_field": "cs"}, "Пр\u2000"),
        (b"f=1&t=%00%1B%65&cs=gsm-7", {"charset_field": "cs"}, "@€"),
        (b"f=1&t=caf%C3%A9&cs=nonsense", {"charset_field": "cs"}, "café"),
        (b"f=1&t={not json", {"kind": "form"}, "{not json"),
    ],
)
def test_the_charset_of_form_values_is_a_setting_or_a_fields_value(
    body: bytes, table: dict[str, str], expected: str
) -> None:
    found = reader(body=table, inbound={"fields": ROWS}).read(FORM, "", body.replace(b"+&", b"%20%00&"))
    assert texts(found)[0][1] == expected


RULES = [
    {"role": "stop", "take": "opt_out"},
    {"role": "done", "take": "report", "status": "delivered"},
    {"path": "kind", "values": ["mo"], "take": "message"},
    {"path": "kind", "values": ["dlr"], "take": "report"},
    {"path": "kind", "values": ["ping"], "take": "ignore"},
    {"path": "kind", "take": "refuse"},
]
RULED: dict[str, Any] = {
    "rules": RULES,
    "inbound": {"sample": '{"id": "{{requestId}}", "f": "{{profileNumber}}", "t": "{{inboundMessage}}"}'},
    "report": {
        "sample": '{"id": "{{providerMessageId}}", "t": "{{feedbackStatus}}", "f": "{{profileNumber}}"}'
    },
}


@pytest.mark.parametrize(
    ("role", "body", "kinds"),
    [
        ("", b'{"kind": "mo", "f": "1", "t": "delivered", "id": "7"}', [InboundText]),
        ("", b'{"kind": "dlr", "f": "1", "t": "delivered", "id": "7"}', [StatusReport]),
        ("", b'{"kind": "ping"}', [Ignored]),
        ("", b'{"kind": "new", "f": "1", "t": "x"}', [Refused]),
        ("", b'{"f": "1", "t": "x"}', [InboundText]),
        ("stop", b'{"f": "1", "t": "x"}', [OptOut]),
        ("done", b'{"id": "7"}', [StatusReport]),
        ("else", b'{"kind": "ping"}', [Ignored]),
        (
            "",
            b'[{"kind": "mo", "f": "1", "t": "x"}, {"kind": "dlr", "id": "7", "t": "sent"}, {"kind": "ping"}]',
            [InboundText, StatusReport, Ignored],
        ),
    ],
)
def test_the_first_rule_that_fits_says_what_a_callback_is(role: str, body: bytes, kinds: list[type]) -> None:
    events = reader(**RULED).read(JSON, "", body, role=role)
    assert [type(event) for event in events] == kinds


def test_a_rule_that_says_message_insists_on_one() -> None:
    with pytest.raises(PayloadUnreadable, match="lacks"):
        reader(**RULED).read(JSON, "", b'{"kind": "mo", "id": "7", "t": "delivered"}')
    with pytest.raises(PayloadUnreadable):
        reader(**RULED).read(JSON, "", b"", role="done")


def test_nested_lists_of_a_report_give_one_report_for_each_recipient() -> None:
    sample = (
        '{"batch": "{{providerMessageId}}", "s": [{"st": "{{feedbackStatus}}", "to": ["{{profileNumber}}"]}]}'
    )
    body = b'{"batch": "b1", "s": [{"st": "Delivered", "to": ["1", "2"]}, {"st": "Failed", "to": ["3"]}]}'
    events = reader(report={"sample": sample}).read(JSON, "", body)
    assert [
        (event.provider_id, event.status, event.number) for event in events if isinstance(event, StatusReport)
    ] == [
        ("b1", "delivered", "1"),
        ("b1", "delivered", "2"),
        ("b1", "failed", "3"),
    ]


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"inbound": {"fields": [{"name": "nope", "paths": ["a"]}]}}, "nope is not a variable"),
        ({"inbound": {"fields": [{"name": "profileNumber", "paths": ["a[b"]}]}}, "is no path"),
        ({"inbound": {"fields": [{"name": "profileNumber", "paths": ["regex:("]}]}}, "cannot be used"),
        ({"inbound": {"fields": [{"name": "profileNumber", "paths": ["/a/b c"]}]}}, "is no path"),
        (
            {"inbound": {"fields": [{"name": "profileNumber", "paths": ["a"], "filters": "nope"}]}},
            "no filter nope",
        ),
        (
            {"inbound": {"fields": [{"name": "profileNumber", "paths": ["a"], "filters": "default"}]}},
            "default: ",
        ),
        (
            {"inbound": {"fields": [{"name": "profileNumber", "paths": ["a"], "filters": "date: 'x'"}]}},
            "time format",
        ),
        (
            {"inbound": {"fields": [{"name": "profileNumber", "paths": ["a"], "filters": "date: '%Q'"}]}},
            "time format",
        ),
        (
            {
                "inbound": {
                    "fields": [
                        {"name": "profileNumber", "paths": ["a"], "filters": "date: 'iso', zone: 'Mars'"}
                    ]
                }
            },
            "time zone",
        ),
        ({"rules": [{"take": "message", "test": "any_of", "values": ["a"]}]}, "Rule 1: write the path"),
        ({"rules": [{"take": "message", "path": "a", "test": "matches", "values": ["("]}]}, "Rule 1"),
        ({"statuses": {"words": {"a": "gone"}}}, "a meaning we do not know"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused(table: dict[str, Any], says: str) -> None:
    with pytest.raises(MappingInvalid) as caught:
        reader(**table)
    assert says in caught.value.text


def test_every_filter_says_what_it_does() -> None:
    assert all(kind.help for kind in FILTERS.values())
