from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigurationInvalid, GatewayError, TemplateInvalid
from credentials.building import RequestBuilder
from credentials.spec import CredentialSpec, Field, Header, RequestSpec, Variable
from tests.credentials.conftest import CONTEXT, URL

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NASTY = [
    '"}, "to": "+19005550000", "x": "',
    "line\nbreak\ttab\\ and \"quotes\" 'single'",
    "{{apiToken}} {% raw %} {{ 7 | times: 6 }}",
    "naïve 👍 \u2028 \ud83d",
    "a=b&to=+19005550000#x%20y",
    "<b>&amp;</b>",
]


PAYLOAD = """{
  "from": "{{fromNumber}}", "to": "{{toNumber}}", "content": "{{message}}", "contentType": "TEXT",
  "clientReference": "{{messageId}}", "callbackUrl": "{{statusCallbackUrl}}"
}"""


def spec(
    payload: str = PAYLOAD, *, headers: dict[str, str] | None = None, variables: Any = (), **request: Any
) -> CredentialSpec:
    rows = tuple(Header(name, value) for name, value in (headers or {}).items())
    return CredentialSpec(
        request=RequestSpec(**{"url": URL, "payload": payload, "headers": rows, **request}),
        variables=tuple(variables),
        status_callback_url="https://us.example.com/h/",
    )


def build(payload: str = PAYLOAD, *, message: str = "Hello", extra: Any = None, **values: Any) -> Any:
    return RequestBuilder(spec(payload, **values)).build({**CONTEXT, "message": message, **(extra or {})})


def form(*rows: Field, message: str = "Hello", **values: Any) -> list[tuple[str, str]]:
    request = build("", message=message, body="form", fields=rows, **values)
    return parse_qsl((request.body or b"").decode("ascii"), keep_blank_values=True)


@pytest.mark.parametrize("text", NASTY)
def test_no_text_breaks_out_of_a_json_body(text: str) -> None:
    body = json.loads(build(message=text).body)
    assert body == {
        "from": "+15005550006",
        "to": "+14155550123",
        "content": text,
        "contentType": "TEXT",
        "clientReference": "m-1",
        "callbackUrl": "https://us.example.com/h/",
    }


@pytest.mark.parametrize("text", [text for text in NASTY if "\ud83d" not in text])
def test_no_text_breaks_out_of_a_form_body(text: str) -> None:
    request = build('{"To": "{{toNumber}}", "Body": "{{message}}"}', body="form", message=text)
    assert parse_qsl(request.body.decode(), strict_parsing=True) == [("To", "+14155550123"), ("Body", text)]


def test_form_members_lists_numbers_and_nothing() -> None:
    payload = '{"a": ["x", "y"], "n": 5, "b": true, "none": null, "o": {"k": "{{message}}"}}'
    request = build(payload, body="form")
    assert parse_qsl(request.body.decode()) == [
        ("a", "x"), ("a", "y"), ("n", "5"), ("b", "true"), ("o", '{"k": "Hello"}'),
    ]  # fmt: skip


@pytest.mark.parametrize("text", [text for text in NASTY if "\ud83d" not in text])
def test_values_in_the_url_are_percent_encoded_whole(text: str) -> None:
    request = build(url="https://p.example.com/{{toNumber}}/send?text={{message}}&v=%d", message=text)
    path, _, query = request.path_url.partition("?")
    assert path == "/%2B14155550123/send"
    assert parse_qsl(query) == [("text", text), ("v", "%d")]


def test_filters_in_the_url_see_the_value_itself() -> None:
    assert (
        build(url="https://p.example.com/{{ toNumber | digits }}").url == "https://p.example.com/14155550123"
    )


def test_charset_is_folded_into_content_type_and_encodes_the_body() -> None:
    request = build('{"t": "{{message}}"}', headers={"Charset": "ISO-8859-1"}, message="é€")
    assert request.headers["Content-Type"] == "application/json; charset=ISO-8859-1"
    assert "Charset" not in request.headers
    assert json.loads(request.body.decode("iso-8859-1")) == {"t": "é€"}
    assert build(message="é").body.count("é".encode()) == 1


