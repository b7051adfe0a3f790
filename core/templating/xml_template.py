"""XML payloads: parsed first, then the texts are filled in, so no value can break out of its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from core.templating.checks import check_text, variables_in
from core.templating.engine import Budget, compiled, has_markup, run
from core.templating.problems import Missing, Problem, problem_at, refusal
from core.templating.xml_source import XmlDocument, XmlFault, XmlNode, XmlText, parse_xml

# All but the characters of XML 1.0, section 2.2.
NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CARRIAGE_RETURN: Final = {"\r": "&#13;"}
_LINE_BREAKS: Final = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}

_Fill = Callable[[str], str]


class XmlTemplate:
    """An XML document whose texts and attribute values are templates; names are constant."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._fault: Problem | None = None
        self._document: XmlDocument | None = None
        try:
            self._document = parse_xml(source)
        except XmlFault as fault:
            self._fault = fault.problem
        texts = self._document.texts if self._document else ()
        self._texts: tuple[XmlText, ...] = tuple(text for text in texts if has_markup(text.text))
        self.problems: list[Problem] = self.check()

    @property
    def has_declaration(self) -> bool:
        """Whether the source starts with an XML declaration."""
        return self._document is not None and self._document.has_declaration

    @cached_property
    def variables(self) -> frozenset[str]:
        """Dotted paths of all variables used in the document."""
        return frozenset().union(*(variables_in(text.text) for text in self._texts))

    def check(self, *, known: Collection[str] | None = None) -> list[Problem]:
        """Faults with their place in the document; with `known`, unknown variables too (see `check_text`)."""
        if self._fault is not None:
            return [self._fault]
        return [
            self._moved(text, problem)
            for text in self._texts
            for problem in check_text(text.text, known=known)
        ]

    def render(self, context: Mapping[str, Any], *, missing: Missing = Missing.ERROR) -> XmlNode:
        """The filled-in document, fresh each time (TemplateInvalid, VariableMissing)."""
        if self.problems or self._document is None:
            raise refusal(self.problems)
        budget = Budget()

        def fill(text: str) -> str:
            return run(compiled(text, missing), context, budget) if has_markup(text) else text

        return _filled(self._document.root, fill)

    def to_bytes(
        self, context: Mapping[str, Any], *, charset: str = "utf-8", missing: Missing = Missing.ERROR
    ) -> bytes:
        """The filled-in document in `charset`, with a declaration where the source has one."""
        root = self.render(context, missing=missing)
        return write_xml(root, charset=charset, declaration=self.has_declaration)

    def _moved(self, text: XmlText, problem: Problem) -> Problem:
        lines = text.text.split("\n")
        index = sum(len(line) + 1 for line in lines[: problem.line - 1]) + problem.column - 1
        return problem_at(self.source, text.place(index), problem.message, problem.hint)


def write_xml(root: XmlNode, *, charset: str = "utf-8", declaration: bool = True) -> bytes:
    """The document as bytes; characters the charset lacks become character references."""
    head = f'<?xml version="1.0" encoding="{charset}"?>' if declaration else ""
    return (head + "".join(_written(root))).encode(charset, "xmlcharrefreplace")


def _written(node: XmlNode) -> Iterator[str]:
    attributes = "".join(
        f" {name}={quoteattr(_clean(value), _LINE_BREAKS)}" for name, value in node.attributes.items()
    )
    if not node.children:
        yield f"<{node.tag}{attributes}/>"
        return
    yield f"<{node.tag}{attributes}>"
    for child in node.children:
        if isinstance(child, str):
            yield escape(_clean(child), _CARRIAGE_RETURN)
        else:
            yield from _written(child)
    yield f"</{node.tag}>"


def _clean(text: str) -> str:
    """Without the characters XML does not know."""
    return NOT_XML.sub("", text)


def _filled(node: XmlNode, fill: _Fill) -> XmlNode:
    filled = XmlNode(node.tag, {name: fill(value) for name, value in node.attributes.items()})
    filled.children = [
        fill(child) if isinstance(child, str) else _filled(child, fill) for child in node.children
    ]
    return filled
