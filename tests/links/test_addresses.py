"""Where links may lead."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from links.addresses import LONGEST, check_address, problem_of, with_parameters


@pytest.mark.parametrize(
    "url",
    ["https://a.example", "http://a.example:8080/x?y=1#z", "HTTPS://A.example/ü", "https://[2001:db8::1]/", "https://bücher.example/"],
)  # fmt: skip
def test_web_addresses_are_fine(url: str) -> None:
    assert problem_of(url) == ""


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("javascript:alert(1)", "http"),
        ("data:text/html,x", "http"),
        ("/admin/", "http"),
        ("//evil.example", "http"),
        ("https://", "http"),
        ("https://a.example:http/", "no address"),
        ("https://[::1", "no address"),
        ("https://a.example/a b", "blanks"),
        ("https://a.example/\r\nSet-Cookie: x=1", "blanks"),
        ("https://a.example/\0", "control"),
        ("https://a.example/" + "x" * LONGEST, "characters"),
    ],
)
def test_anything_else_is_refused_with_a_reason(url: str, words: str) -> None:
    assert words in problem_of(url)
    with pytest.raises(ValidationError):
        check_address(url)


@pytest.mark.parametrize(
    ("url", "parameters", "result"),
    [
        ("https://a.example", "", "https://a.example"),
        ("https://a.example", "a=1", "https://a.example?a=1"),
        ("https://a.example/?a=0", "a=1&b=2", "https://a.example/?a=0&b=2"),
        ("https://a.example/?a=", "a=1", "https://a.example/?a="),
        ("https://a.example/?q=%C3%BC+x#part", "a=ä b", "https://a.example/?q=%C3%BC+x&a=%C3%A4+b#part"),
    ],
)
def test_parameters_are_added_and_nothing_else_changes(url: str, parameters: str, result: str) -> None:
    assert with_parameters(url, parameters) == result
