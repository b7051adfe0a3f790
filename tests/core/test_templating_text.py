from __future__ import annotations

from typing import Any

import pytest

from core.errors import TemplateInvalid, VariableMissing
from core.templating import PICKER, Missing, check_text, render_text, variables_in

KNOWN = {"toNumber", "fromNumber", "message"}


@pytest.fixture
def context() -> dict[str, Any]:
    profile = {"firstName": "Ann", "tags": ["a", "b"], "age": 41, "city": None, "first name": "A."}
    return {"toNumber": "+14155238886", "message": "5 < 6 & 'so'", "profile": profile}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("no markup, one { brace }", "no markup, one { brace }"),
        ("Hi {{profile.firstName}}!", "Hi Ann!"),
        ("{{ message }}", "5 < 6 & 'so'"),
        ("{{ profile.nickname | default: 'friend' }}", "friend"),
        ("{{ profile.city | default: 'town' }}", "town"),
        ("{{ profile['first name'] }}", "A."),
        ("{{ profile.tags[1] }}{{ profile.tags | size }}{{ profile.tags | join: '+' }}", "b2a+b"),
        ("{% if profile.nickname %}a{% else %}b{% endif %}", "b"),
        ("{% unless profile.nickname == nil %}a{% endunless %}", ""),
        ("{% for tag in profile.tags %}{{ tag }}{% endfor %}", "ab"),
        ("{{ toNumber | digits }}", "14155238886"),
        ("{{ message | urlencode }}", "5%20%3C%206%20%26%20%27so%27"),
        ("{{ message | xml }}", "5 &lt; 6 &amp; &apos;so&apos;"),
        ("{{ message | json }}", "\"5 < 6 & 'so'\""),
        ("{{ '2026-01-05' | date: '%A' }}", "Monday"),
        ("{{ profile.age | plus: 1 }}", "42"),
        ("{% raw %}{{ kept }}{% endraw %}", "{{ kept }}"),
    ],
)
def test_fills_in_plain_text(source: str, text: str, context: dict[str, Any]) -> None:
    assert render_text(source, context) == text


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("{{ profile.nickname }}", "profile.nickname"),
        ("{{ profile.city }}", "profile.city"),
        ("{{ shop }}", "shop"),
        ("{{ shop | upcase }}", "shop"),
        ("{{ 3 | plus: shop }}", "shop"),
        ("{{ profile.firstName | append: shop.name }}", "shop.name"),
        ("{% for x in shop %}{% endfor %}", "shop"),
        ("{% assign x = shop %}{{ x }}", "shop"),
        ("{{ profile.firstName.upper }}", "profile.firstName.upper"),
    ],
)
def test_a_missing_value_is_named_or_blank(source: str, name: str, context: dict[str, Any]) -> None:
    with pytest.raises(VariableMissing, match="default") as caught:
        render_text(source, context)

    assert caught.value.param == name
    assert name not in render_text(source, context, missing=Missing.BLANK)


def test_reaches_no_python_attribute(context: dict[str, Any]) -> None:
    for path in ("__class__", "upper", "profile.items", "profile.__class__", "toNumber.format"):
        source = "{{ " + (path if "." in path else f"toNumber.{path}") + " }}"
        assert render_text(source, context, missing=Missing.BLANK) == ""


def test_takes_plain_data_only() -> None:
    with pytest.raises(TypeError, match="profile"):
        render_text("{{ profile.x }}", {"profile": object()})


@pytest.mark.parametrize(
    ("source", "line", "column", "words"),
    [
        ("Hi {{ toNumber", 1, 4, "not closed"),
        ("one\ntwo {% if x %}", 2, 5, "{% endif %}"),
        ("{{ toNumber | | }}", 1, 15, "helper function"),
        ("{{#if x}}a{{/if}}", 1, 3, "{% if"),
        ("{%= fn(x) %}", 1, 1, "another template language"),
        ("{{ }}", 1, 1, "name is missing"),
        ("\n{{ 'abc }}", 2, 4, "quote"),
        ("{% include 'x' %}", 1, 4, "no tag include"),
        ("{{ message | default 'x' }}", 1, 22, "default:"),
        ("{{ toNmber }}", 1, 4, "Did you mean toNumber?"),
        ("{{ prfile.city }}", 1, 4, "Did you mean profile.city?"),
        ("{{ shop.name }}", 1, 4, "no variable shop.name"),
        ("{{ message | upcas }}", 1, 14, "Did you mean upcase?"),
        ("{{ message | strip_html }}", 1, 14, "no helper function"),
        ("{% raw %}", 1, 1, "endraw"),
    ],
)
def test_check_says_what_and_where(source: str, line: int, column: int, words: str) -> None:
    problem = check_text(source, known=KNOWN)[0]

    assert (problem.line, problem.column) == (line, column)
    assert words in str(problem)