def test_a_charset_parameter_typed_into_content_type_gives_way() -> None:
    headers = {"Content-Type": "application/json; charset=utf-16; v=2", "Charset": "UTF-8"}
    assert build(headers=headers).headers["Content-Type"] == "application/json; v=2; charset=UTF-8"


def test_a_form_in_a_charset_that_lacks_a_letter_says_so() -> None:
    with pytest.raises(ConfigurationInvalid, match="UTF-8"):
        build('{"t": "{{message}}"}', body="form", headers={"Charset": "ascii"}, message="é")


def test_both_default_headers_are_sent_even_without_rows() -> None:
    assert build().headers["Content-Type"] == "application/json; charset=UTF-8"


def test_header_values_may_hold_variables_and_cannot_break_out() -> None:
    headers = {"X-Ref": "ref-{{messageId}}", "X-Plain": "1"}
    request = build(headers=headers)
    assert (request.headers["X-Ref"], request.headers["X-Plain"]) == ("ref-m-1", "1")
    with pytest.raises(ConfigurationInvalid, match="X-Ref"):
        build(headers=headers, extra={"messageId": "a\r\nX-Evil: 1"})


def test_the_length_is_that_of_the_bytes() -> None:
    request = build(message="👍")
    assert request.headers["Content-Length"] == str(len(request.body))


def test_members_that_are_an_absent_callback_url_are_left_out_with_what_that_empties() -> None:
    payload = """{
        "to": "{{toNumber}}", "w": {"d": {"url": "{{statusCallbackUrl}}"}},
        "l": ["{{ inboundCallbackUrl }}"], "e": {}, "t": "see {{statusCallbackUrl}}"
    }"""
    builder = RequestBuilder(spec(payload))
    without = builder.build({**CONTEXT, "statusCallbackUrl": "", "inboundCallbackUrl": ""})
    assert json.loads(without.body) == {"to": "+14155550123", "e": {}, "t": "see "}
    both = builder.build({**CONTEXT, "statusCallbackUrl": "https://s", "inboundCallbackUrl": "https://i"})
    assert json.loads(both.body)["w"] == {"d": {"url": "https://s"}}
    assert json.loads(both.body)["l"] == ["https://i"]


def test_values_keep_their_type_where_they_stand_alone() -> None:
    body = json.loads(build('{"n": "{{part}}", "s": "part {{part}}"}').body)
    assert body == {"n": 1, "s": "part 1"}


@pytest.mark.parametrize(
    ("faulty", "error"),
    [
        (spec("{}", url="not a url"), ConfigurationInvalid),
        (spec("{}", url=""), ConfigurationInvalid),
        (spec("{}", url="https://x{% if a %}.com"), ConfigurationInvalid),
        (spec('{"a": {{message}'), TemplateInvalid),
        (spec("<a>{{message}}</b>", body="xml"), TemplateInvalid),
        (spec("a={{message", body="form"), TemplateInvalid),
        (spec("{}", headers={"Charset": "rot13"}), ConfigurationInvalid),
        (spec("{}", headers={"Content-Type": "no type"}), ConfigurationInvalid),
        (spec("", fields=(Field("a..b", "x"),)), ConfigurationInvalid),
        (spec("", body="xml", fields=(Field("a/<b>", "x"),)), ConfigurationInvalid),
    ],
)
def test_what_can_never_work_is_refused_at_once(faulty: CredentialSpec, error: type[GatewayError]) -> None:
    with pytest.raises(error):
        RequestBuilder(faulty)


def test_a_missing_profile_attribute_is_an_error_unless_it_has_a_default() -> None:
    with pytest.raises(TemplateInvalid, match="lastName"):
        build('{"n": "{{profile.lastName}}"}')
    assert json.loads(build("""{"n": "{{profile.lastName | default: 'friend'}}"}""").body) == {"n": "friend"}


