from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import TemplateInvalid, VariableMissing
from core.templating import JsonTemplate, Missing

CONTEXT: dict[str, Any] = {
    "toNumber": "+14155238886",
    "message": 'say "hi"\n\\ {{ toNumber }}',
    "part": 2,
    "profile": {"firstName": "Ann", "tags": ["a", 1], "address": {"city": "Oslo"}, "vip": True, "rate": 1.5},
}


def test_texts_are_filled_in_and_everything_else_stays() -> None:
    source = """{"to": "{{toNumber | digits}}", "text": "{{message}}", "hi": "Hi {{profile.firstName}}!",
                 "n": [1, -2.5e3, true, false, null, "é\\u00e9"], "{{toNumber}}": {}, "e": []}"""

    assert JsonTemplate(source).render(CONTEXT) == {
        "to": "14155238886",
        "text": CONTEXT["message"],
        "hi": "Hi Ann!",
        "n": [1, -2500.0, True, False, None, "éé"],
        "{{toNumber}}": {},
        "e": [],
    }


@pytest.mark.parametrize(
    ("leaf", "value"),
    [
        ("{{part}}", 2),
        ("{{ part | plus: 1 }}", 3),
        ("{{profile.vip}}", True),
        ("{{profile.rate}}", 1.5),
        ("{{profile.tags}}", ["a", 1]),
        ("{{profile.address}}", {"city": "Oslo"}),
        ("{{ 'a,b' | split: ',' }}", ["a", "b"]),
        ("{{ (1..3) }}", [1, 2, 3]),
        (" {{part}}", " 2"),
        ("{{part}}{{part}}", "22"),
    ],
)
def test_a_lone_expression_keeps_its_type(leaf: str, value: object) -> None:
    found = JsonTemplate(json.dumps({"x": leaf})).render(CONTEXT)["x"]

    assert found == value
    assert type(found) is type(value)


@given(st.text(max_size=200))
def test_no_value_breaks_out_of_its_place(text: str) -> None:
    template = JsonTemplate('{"a": "{{message}}", "b": "x{{message}}y", "c": "{{ message | append: \'\' }}"}')

    found = json.loads(json.dumps(template.render({"message": text})))

    assert found == {"a": text, "b": f"x{text}y", "c": text}


def test_results_are_fresh_each_time() -> None:
    template = JsonTemplate('{"list": [{"a": 1}]}')
    template.render({})["list"].append(2)

    assert template.render({}) == {"list": [{"a": 1}]}


def test_assignments_do_not_leak_into_the_next_text() -> None:
    template = JsonTemplate('["{% assign x = 1 %}{{ x }}", "{{ x | default: \'none\' }}"]')

    assert template.render({}) == ["1", "none"]


@pytest.mark.parametrize("leaf", ["{{profile.nickname}}", "Hi {{profile.nickname}}", "{{ shop | upcase }}"])
def test_a_missing_value_is_an_error_or_blank(leaf: str) -> None:
    template = JsonTemplate(json.dumps([leaf]))

    with pytest.raises(VariableMissing):
        template.render(CONTEXT)
    assert template.render(CONTEXT, missing=Missing.BLANK) == [leaf.split("{{")[0]]


@pytest.mark.parametrize(
    ("source", "line", "column", "words"),
    [
        ("", 1, 1, "empty"),
        ('{"to": {{toNumber}', 1, 8, "not closed"),
        ('{"to": {{toNumber | nope}}}', 1, 21, "no helper function"),
        ('{"to": {% if a %}1{% endif %}}', 1, 8, "double quotes"),
        ('{{{"a": 1}', 1, 2, "in place of a name"),
        ('{\n  "a": 1,\n}', 2, 9, "Remove the comma"),
        ('{"a": 1, "a": 2}', 1, 10, "twice"),
        ('{"a": NaN}', 1, 7, "value is missing"),
        ('{"a": Infinity}', 1, 7, "value is missing"),
        ('{"a": 1e999}', 1, 7, "too large"),
        ('{"a": ' + "9" * 400 + "}", 1, 7, "too long"),
        ("{'a': 1}", 1, 2, "double quotes"),
        ('{"a": “b”}', 1, 7, "straight double quotes"),
        ('{"a": "{{ x | default: "b" }}"}', 1, 25, "single quotes"),
        ('{"a":\n "x\ny"}', 2, 4, r"\n"),
        ('{"a": "x', 1, 7, "not closed"),
        ('{"a": "\\x"}', 1, 8, "backslash"),
        ('{"a" 1}', 1, 6, "colon"),
        ('{"a": 1 "b": 2}', 1, 9, "comma"),
        ("[1, 2", 1, 6, "comma or ]"),
        ('{"a": 1}}', 1, 9, "after the end"),
        ('{"a":', 1, 6, "too early"),
        ("[" * 65 + "]" * 65, 1, 65, "64 levels"),
        ("[" * 100_000, 1, 65, "64 levels"),
        ('{"a": "\\n\\u00e9\\"{{ part | | }}"}', 1, 28, "helper function"),
        ('[\n "\\ud83d\\ude00{{ part | upcas }}"]', 2, 25, "upcase"),
    ],
)
def test_problems_say_what_and_where(source: str, line: int, column: int, words: str) -> None:
    template = JsonTemplate(source)

    assert (template.problems[0].line, template.problems[0].column) == (line, column)
    assert words in str(template.problems[0])
    with pytest.raises(TemplateInvalid, match=f"Line {line}"):
        template.render(CONTEXT)


def test_check_finds_unknown_variables_in_the_document() -> None:
    template = JsonTemplate('{\n "to": "{{ toNmber }}", "x": "{{ profile.any }}"}')

    assert template.problems == []
    (problem,) = template.check(known={"toNumber"})
    assert (problem.line, problem.column, problem.hint) == (2, 12, "Did you mean toNumber?")


def test_lists_all_variables() -> None:
    template = JsonTemplate('{"a": "{{toNumber}}", "b": ["{{ profile.firstName | default: message }}", 1]}')

    assert template.variables == {"toNumber", "profile.firstName", "message"}
    assert JsonTemplate("{").variables == frozenset()


def test_one_text_cannot_grow_beyond_the_limit() -> None:
    template = JsonTemplate('["{{ message }}"]')

    with pytest.raises(TemplateInvalid, match="20000"):
        template.render({"message": "x" * 20_001})
