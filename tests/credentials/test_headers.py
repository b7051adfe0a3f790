from __future__ import annotations

import pytest

from credentials.headers import (
    DEFAULT_HEADERS,
    default_value_problem,
    fold_charset,
    is_secret_name,
    is_undeletable,
    name_problem,
    value_problem,
)


@pytest.mark.parametrize("name", ["X-Api-Version", "accept", "X_1", "!#$%&'*+.^_`|~", "User-Agent"])
def test_names_that_may_be_chosen(name: str) -> None:
    assert name_problem(name) == ""


@pytest.mark.parametrize(
    "name",
    [
        "", " ", "X Key", "X:Y", "X\r\nY", "naïve", "X\0", "(x)", "Host", "content-length", "Transfer-Encoding",
        "CONNECTION", "Keep-Alive", "TE", "Trailer", "Upgrade", "Proxy-Authorization", "Expect",
    ],
)  # fmt: skip
def test_names_that_are_refused(name: str) -> None:
    assert name_problem(name)


@pytest.mark.parametrize("value", ["1", "a b", "text/plain; q=0.5", "~!@#"])
def test_values_that_may_be_sent(value: str) -> None:
    assert value_problem(value) == ""


@pytest.mark.parametrize("value", ["", " a", "a ", "a\r\nX: y", "a\nb", "é", "a\tb", "\x7f", "a\0"])
def test_values_that_are_refused(value: str) -> None:
    assert value_problem(value)


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("Content-Type", "application/json", True),
        ("content-type", "Application/JSON; charset=utf-8", True),
        ("Content-Type", "application/vnd.api+json", True),
        ("Content-Type", "application/x-www-form-urlencoded", True),
        ("Content-Type", "text/xml", True),
        ("Content-Type", "multipart/form-data", False),
        ("Charset", "UTF-8", True),
        ("Charset", "ISO-8859-1", True),
        ("Charset", "nonsense", False),
        ("Charset", "rot13", False),
        ("Charset", "base64", False),
        ("Charset", "utf-16", False),
    ],
)
def test_what_the_fixed_headers_may_say(name: str, value: str, fits: bool) -> None:
    assert (default_value_problem(name, value) == "") is fits


def test_the_fixed_headers_fit_their_own_rules() -> None:
    assert [default_value_problem(name, value) for name, value in DEFAULT_HEADERS.items()] == ["", ""]
    assert is_undeletable("content-TYPE ")
    assert not is_undeletable("Content-Language")


def test_folding_keeps_other_parameters() -> None:
    assert fold_charset("application/json;v=1; Charset=x", "UTF-8") == "application/json; v=1; charset=UTF-8"


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("Authorization", True),
        ("X-Api-Key", True),
        ("X-Auth-Token", True),
        ("Set-Cookie", True),
        ("Date", False),
    ],
)
def test_names_that_carry_secrets_by_custom(name: str, secret: bool) -> None:
    assert is_secret_name(name) is secret
