from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from core.errors import AuthenticationFailed
from credentials.auth.api_key import ApiKeyAuth
from credentials.auth.base import AuthConfig
from credentials.auth.basic import BasicAuth
from tests.credentials.vectors import final_request, rows

FORM = "application/x-www-form-urlencoded"
URL = "https://p.example.com/send"


def sign(url: str = URL, **values: str) -> requests.PreparedRequest:
    return ApiKeyAuth(AuthConfig(**values))(final_request(url=url))


@pytest.mark.parametrize("row", rows("api_key"))
def test_vectors(row: dict[str, Any]) -> None:
    config = row["config"]
    if config["placement"] == "basic":
        pair = AuthConfig(auth_username=row["username"], auth_password=row["password"])
        signed = BasicAuth(pair)(final_request())
    else:
        signed = sign(
            key_location=config["placement"],
            key_name=config["name"],
            key_prefix=config.get("prefix", ""),
            api_token=row["token"],
        )
    assert {name: signed.headers[name] for name in row["expected_headers"]} == row["expected_headers"]
    query = "&".join(f"{name}={value}" for name, value in row["expected_query"].items())
    assert signed.path_url.partition("?")[2] == query


def test_the_default_is_authorization_bearer() -> None:
    assert sign(api_token="t").headers["Authorization"] == "Bearer t"


def test_a_query_key_joins_the_query_that_stands_there() -> None:
    config = {"key_location": "query", "key_name": "key", "key_prefix": "", "api_token": "a&b=c d"}
    assert sign(f"{URL}?v=2", **config).url == f"{URL}?v=2&key=a%26b%3Dc+d"
    assert sign(URL, **config).url == f"{URL}?key=a%26b%3Dc+d"


def in_body(body: bytes | None, content_type: str, **values: str) -> requests.PreparedRequest:
    config = {"key_location": "body", "key_name": "apiKey", "key_prefix": "", "api_token": 's"é&', **values}
    return ApiKeyAuth(AuthConfig(**config))(final_request(body=body, content_type=content_type))


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b'{"to": 1.10}', "application/json", '{"to": 1.10,"apiKey":"s\\"é&"}'.encode()),
        (b' {"n":1e999}\n', "application/json", '{"n":1e999,"apiKey":"s\\"é&"}'.encode()),
        (b"{}", "application/json; charset=UTF-8", '{"apiKey":"s\\"é&"}'.encode()),
        (None, "application/json", '{"apiKey":"s\\"é&"}'.encode()),
        (
            b'{"t":"\xe9"}',
            "application/json; charset=latin-1",
            '{"t":"é","apiKey":"s\\"é&"}'.encode("latin-1"),
        ),
        (b'{"t":1}', "application/vnd.api+json", '{"t":1,"apiKey":"s\\"é&"}'.encode()),
        (b"to=%2B1&text=a+b", FORM, b"to=%2B1&text=a+b&apiKey=s%22%C3%A9%26"),
        (None, f"{FORM}; charset=UTF-8", b"apiKey=s%22%C3%A9%26"),
    ],
)
def test_a_key_in_the_body_leaves_the_rest_as_it_is(
    body: bytes | None, content_type: str, expected: bytes
) -> None:
    signed = in_body(body, content_type)
    assert signed.body == expected
    assert signed.headers["Content-Length"] == str(len(expected))


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<a/>", "text/xml"),
        (b"text", ""),
        (b"[1]", "application/json"),
        (b"no json", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"a":"\xff"}', "application/json"),
        (b'{"a":1}', "application/json; charset=klingon"),
        (b'{"a":1}', "application/json; charset=ascii"),
        (b'{"apiKey":"mine"}', "application/json"),
        (b"a=1&apiKey=", FORM),
    ],
)
def test_a_body_that_cannot_take_the_key_is_refused_and_stays(body: bytes, content_type: str) -> None:
    request = final_request(body=body, content_type=content_type)
    config = AuthConfig(key_location="body", key_name="apiKey", key_prefix="", api_token="é")
    with pytest.raises(AuthenticationFailed):
        ApiKeyAuth(config)(request)
    assert request.body == body


def test_the_key_in_a_json_body_is_one_value() -> None:
    signed = in_body(b'{"a":1}', "application/json", api_token='x","admin":"yes')
    assert json.loads(signed.body or b"") == {"a": 1, "apiKey": 'x","admin":"yes'}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"key_name": "X Key"}, "key_name"),
        ({"key_name": "Content-Length"}, "key_name"),
        ({"key_location": "query", "key_name": ""}, "key_name"),
        ({"key_location": "body", "key_name": "Authorization"}, "key_name"),
        ({"api_token": "two\nlines"}, "api_token"),
    ],
)
def test_problems_name_the_field(values: dict[str, str], field: str) -> None:
    problems = ApiKeyAuth(AuthConfig(**{"api_token": "t", **values})).problems()
    assert [problem.field for problem in problems] == [field]


def test_a_place_that_is_not_on_offer_signs_nothing() -> None:
    with pytest.raises(AuthenticationFailed, match="header, query or body"):
        sign(key_location="basic", api_token="t")
