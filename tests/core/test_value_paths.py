from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import PathInvalid
from core.value_paths import Document, compile_path, path_problem

XML = b'<s:env xmlns:s="u"><s:body kind="k"><id>7</id><id>8</id><t>a &amp; <b>b</b></t></s:body></s:env>'
ITEMS = (
    b'<r xmlns:x="u" a="1"><item name="code">5</item><item x:name="id" x:type="t">7</item>'
    b"<p><n>id</n><v>8</v></p><p><n>key</n><v>9/]</v></p></r>"
)


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("a.b[1]", b'{"a": {"b": [1, 2]}}', 2),
        ("a.c", b'{"a": {}}', None),
        ("[0].id", b'[{"id": "x"}]', "x"),
        ("a", b"not JSON", None),
        # The examples of docs/add-a-provider.md.
        ("errors[0].code || error.code", b'{"error": {"code": 7}}', 7),
        ("messages[?status != '0'] | [0].status", b'{"messages": [{"status": "0"}, {"status": "4"}]}', "4"),
        ("messages[?status != '0'] | [0].status", b'{"messages": [{"status": "0"}]}', None),
        ("messages[?status != `0`] | [0].status", b'{"messages": [{"status": 0}, {"status": 4}]}', 4),
        ("length(messages)", b'{"messages": [1, 2]}', 2),
        ("join(' ', errors[].text)", b'{"errors": [{"text": "a"}, {"text": "b"}]}', "a b"),
        ('a."b-c"', b'{"a": {"b-c": 1}}', 1),
        ("a[-1]", b'{"a": [1, 2]}', 2),
        ("/env/body/id", XML, "7"),
        ("/env/body/id[2]", XML, "8"),
        ("/s:env/s:body/@kind", XML, "k"),
        ("//id", XML, "7"),
        ("//body/id", XML, "7"),
        ("//@kind", XML, "k"),
        ("//@kind", b'<a kind="r"/>', "r"),
        ("//@kind", b"<a/>", None),
        ("/env/body/t", XML, "a & b"),
        ("/env/body/id/text()", XML, "7"),
        ("/other/id", XML, None),
        ("/env/nothing", XML, None),
        ("/*/body/id", XML, "7"),
        ("/env/body/id/", XML, "7"),
        ("/r/item[@name='id']", ITEMS, "7"),
        ('/x:r/x:item[@x:name="id"]/@x:type', ITEMS, "t"),
        ("//item[@type]", ITEMS, "7"),
        ("//@type", ITEMS, "t"),
        ("/r/item/@type", ITEMS, "t"),
        ("//p[n='key']/v", ITEMS, "9/]"),
        ("/r[@a='1']/item[2]", ITEMS, "7"),
        ("/r[@a='2']/item", ITEMS, None),
        ("/r/item[@name='a/b']", ITEMS, None),
        ("-", b'{"-": 1}', None),
        ('regex:Success "(.*)"', b'Success "a-1"', "a-1"),
        ("regex:ERR[0-9]+", b"oh ERR12", "ERR12"),
        ("regex:x", b"abc", None),
        ("header:X-Id", b"", "h"),
        ("header:X-None", b"", None),
    ],
)
def test_what_a_path_finds(path: str, body: bytes, expected: Any) -> None:
    assert compile_path(path).find(Document(body, {"X-Id": "h"})) == expected


@pytest.mark.parametrize(
    "path", ["a[", "a..b", "[?", "/a/b[x=1]", "/", "/a/@", "/a//b", "/@a", "///a", "/a/b[@x='1'][2]", "/a[@b='c]",
        "/a[@b='[']", "regex:(", "regex:(?=a)", "header:a b", "x" * 501]
)  # fmt: skip
def test_a_path_that_cannot_be_followed_says_so(path: str) -> None:
    assert path_problem(path)
    with pytest.raises(PathInvalid):
        compile_path(path)


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"<a>" * 50_000,
        b"<a><b></a>",
        b"",
        b"\xff\xfe",
    ],
)
def test_hostile_documents_hold_nothing(body: bytes) -> None:
    assert Document(body).xml is None


def test_an_expression_made_to_explode_takes_no_time() -> None:
    assert compile_path("regex:(a+)+$").find(Document(b"a" * 60_000 + b"!")) is None


@given(
    body=st.binary(max_size=200),
    path=st.sampled_from(["a.b", "/a/b", "//a", "//a/@b", "regex:(.)", "header:a", "length(a)"]),
)
def test_nothing_received_makes_a_path_raise(body: bytes, path: str) -> None:
    compile_path(path).find(Document(body))


@pytest.mark.parametrize(
    ("path", "document", "expected"),
    [
        ("id", Document(b'{"id": "7", "t": "\xe9"}'), "7"),
        ("id", Document(b'{"id": "7"}', charset="nope"), "7"),
        ("t", Document('{"t": "é"}'.encode("latin-1"), charset="latin-1"), "é"),
        ("ceil(to_number('1e999'))", Document(b"{}"), None),
        ("/a", Document(b'\n <?xml version="1.0"?><a>x</a>'), "x"),
        ("header:x-id", Document(b"", {"X-Id": "h"}), "h"),
    ],
)
def test_odd_answers_are_still_read(path: str, document: Document, expected: Any) -> None:
    assert compile_path(path).find(document) == expected


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("error-code", 'Put a name with a dash in double quotes: "error-code"'),
        ("messages[0].message-id", 'double quotes: messages[0]."message-id"'),
        ("$.messages[0].id", "Leave the $ out: messages[0].id"),
        ("$.a-b", 'Leave the $ out. Put a name with a dash in double quotes: "a-b"'),
        ("a-", "Write where the value stands"),
    ],
)
def test_a_path_of_another_language_is_told_how_to_write_it_here(path: str, advice: str) -> None:
    assert advice in path_problem(path)


def test_a_path_nested_too_deeply_is_refused() -> None:
    assert path_problem("[" * 400)
