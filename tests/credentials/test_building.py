from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from core.errors import ConfigurationInvalid, GatewayError, TemplateInvalid
from credentials.building import RequestBuilder, RequestShape
from credentials.vendors import CUSTOM
from tests.credentials.conftest import CONTEXT, URL

NASTY = [
    '"}, "to": "+19005550000", "x": "',
    "line\nbreak\ttab\\ and \"quotes\" 'single'",
    "{{apiToken}} {% raw %} {{ 7 | times: 6 }}",
    "naïve 👍 \u2028 \ud83d",
    "a=b&to=+19005550000#x%20y",
    "<b>&amp;</b>",
]


def build(
    payload: str = CUSTOM.payload, *, url: str = URL, headers: dict[str, str] | None = None, **context: Any
) -> Any:
    shape = RequestShape(url, tuple((headers or {}).items()), payload)
    return RequestBuilder(shape).build(
        {**CONTEXT, "statusCallbackUrl": "https://us.example.com/h/", **context}
    )


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


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
    request = build('{"To": "{{toNumber}}", "Body": "{{message}}"}', headers=FORM, message=text)
    assert parse_qsl(request.body.decode(), strict_parsing=True) == [("To", "+14155550123"), ("Body", text)]


def test_form_members_lists_numbers_and_nothing() -> None:
    payload = '{"a": ["x", "y"], "n": 5, "b": true, "none": null, "o": {"k": "{{message}}"}}'
    request = build(payload, headers=FORM)
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
        build('{"t": "{{message}}"}', headers={**FORM, "Charset": "ascii"}, message="é")


def test_both_default_headers_are_sent_even_without_rows() -> None:
    assert build().headers["Content-Type"] == "application/json; charset=UTF-8"


def test_header_values_may_hold_variables_and_cannot_break_out() -> None:
    headers = {"X-Ref": "ref-{{messageId}}", "X-Plain": "1"}
    request = build(headers=headers)
    assert (request.headers["X-Ref"], request.headers["X-Plain"]) == ("ref-m-1", "1")
    with pytest.raises(ConfigurationInvalid, match="X-Ref"):
        build(headers=headers, messageId="a\r\nX-Evil: 1")


def test_the_length_is_that_of_the_bytes() -> None:
    request = build(message="👍")
    assert request.headers["Content-Length"] == str(len(request.body))


def test_members_that_are_an_absent_callback_url_are_left_out_with_what_that_empties() -> None:
    payload = """{
        "to": "{{toNumber}}", "w": {"d": {"url": "{{statusCallbackUrl}}"}},
        "l": ["{{ inboundCallbackUrl }}"], "e": {}, "t": "see {{statusCallbackUrl}}"
    }"""
    shape = RequestShape(URL, (), payload)
    builder = RequestBuilder(shape)
    without = builder.build({**CONTEXT, "statusCallbackUrl": "", "inboundCallbackUrl": ""})
    assert json.loads(without.body) == {"to": "+14155550123", "e": {}, "t": "see "}
    both = builder.build({**CONTEXT, "statusCallbackUrl": "https://s", "inboundCallbackUrl": "https://i"})
    assert json.loads(both.body)["w"] == {"d": {"url": "https://s"}}
    assert json.loads(both.body)["l"] == ["https://i"]


def test_values_keep_their_type_where_they_stand_alone() -> None:
    body = json.loads(build('{"n": "{{part}}", "s": "part {{part}}"}').body)
    assert body == {"n": 1, "s": "part 1"}


@pytest.mark.parametrize(
    ("shape", "error"),
    [
        (RequestShape("not a url", (), "{}"), ConfigurationInvalid),
        (RequestShape("", (), "{}"), ConfigurationInvalid),
        (RequestShape("https://x{% if a %}.com", (), "{}"), ConfigurationInvalid),
        (RequestShape(URL, (), '{"a": {{message}}}'), TemplateInvalid),
        (RequestShape(URL, (("Charset", "rot13"),), "{}"), ConfigurationInvalid),
        (RequestShape(URL, (("Content-Type", "text/xml"),), "{}"), ConfigurationInvalid),
    ],
)
def test_what_can_never_work_is_refused_at_once(shape: RequestShape, error: type[GatewayError]) -> None:
    with pytest.raises(error):
        RequestBuilder(shape)


def test_a_missing_profile_attribute_is_an_error_unless_it_has_a_default() -> None:
    with pytest.raises(TemplateInvalid, match="lastName"):
        build('{"n": "{{profile.lastName}}"}')
    assert json.loads(build("""{"n": "{{profile.lastName | default: 'friend'}}"}""").body) == {"n": "friend"}
