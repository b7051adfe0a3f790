"""A sample answer taken apart: every value with the path that leads to it. Pure."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from xml.etree.ElementTree import Element

from core.errors import PathInvalid
from core.value_paths import LONGEST_PATH, Document, compile_path
from credentials.rules import as_written

LARGEST: Final = 64 * 1024
MOST_ROWS: Final = 400
_DEEPEST: Final = 30
_IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORD: Final = re.compile(r"[^\s:=,;|&\"'<>]+")
_DIGITS: Final = re.compile(r"\d+")
_CONTEXT: Final = 24  # characters before a value that tell where it stands in a plain text


@dataclass(frozen=True)
class Row:
    """A line of the tree: a value with its path, or, without a path, the name of what is inside."""

    label: str
    depth: int
    path: str = ""
    value: str = ""


@dataclass(frozen=True)
class Sample:
    """What a pasted answer is, its lines, and what is wrong with it."""

    kind: str
    rows: tuple[Row, ...] = ()
    problem: str = ""


def read_sample(text: str) -> Sample:
    """Take an answer apart, whatever it is: JSON, XML or plain text."""
    if not text.strip():
        return Sample("text", problem="Paste an answer of the provider first.")
    if len(text.encode()) > LARGEST:
        return Sample("text", problem=f"This is longer than {LARGEST // 1024} KB; paste one answer only.")
    document = Document(text.strip().encode())
    kind, rows = _rows_of(document)
    found = [row for row in rows if not row.path or _leads_back(row, document)]
    problem = ""
    if len(found) > MOST_ROWS:
        found, problem = found[:MOST_ROWS], f"Only the first {MOST_ROWS} lines are shown."
    elif kind == "text" and text.lstrip()[:1] in "{[<":
        problem = (
            f"This looks like {'XML' if text.lstrip()[0] == '<' else 'JSON'} but cannot be read as such."
        )
    return Sample(kind, tuple(found), problem)


def leaves(text: str) -> list[tuple[str, str]]:
    """(path, value) of every value of an answer."""
    return [(row.path, row.value) for row in read_sample(text).rows if row.path]


def _rows_of(document: Document) -> tuple[str, list[Row]]:
    if isinstance(document.json, dict | list):
        return "json", list(_json_rows(document.json, "", "", 0))
    if document.xml is not None:
        return "xml", list(_xml_rows(document.xml, f"/{document.xml.tag}", 0))
    return "text", list(_text_rows(document.text))


def _leads_back(row: Row, document: Document) -> bool:
    """A path is offered only if it finds the very value it was made for."""
    try:
        return as_written(compile_path(row.path).find(document)) == row.value
    except PathInvalid:
        return False


def _json_rows(value: Any, path: str, label: str, depth: int) -> Iterator[Row]:
    if depth > _DEEPEST:
        return
    if isinstance(value, dict | list):
        if label:
            yield Row(label, depth)
        inner = depth + 1 if label else depth
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            step = f"[{name}]" if isinstance(value, list) else _member(str(name), first=not path)
            yield from _json_rows(item, path + step, step if isinstance(value, list) else str(name), inner)
    elif value is not None:
        yield Row(label, depth, path, as_written(value))


def _member(name: str, *, first: bool) -> str:
    step = name if _IDENTIFIER.fullmatch(name) else json.dumps(name)
    return step if first else f".{step}"


def _xml_rows(element: Element, path: str, depth: int) -> Iterator[Row]:
    if depth > _DEEPEST:
        return
    text = "".join(element.itertext()).strip()
    children = list(element)
    yield Row(str(element.tag), depth, path, text) if text and not children else Row(str(element.tag), depth)
    for name, value in element.attrib.items():
        yield Row(f"@{name}", depth + 1, f"{path}/@{name}", value)
    several = {tag for tag, count in Counter(child.tag for child in children).items() if count > 1}
    seen: Counter[str] = Counter()
    for child in children:
        seen[child.tag] += 1
        place = f"[{seen[child.tag]}]" if child.tag in several else ""
        yield from _xml_rows(child, f"{path}/{child.tag}{place}", depth + 1)


def _text_rows(text: str) -> Iterator[Row]:
    """Each word, found by what stands before it on its line."""
    for line in text.splitlines():
        for match in _WORD.finditer(line):
            before = line[max(0, match.start() - _CONTEXT) : match.start()]
            start = "(?m)^" if match.start() <= _CONTEXT else ""
            context = _DIGITS.sub(r"\\d+", re.escape(before))
            path = f"regex:{start}{context}([^\\s:=,;|&\"'<>]+)"
            if len(path) <= LONGEST_PATH:
                yield Row(before.strip() or "the beginning", 0, path, match[0])
