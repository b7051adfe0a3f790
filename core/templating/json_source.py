"""Reading JSON as a person wrote it: every fault with its place, every text with where it starts."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Never

from core.errors import TemplateInvalid
from core.templating.problems import Problem, problem_at

MAX_DEPTH = 64
_WRONG_QUOTES = "'\u2018\u2019\u201c\u201d\u201e"
_MAX_NUMBER = 300  # characters
_BLANK = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?", re.ASCII)
_WORDS = {"true": True, "false": False, "null": None}
_FOR = re.compile(r"\{%-?\s*for\s+(?P<name>[A-Za-z_]\w*)\s+in\s+(?P<list>[A-Za-z_][\w.]*)\s*-?%\}")
_WORD = re.compile(r"[A-Za-z]+")
_RAW_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.S
)


class JsonFault(TemplateInvalid):
    """The text is not JSON; carries the problem with its place."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True)
class Leaf:
    """A text value and where its first character stands in the source; `bare`: a {{ … }} without quotes."""

    text: str
    start: int
    bare: bool = False

    def place(self, source: str, index: int) -> int:
        """Where the character `index` of the text stands in the source, escapes counted."""
        if self.bare:
            return self.start + index
        position = self.start
        for match, _ in zip(_RAW_CHARACTER.finditer(source, self.start), range(index), strict=False):
            position = match.end()
        return position


@dataclass(frozen=True)
class Each:
    """An object whose only member is named {% for NAME in LIST %}: its value once for each item."""

    name: str
    items: Leaf
    body: Tree


Tree = dict[str, "Tree"] | list["Tree"] | Leaf | Each | int | float | bool | None


def parse(source: str) -> Tree:
    """The JSON document with `Leaf` for every text value (JsonFault names line and column)."""
    return _Reader(source).document()