def test_rows_make_a_json_body_by_path_and_kind() -> None:
    rows = (
        Field("messages[0].to", "{{toNumber}}"),
        Field("messages[0].content.text", "{{message}}"),
        Field("messages[0].n", "{{part}}", kind="number"),
        Field("flag", "true", kind="boolean"),
        Field("tags", '["a", "{{message}}"]', kind="json"),
        Field("a\\.b", "{{part}}"),
    )
    assert json.loads(build("", fields=rows, message='"}').body) == {
        "messages": [{"to": "+14155550123", "content": {"text": '"}'}, "n": 1}],
        "flag": True,
        "tags": ["a", '"}'],
        "a.b": "1",
    }


def test_rows_are_added_on_top_of_a_template() -> None:
    rows = (Field("to", "x"), Field("o.type", "5", when="unicode"), Field("o.type", "0", when="gsm"))
    assert json.loads(build('{"to": "{{toNumber}}", "o": {}}', fields=rows).body) == {
        "to": "x",
        "o": {"type": "0"},
    }
    assert json.loads(build("{}", fields=rows, message="я").body)["o"] == {"type": "5"}


@pytest.mark.parametrize(
    ("row", "message", "expected"),
    [
        (Field("a", "{{profile.nick | default: ''}}", when="not_empty"), "x", []),
        (Field("a", "", when="not_empty"), "x", []),
        (Field("a", ""), "x", [("a", "")]),
        (Field("a", "{{message}}", when="gsm"), "plain €", [("a", "plain €")]),
        (Field("a", "{{message}}", when="gsm"), "☕", []),
        (Field("a", "{{message}}", when="unicode"), "☕", [("a", "☕")]),
        (Field("a", "{{inboundCallbackUrl}}"), "x", []),
        (Field("a", "{% if length > 3 %}long{% endif %}", when="not_empty"), "abcd", [("a", "long")]),
        (Field("a", "{% if length > 3 %}long{% endif %}", when="not_empty"), "abc", []),
    ],
)
def test_when_a_row_is_sent(row: Field, message: str, expected: list[tuple[str, str]]) -> None:
    assert form(row, message=message) == expected


@pytest.mark.parametrize("text", [text for text in NASTY if "\ud83d" not in text])
def test_no_text_breaks_out_of_xml(text: str) -> None:
    request = build('<m><t k="{{message}}">{{message}}</t></m>', body="xml", message=text)
    (element,) = ElementTree.fromstring(request.body)
    assert element.text == text
    assert element.get("k") == text
    assert request.headers["Content-Type"] == "text/xml; charset=UTF-8"


def test_rows_make_an_xml_body_by_path() -> None:
    rows = (
        Field("sms/to/@kind", "mobile"),
        Field("sms/to", "{{toNumber}}"),
        Field("sms/text", "{{message}}"),
    )
    root = ElementTree.fromstring(build("", body="xml", fields=rows, message="a<b").body)
    assert (root.tag, root.findtext("to"), root.find("to").get("kind"), root.findtext("text")) == (  # type: ignore[union-attr]
        "sms", "+14155550123", "mobile", "a<b",
    )  # fmt: skip


def test_a_text_body_by_template_and_by_rows() -> None:
    assert build("{{toNumber}};{{message}}", body="text").body == b"+14155550123;Hello"
    rows = (Field("to", "{{toNumber}}"), Field("text", "{{message}}"))
    assert (
        build("", body="text", fields=rows, message="a\nto=evil").body == b"to=+14155550123\ntext=a to=evil"
    )


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_no_body_means_no_content_type(method: str) -> None:
    query = (Field("to", "{{toNumber}}"), Field("text", "{{message}}"))
    request = build("", body="none", method=method, query=query, message="a&b=c #1")
    assert request.url == f"{URL}?to=%2B14155550123&text=a%26b%3Dc%20%231"
    assert request.body is None
    assert "Content-Type" not in request.headers
    assert request.headers.get("Content-Length") == ("0" if method == "POST" else None)


def test_query_rows_join_a_query_that_is_there() -> None:
    query = (Field("to", "{{toNumber}}"), Field("n", "", when="not_empty"))
    assert build(url=f"{URL}?auth=foo#top", query=query).url == f"{URL}?auth=foo&to=%2B14155550123"