@pytest.mark.parametrize(
    "source",
    [
        "plain",
        "{{ profile.anything }} {{ now | date: '%Y' }}",
        "{% assign shop = message %}{{ shop }}",
        "{% for tag in profile.tags %}{{ tag }}{% endfor %}",
    ],
)
def test_check_finds_nothing_wrong(source: str) -> None:
    assert check_text(source, known=KNOWN) == []


def test_unknown_names_pass_when_the_known_ones_are_not_told() -> None:
    assert check_text("{{ anything }}") == []


def test_lists_the_variables_read() -> None:
    source = (
        "{% assign a = toNumber %}{{ a }}{{ profile.tags[0].name | default: message }}{% if x %}{% endif %}"
    )

    assert variables_in(source) == {"toNumber", "profile.tags", "message", "x"}
    assert variables_in("{{ broken") == frozenset()


@pytest.mark.parametrize(
    "item", [item for group in PICKER for item in group.items], ids=lambda item: item.label
)
def test_everything_the_picker_inserts_is_valid(item: Any) -> None:
    known = {entry.label for entry in PICKER[0].items}

    assert check_text(item.insert, known=known) == []
    assert item.help


LIST_OF_TEXT = (
    "{% assign a = 'aaaaaaaaaa' %}{% for i in (1..100) %}{% assign a = a | append: a %}{% endfor %}"
)
ATTACKS = [
    "{{ (1..1000000000) | join }}",
    "{{ (1..100000000000000000000) | size }}",
    "{% for i in (1..1000000000) %}a{% endfor %}",
    "{% for i in (1..100) %}{% for j in (1..100) %}{{ i }}{% endfor %}{% endfor %}",
    "{% for i in (1..1000) %}" + "{% if 1 == 1 %}{% endif %}" * 500 + "{% endfor %}",
    LIST_OF_TEXT + "{{ a }}",
    LIST_OF_TEXT.replace("append", "prepend"),
    "{% assign n = 99999999999 %}{% for i in (1..100) %}{% assign n = n | times: n %}{% endfor %}",
    "{% assign a = 'aaaaaaaa' %}{% for i in (1..11) %}{% assign a = a | append: a %}{% endfor %}"
    "{{ a | replace: 'a', a }}",
    "{% assign a = 'aaaaaaaa' %}{% for i in (1..11) %}{% assign a = a | append: a %}{% endfor %}"
    "{{ a | split: '' | join: a }}",
    "{% for i in (1..1000) %}" + "a" * 100 + "{% endfor %}",
    "{% capture x %}{% for i in (1..1000) %}" + "a" * 1000 + "{% endfor %}{% endcapture %}",
    "{{ '" + "1" * 200 + "' | date: '%Y' }}",
    "{{ '99999999999999999999' | date: '%Y' }}",
    "{{ '1e999999999' | ceil }}",
    "{{ 1 | divided_by: 0 }}",
    "{{ " + "a[" * 4000 + "}}",
    "{% if a %}" * 500 + "{% endif %}" * 500,
    "{{" * 10_000,
    "{{" + " " * 19_000,
    "{{" + " " * 19_000 + "}}",
    "{% raw %}" * 2_000,
    "x" * 20_001 + "{{ x }}",
]


@pytest.mark.timeout(5)
@pytest.mark.parametrize("source", ATTACKS, ids=lambda source: source[:40])
def test_no_template_takes_much_time_or_space(source: str) -> None:
    with pytest.raises(TemplateInvalid):
        render_text(source, {"a": 1}, missing=Missing.BLANK)


def test_budgets_start_afresh_with_every_rendering() -> None:
    for _ in range(30):
        assert len(render_text("{% for i in (1..900) %}x{% endfor %}", {})) == 900