class _Reader:
    def __init__(self, source: str) -> None:
        self.source = source
        self.position = 0

    def document(self) -> Tree:
        self.skip_blanks()
        if self.position == len(self.source):
            self.fail("The payload is empty.", 'Start with {"to": "{{toNumber}}"}.')
        tree = self.value(1)
        self.skip_blanks()
        if self.position < len(self.source):
            self.fail("Something stands after the end of the payload.", "Remove it, or check the brackets.")
        return tree

    def value(self, depth: int) -> Tree:
        if depth > MAX_DEPTH:
            self.fail(f"The payload is nested deeper than {MAX_DEPTH} levels.")
        if self.source.startswith("{{{", self.position):
            self.position += 1
            self.fail_at_name()
        if self.source.startswith("{{", self.position):
            return self.bare()
        if self.source.startswith("{%", self.position):
            self.fail(
                "A tag stands here without quotes.", 'Put it in double quotes: "{% if … %}…{% endif %}".'
            )
        first = self.peek()
        if first == "{":
            return self.members(depth)
        if first == "[":
            return self.items(depth)
        if first == '"':
            text, start = self.text()
            return Leaf(text, start)
        return self.plain()

    def bare(self) -> Leaf:
        """A {{ … }} without quotes: the value itself, whatever its type."""
        start = self.position
        end = self.source.find("}}", start)
        if end < 0:
            self.fail("{{ is not closed.", "Add }}.")
        self.position = end + 2
        return Leaf(self.source[start : end + 2], start, bare=True)

    def members(self, depth: int) -> Tree:
        blanks = _BLANK.match(self.source, self.position + 1)
        start = blanks.end() + 1 if blanks else 0  # of the first name, behind its quote
        found = self.plain_members(depth)
        match = next((match for match in map(_FOR.fullmatch, found) if match), None)
        if match is None:
            return found
        if len(found) > 1:
            self.position = start
            self.fail("A loop stands beside other members.", "Give it an object of its own.")
        items = Leaf("{{" + match["list"] + "}}", start + match.start("list") - 2, bare=True)
        return Each(match["name"], items, found.popitem()[1])

    def plain_members(self, depth: int) -> dict[str, Tree]:
        found: dict[str, Tree] = {}
        self.step_in()
        if self.ends_with("}"):
            return found
        while True:
            at = self.position
            if self.peek() != '"':
                self.fail_at_name()
            name, _ = self.text()
            if name in found:
                self.position = at
                self.fail(f"The name {name!r} stands here twice.", "Keep one of them.")
            if name.startswith("{%") and not _FOR.fullmatch(name):
                self.position = at + 1
                self.fail("A name cannot hold this tag.", 'A list is written {"{% for x in LIST %}": …}.')
            self.skip_blanks()
            if self.peek() != ":":
                self.fail("A colon is missing after the name.", 'Write "name": value.')
            self.step_in()
            found[name] = self.value(depth + 1)
            if not self.goes_on("}"):
                return found

    def items(self, depth: int) -> Tree:
        found: list[Tree] = []
        self.step_in()
        if self.ends_with("]"):
            return found
        while True:
            found.append(self.value(depth + 1))
            if not self.goes_on("]"):
                return found

    def goes_on(self, closing: str) -> bool:
        """Whether a comma and a further entry follow; steps over the comma or the closing bracket."""
        self.skip_blanks()
        if self.ends_with(closing):
            return False
        if self.peek() != ",":
            self.fail(f"A comma or {closing} is missing here.", self.quote_hint())
        comma = self.position
        self.step_in()
        if self.peek() == closing:
            self.position = comma
            self.fail(f"A comma stands before {closing}.", "Remove the comma.")
        return True

    def text(self) -> tuple[str, int]:
        start = self.position + 1
        try:
            value, self.position = scanstring(self.source, start, True)
        except json.JSONDecodeError as error:
            self.position = error.pos
            if "control character" in error.msg:
                self.fail(
                    "A text cannot go on over several lines.", r"Write \n for a line break, \t for a tab."
                )
            if "Unterminated" in error.msg:
                self.fail("The text that starts here is not closed.", 'Add ".')
            self.fail("The backslash sequence is not valid.", r"Write \\ for a backslash.")
        return value, start

    def plain(self) -> Tree:
        number = _NUMBER.match(self.source, self.position)
        if number and number.group() not in ("", "-"):
            return self.number(number)
        word = _WORD.match(self.source, self.position)
        if word and word.group() in _WORDS:
            self.position = word.end()
            return _WORDS[word.group()]
        if self.position >= len(self.source):
            self.fail("The payload ends too early.", "A closing bracket or a value is missing.")
        if self.peek() in _WRONG_QUOTES:
            self.fail("Texts need straight double quotes.", 'Write "text".')
        return self.fail("A value is missing here.", 'Texts stand in double quotes: "text".')

    def number(self, match: re.Match[str]) -> int | float:
        if len(match.group()) > _MAX_NUMBER:
            self.fail("The number is too long.", "Put it in double quotes.")
        value = int(match.group()) if match.group(1) is match.group(2) is None else float(match.group())
        if isinstance(value, float) and math.isinf(value):
            self.fail("The number is too large.", "Put it in double quotes.")
        self.position = match.end()
        return value

    def quote_hint(self) -> str:
        """After a text that opened {{ and did not close it, a double quote inside is to blame."""
        before = self.source[: self.position]
        if before.count("{{") > before.count("}}"):
            return "Inside {{ }} use single quotes: default: 'friend'."
        return ""

    def fail_at_name(self) -> Never:
        if self.source.startswith(("{{", "{%"), self.position):
            self.fail(
                "A variable stands here in place of a name.", 'Write a fixed name: "name": {{toNumber}}.'
            )
        if self.position >= len(self.source):
            self.fail("The payload ends too early.", "A closing } is missing.")
        self.fail("A name in double quotes is missing here.", 'Write "name": value.')

    def step_in(self) -> None:
        self.position += 1
        self.skip_blanks()

    def ends_with(self, closing: str) -> bool:
        if self.peek() != closing:
            return False
        self.position += 1
        return True

    def skip_blanks(self) -> None:
        match = _BLANK.match(self.source, self.position)
        self.position = match.end() if match else self.position

    def peek(self) -> str:
        return self.source[self.position : self.position + 1]

    def fail(self, message: str, hint: str = "") -> Never:
        raise JsonFault(problem_at(self.source, self.position, message, hint))
