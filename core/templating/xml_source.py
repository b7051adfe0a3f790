"""Reading XML as a person wrote it: names with their prefixes, every fault and every text with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Never
from xml.parsers import expat

from core.errors import TemplateInvalid
from core.templating.problems import Problem

MAX_DEPTH: Final = 64
_DECLARATION: Final = re.compile(r"\s*<\?xml\s[^>]*\?>")
_ATTRIBUTE: Final = re.compile(r"""\s[^\s=]+\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_RAW_CHARACTER: Final = re.compile(r"&[^;]+;|\r\n|.", re.S)
_MARKS: Final = "Write &lt; for < and &amp; for &, also inside {{ }} and {% %}. Names cannot be variables."
_HINTS: Final = {
    expat.errors.XML_ERROR_INVALID_TOKEN: _MARKS,
    expat.errors.XML_ERROR_UNDEFINED_ENTITY: "Write the character itself, or its number: &#160;.",
    expat.errors.XML_ERROR_TAG_MISMATCH: "Close the elements in the opposite order of their opening.",
    expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT: "One element must hold all the others.",
    expat.errors.XML_ERROR_NO_ELEMENTS: "Start with <message><to>{{toNumber}}</to></message>.",
}


class XmlNode:
    """An element as it was written: name with its prefix, attributes, texts and elements in order."""

    def __init__(self, tag: str, attributes: dict[str, str] | None = None) -> None:
        self.tag = tag
        self.attributes = attributes or {}
        self.children: list[XmlNode | str] = []

    def find(self, tag: str) -> XmlNode | None:
        """The first element of that name right below."""
        found = (child for child in self.children if isinstance(child, XmlNode) and child.tag == tag)
        return next(found, None)


class XmlFault(TemplateInvalid):
    """The source is no XML that is taken; carries the problem with its place."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True)
class XmlText:
    """A text or attribute value, in pieces: (what it reads as, where that starts in the source)."""

    pieces: tuple[tuple[str, int], ...]

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(piece for piece, _ in self.pieces)

    def place(self, index: int) -> int:
        """Where the character `index` of the text stands in the source, references counted."""
        position = 0
        for piece, start in self.pieces:
            if index < len(piece):
                return start + index
            index -= len(piece)
            position = start + len(piece)
        return position


@dataclass(frozen=True)
class XmlDocument:
    """What was read; `texts` are those of `root` in their order."""

    root: XmlNode
    texts: tuple[XmlText, ...]
    has_declaration: bool


def parse_xml(source: str) -> XmlDocument:
    """The document (XmlFault names line and column); document types and entities are refused."""
    return _Reader(source).document()


class _Reader:
    def __init__(self, source: str) -> None:
        declaration = _DECLARATION.match(source)
        self.has_declaration = declaration is not None
        # The text is decoded already: its declaration is blanked, so that places stay where they are.
        head = re.sub(r"[^\n]", " ", declaration.group()) if declaration else ""
        self.source = head + source[len(head) :]
        self.encoded = self.source.encode("utf-8", "replace")
        self.seen = (0, 0)  # bytes and characters
        self.open: list[XmlNode] = []
        self.root: XmlNode | None = None
        self.pieces: list[tuple[str, int]] = []
        self.texts: list[XmlText] = []
        self.parser = expat.ParserCreate("utf-8")
        self.parser.ordered_attributes = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text
        self.parser.StartDoctypeDeclHandler = self.refuse_doctype

    def document(self) -> XmlDocument:
        try:
            self.parser.Parse(self.encoded, True)
        except expat.ExpatError as error:
            words = expat.errors.messages[error.code]
            problem = Problem(
                f"This is not XML: {words}.", error.lineno, error.offset + 1, _HINTS.get(words, "")
            )
            raise XmlFault(problem) from error
        if self.root is None:  # expat has said so before
            self.fail("The payload is empty.")
        return XmlDocument(self.root, tuple(self.texts), self.has_declaration)

    def start(self, tag: str, attributes: list[str]) -> None:
        self.end_text()
        if len(self.open) >= MAX_DEPTH:
            self.fail(f"The payload is nested deeper than {MAX_DEPTH} levels.")
        values = attributes[1::2]
        node = XmlNode(tag, dict(zip(attributes[::2], values, strict=True)))
        raw_values = islice(_ATTRIBUTE.finditer(self.source, self.here()), len(values))
        self.texts += [XmlText(_pieces(value, raw)) for value, raw in zip(values, raw_values, strict=True)]
        if self.open:
            self.open[-1].children.append(node)
        else:
            self.root = node
        self.open.append(node)

    def end(self, tag: str) -> None:
        self.end_text()
        self.open.pop()

    def text(self, data: str) -> None:
        if self.open:
            self.pieces.append((data, self.here()))

    def end_text(self) -> None:
        if self.pieces:
            text = XmlText(tuple(self.pieces))
            self.texts.append(text)
            self.open[-1].children.append(text.text)
            self.pieces = []

    def here(self) -> int:
        """The index in the source of what is being read; events come in order, so nothing is counted twice."""
        count, characters = self.seen
        byte = self.parser.CurrentByteIndex
        characters += len(self.encoded[count:byte].decode("utf-8"))
        self.seen = (byte, characters)
        return characters

    def refuse_doctype(self, *_: Any) -> None:
        self.fail("A DOCTYPE is not taken.", "Remove it; entities are not expanded.")

    def fail(self, message: str, hint: str = "") -> Never:
        place = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        raise XmlFault(Problem(message, *place, hint))


def _pieces(value: str, raw: re.Match[str]) -> tuple[tuple[str, int], ...]:
    start, end = raw.span(1 if raw[1] is not None else 2)
    if end - start == len(value):
        return ((value, start),)
    places = (match.start() for match in _RAW_CHARACTER.finditer(raw.string, start, end))
    return tuple(zip(value, places, strict=False))
