from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import TemplateInvalid
from core.templating import JsonTemplate, RawBytes, check_text, render_text, render_value
from operations.contracts.freezing import frozen

CONTEXT = {
    "to": "+14155550123",
    "sender": "InfoSMS",
    "message": "Ж €",
    "now": "2025-03-04T05:06:07Z",
    "key": "k",
    "items": ["a", 'b"'],
    "part": 2,
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ to | strip_plus }}", "14155550123"),
        ("{{ sender | strip_plus }}", "InfoSMS"),
        ("{{ to | national }}", "4155550123"),
        ("{{ sender | national }}", "InfoSMS"),
        ("{{ message | hex_ucs2 }}", "0416002020ac"),
        ("{{ 'aé' | hex }}", "61c3a9"),
        ("{{ 'a:b' | base64 }}", "YTpi"),
        ("{{ 'aé??' | base64url }}", "YcOpPz8"),
        ("{{ 'abc' | md5 }}", "900150983cd24fb0d6963f7d28e17f72"),
        ("{{ 'abc' | sha1 }}", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("{{ 'abc' | sha256: 'base64' }}", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="),
        ("{{ 'what do ya want for nothing?' | hmac_sha256: 'Jefe' }}",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        ("{{ 'x' | hmac_sha1: key, 'base64' }}", "ywATH87GAqj8hEE6KnAVTYwGoNI="),
        ("{{ now | date: '%Y%m%d%H%M%S' }}", "20250304050607"),
        ("{{ now | date: '%s' }}", "1741064767"),
        ("{{ 'Q&A +' | urlencode }}", "Q%26A%20%2B"),
        ("{{ message | utf16be | base64 }}", "BBYAICCs"),
        ("{{ message | utf16be | base64_encode }}", "BBYAICCs"),
        ("{{ message | utf16be | base64url }}", "BBYAICCs"),
        ("{{ message | utf16be | hex }}", "0416002020ac"),
        ("{{ message | utf16be | urlencode }}", "%04%16%00%20%20%AC"),
        ("{{ message | utf16be | md5 }}", hashlib.md5("Ж €".encode("utf-16-be")).hexdigest()),
        ("{{ '1741064767' | date: '%Y-%m-%d %H:%M' }}", "2025-03-04 05:06"),
        ("{{ 1741064767 | date: '%H' }}", "05"),
    ],
)  # fmt: skip
def test_helper_functions(source: str, expected: str) -> None:
    assert render_text(source, CONTEXT) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ 'now' | date: '%Y%m%d%H%M%S' }}", "20200102030405"),
        ("{{ 'today' | date: '%d' }}", "02"),
        ("{{ now }} {{ today }}", "2020-01-02T03:04:05Z 2020-01-02"),
        ("{{ now | date: '%s' }}", "1577934245"),
    ],
)
def test_the_time_is_that_of_the_one_clock_in_utc(source: str, expected: str) -> None:
    with frozen(datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)):
        assert render_text(source, {}) == expected
        assert render_text("{{ now }}", CONTEXT) == CONTEXT["now"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("base64encode", "base64_encode"),
        ("strftime", "date"),
        ("lowercase", "downcase"),
        ("hmac_sha265", "hmac_sha256"),
    ],
)
def test_an_unknown_function_is_told_the_nearest(name: str, meant: str) -> None:
    (problem,) = check_text("{{ message | " + name + " }}")
    assert str(problem).endswith(f"There is no helper function {name}. Did you mean {meant}?")


def test_raw_bytes_survive_a_lone_value() -> None:
    value = render_value("{{ message | utf16be }}", CONTEXT)
    assert isinstance(value, RawBytes)
    assert value.data == "Ж €".encode("utf-16-be")
    assert render_text("x{{ message | utf16be }}", CONTEXT) == "x0416002020ac"


def test_a_signature_needs_a_key() -> None:
    for source in ("{{ 'x' | hmac_sha256 }}", "{{ 'x' | hmac_sha256: '' }}"):
        with pytest.raises(TemplateInvalid, match="key"):
            render_text(source, CONTEXT)


def test_a_way_to_write_digests_nobody_knows_is_refused() -> None:
    with pytest.raises(TemplateInvalid, match="base64"):
        render_text("{{ 'x' | md5: 'base32' }}", CONTEXT)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            '{"a": {{to}}, "b": {{ part }}, "c": [{{items}}]}',
            {"a": "+14155550123", "b": 2, "c": [["a", 'b"']]},
        ),
        ('{"c": {"{% for x in items %}": {"text": "{{x}}"}}}', {"c": [{"text": "a"}, {"text": 'b"'}]}),
        ('{"c": {"{% for x in items %}": "{{x}}-{{part}}"}, "d": 1}', {"c": ["a-2", 'b"-2'], "d": 1}),
        ('{"{% for x in items %}": {{x}}}', ["a", 'b"']),
    ],
)
def test_bare_values_and_lists_in_json(source: str, expected: Any) -> None:
    assert JsonTemplate(source).render(CONTEXT) == expected


def test_what_a_loop_binds_is_known_inside_it_only() -> None:
    template = JsonTemplate('{"c": {"{% for x in items %}": "{{x}}{{y}}"}, "d": "{{x}}"}')
    assert [(problem.line, problem.column) for problem in template.check(known={"items"})] == [
        (1, 40),
        (1, 55),
    ]
    assert template.variables == {"items", "y", "x"}


def test_a_loop_over_too_much_ends() -> None:
    with pytest.raises(TemplateInvalid, match="turns"):
        JsonTemplate('{"{% for x in many %}": "{{x}}"}').render({"many": list(range(5000))})