def test_raw_bytes_travel_percent_encoded() -> None:
    query = (Field("text", "{{ message | utf16be }}"),)
    assert build("", body="none", query=query, message="Ж ").url == f"{URL}?text=%04%16%00%20".replace(
        "%16", "%16"
    )


def test_a_base_address_is_taken_as_it_is_and_other_variables_are_encoded() -> None:
    variables = (Variable("base_url", "https://eu.example.com/api/"), Variable("account", "a/b"))
    request = build(url="{{base_url}}/v1/{{account}}/send", variables=variables)
    assert request.url == "https://eu.example.com/api/v1/a%2Fb/send"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("toNumber", "14155550123"),
        ("to", "14155550123"),
        ("to_no_plus", "14155550123"),
        ("fromNumber", "5005550006"),
        ("uuid", "m-1"),
        ("partReference", "m-1.2"),
        ("encoding", "GSM-7"),
        ("priority", "normal"),
        ("inReplyTo", ""),
        ("account", "A1"),
    ],
)
def test_variables_of_a_request(name: str, expected: str) -> None:
    request = build(
        "", body="form", fields=(Field("v", f"{{{{{name}}}}}"),), variables=(Variable("account", "A1"),),
        to_format="no_plus", from_format="national", extra={"part": 2, "parts": 2},
    )  # fmt: skip
    assert parse_qsl(request.body.decode(), keep_blank_values=True) == [("v", expected)]


def test_a_senders_name_keeps_its_letters_in_every_format() -> None:
    for number_format in ("international", "no_plus", "national"):
        row = Field("v", "{{fromNumber}}")
        assert form(row, from_format=number_format, extra={"fromNumber": "InfoSMS"}) == [("v", "InfoSMS")]


def test_a_header_that_comes_out_empty_is_left_out() -> None:
    request = build(headers={"X-Ref": "{{inReplyTo}}", "X-Key": "{{key}}"}, variables=(Variable("key", ""),))
    assert "X-Ref" not in request.headers
    assert "X-Key" not in request.headers


def test_all_parts_travel_in_one_request() -> None:
    payload = '{"contents": {"{% for part in messageParts %}": {"text": "{{part}}"}}}'
    request = build(payload, extra={"messageParts": ["one", 'two"']})
    assert json.loads(request.body) == {"contents": [{"text": "one"}, {"text": 'two"'}]}


@given(text=st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=60))
def test_the_provider_decodes_what_was_put_in_form_and_query(text: str) -> None:
    rows = (Field("a", "{{message}}"), Field("b", "x-{{profile.k}}-y"))
    request = build("", body="form", fields=rows, query=rows, message=text, extra={"profile": {"k": text}})
    expected = [("a", text), ("b", f"x-{text}-y")]
    assert parse_qsl(request.body.decode("ascii"), keep_blank_values=True) == expected
    assert parse_qsl(request.url.partition("?")[2], keep_blank_values=True) == expected


@given(text=st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=60))
def test_the_provider_decodes_what_was_put_in_json_xml_and_text(text: str) -> None:
    extra = {"profile": {"k": text}}
    rows = (Field("rows[0].v", "{{profile.k}}"),)
    built = build('{"a": "{{message}}", "b": ["x-{{profile.k}}-y"]}', message=text, extra=extra, fields=rows)
    assert json.loads(built.body) == {"a": text, "b": [f"x-{text}-y"], "rows": [{"v": text}]}
    plain = build("[{{message}}|{{profile.k}}]", body="text", message=text, extra=extra)
    assert plain.body.decode() == f"[{text}|{text}]"
    carried = _NOT_XML.sub("", text)
    rows = (Field("m/row/@k", "{{profile.k}}"),)
    built = build(
        '<m><t k="{{message}}">{{profile.k}}</t></m>', body="xml", message=text, extra=extra, fields=rows
    )
    root = ElementTree.fromstring(built.body)
    assert [root[0].get("k"), root[0].text or "", root[1].get("k")] == [carried] * 3
