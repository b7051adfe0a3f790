from __future__ import annotations

import json

import pytest

from core.value_paths import Document, compile_path
from credentials.answer_sample import MOST_ROWS, leaves, read_sample
from credentials.rules import as_written


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ('{"id": "m-1"}', "json", [("id", "m-1")]),
        ('{"a": {"b c": [1, {"d": true}]}}', "json", [('a."b c"[0]', "1"), ('a."b c"[1].d', "true")]),
        ('[{"id": 7}]', "json", [("[0].id", "7")]),
        ('{"messages": [{"message-id": "x"}], "n": null}', "json", [('messages[0]."message-id"', "x")]),
        ('{"a\\"b": "q"}', "json", [('"a\\"b"', "q")]),
        ("<r><id>5</id></r>", "xml", [("/r/id", "5")]),
        ('<r xmlns="u"><a k="1">p</a><a>q</a></r>', "xml", [("/r/a[1]", "p"), ("/r/a[1]/@k", "1"), ("/r/a[2]", "q")]),
        ("<id>5</id>", "xml", [("/id", "5")]),
    ],
)  # fmt: skip
def test_values_and_their_paths(text: str, kind: str, expected: list[tuple[str, str]]) -> None:
    assert read_sample(text).kind == kind
    assert leaves(text) == expected


@pytest.mark.parametrize(
    ("text", "value", "later", "then"),
    [
        ("OK: 12345", "12345", "OK: 999", "999"),
        ("status=0&id=77", "77", "status=1&id=78", "78"),
        ("ERR 5 bad\nID 9", "9", "ERR 6 bad\nID 10", "10"),
    ],
)
def test_a_word_of_plain_text_is_found_in_the_next_answer_too(
    text: str, value: str, later: str, then: str
) -> None:
    path = next(path for path, found in leaves(text) if found == value)
    assert compile_path(path).find(Document(later.encode())) == then


def test_every_path_leads_back_to_its_value() -> None:
    content = {"a.b": {"c": [1, 2.5, "x", False]}, "": "empty name", "ü": "é", "x": {"y": [["z"]]}}
    text = json.dumps(content)
    document = Document(text.encode())
    found = leaves(text)
    assert len(found) >= 6
    assert all(as_written(compile_path(path).find(document)) == value for path, value in found)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Paste an answer"),
        ("  \n", "Paste an answer"),
        ("x" * 70_000, "longer than"),
        ('{"a": ', "JSON but cannot be read"),
        ("<a><b></a>", "XML but cannot be read"),
        (json.dumps(list(range(1000))), f"first {MOST_ROWS}"),
    ],
)
def test_what_is_wrong_is_said(text: str, says: str) -> None:
    assert says in read_sample(text).problem


@pytest.mark.parametrize(
    "text", ["[" * 5000, "<a>" * 500 + "</a>" * 500, "\x00\x01", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>']
)
def test_nothing_breaks_it(text: str) -> None:
    assert len(read_sample(text).rows) <= MOST_ROWS
