from __future__ import annotations

from typing import Any

import pytest
import requests

from credentials.auth.api_key import ApiKeyAuth
from credentials.auth.base import AuthConfig
from tests.credentials.vectors import rows


def sign(url: str = "https://p.example.com/send", **values: str) -> requests.PreparedRequest:
    return ApiKeyAuth(AuthConfig(**values))(requests.Request("POST", url, data=b"x").prepare())


@pytest.mark.parametrize("row", rows("api_key"))
def test_vectors(row: dict[str, Any]) -> None:
    config = row["config"]
    signed = sign(
        key_location=config["placement"],
        key_name=row.get("username") or config.get("name", ""),
        key_prefix=config.get("prefix", ""),
        api_token=row.get("token") or row["password"],
    )
    assert {name: signed.headers[name] for name in row["expected_headers"]} == row["expected_headers"]
    query = "&".join(f"{name}={value}" for name, value in row["expected_query"].items())
    assert signed.path_url.partition("?")[2] == query


def test_the_default_is_authorization_bearer() -> None:
    assert sign(api_token="t").headers["Authorization"] == "Bearer t"


def test_a_query_key_joins_the_query_that_stands_there() -> None:
    signed = sign("https://p.example.com/send?v=2", key_location="query", key_name="key", api_token="a&b=c d")
    assert signed.url == "https://p.example.com/send?v=2&key=a%26b%3Dc+d"


def test_basic_takes_the_provider_app_id_as_user_name() -> None:
    signed = sign(key_location="basic", key_name="", provider_app_id="AC1", api_token="t")
    assert signed.headers["Authorization"] == requests.auth._basic_auth_str("AC1", "t")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"key_name": "X Key"}, "key_name"),
        ({"key_name": "Content-Length"}, "key_name"),
        ({"key_location": "query", "key_name": ""}, "key_name"),
        ({"key_location": "basic", "key_name": ""}, "key_name"),
        ({"api_token": "two\nlines"}, "api_token"),
    ],
)
def test_problems_name_the_field(values: dict[str, str], field: str) -> None:
    problems = ApiKeyAuth(AuthConfig(**{"api_token": "t", **values})).problems()
    assert [problem.field for problem in problems] == [field]
