"""Where a value stands in what a provider sent: a JMESPath, an XPath, a regular expression or a header's name.

`messages[0].id` is JMESPath; what starts with `/` is XPath over element names without their namespaces
(`/response/code`, `//id`, `/a/b/@kind`); `regex:Success "(.*)"` gives the first group; `header:Location` a header.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

import jmespath
import re2
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from jmespath.exceptions import JMESPathError
from requests.structures import CaseInsensitiveDict

from core.errors import PathInvalid

LONGEST_PATH: Final = 500
_XPATH_STEP: Final = re.compile(r"(?:[A-Za-z_][\w.-]*|\*)(?:\[\d{1,3}\])?")
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,100}")
_NO_HEADERS: Final[Mapping[str, str]] = {}


class Document:
    """What was received, read as JSON, XML or text when somebody first asks; nothing here raises."""

    def __init__(
        self, body: bytes, headers: Mapping[str, str] = _NO_HEADERS, *, charset: str = "utf-8"
    ) -> None:
        self.body = body
        self.headers = headers
        self.charset = charset if _is_known(charset) else "utf-8"

    @cached_property
    def text(self) -> str:
        """The body as text; bytes that are none are replaced."""
        return self.body.decode(self.charset, "replace")

    @cached_property
    def json(self) -> Any:
        """The body as JSON, None when it is none."""
        try:
            return json.loads(self.body if self.charset == "utf-8" else self.text)
        except UnicodeDecodeError:
            return _json_of(self.text)  # one odd byte must not cost the whole answer
        except (ValueError, RecursionError):
            return None

    @cached_property
    def xml(self) -> Element | None:
        """The body as XML, names without namespaces; None when it is none or holds entities."""
        try:
            root: Element = fromstring(self.body.lstrip(), forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError):
            return None
        for element in root.iter():
            element.tag = _local(str(element.tag))
        return root


def _json_of(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_known(charset: str) -> bool:
    try:
        return bool(codecs.lookup(charset))
    except (LookupError, ValueError):
        return False


class ValuePath:
    """A compiled path; `find` gives the value at it, None when there is none."""

    def __init__(self, source: str, find: Callable[[Document], Any]) -> None:
        self.source = source
        self.find = find


@lru_cache(maxsize=4096)
def compile_path(source: str) -> ValuePath:
    """A path ready to be followed; PathInvalid says what is wrong with it."""
    if len(source) > LONGEST_PATH:
        raise PathInvalid(f"The path is longer than {LONGEST_PATH} characters.")
    kind = next((kind for kind in _KINDS if source.startswith(kind)), "")
    return ValuePath(source, _KINDS[kind](source[len(kind) :]) if kind else _json_path(source))


def path_problem(source: str) -> str:
    """Why a path cannot be used, "" when it can."""
    try:
        compile_path(source)
    except PathInvalid as error:
        return error.text
    return ""


def compile_expression(source: str) -> Any:
    """A regular expression that takes linear time whatever it is; PathInvalid when it is none."""
    if len(source) > LONGEST_PATH:
        raise PathInvalid(f"The expression is longer than {LONGEST_PATH} characters.")
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(source, options)
    except re2.error as error:
        told = error.args[0] if error.args else error
        reason = told.decode("utf-8", "replace") if isinstance(told, bytes) else told
        raise PathInvalid(f"The expression {source!r} cannot be used: {reason}.") from error


def _json_path(source: str) -> Callable[[Document], Any]:
    try:
        compiled = jmespath.compile(source)
    except (JMESPathError, RecursionError) as error:
        position = getattr(error, "lex_position", None)
        place = f", column {position + 1}" if isinstance(position, int) and position >= 0 else ""
        raise PathInvalid(
            f"This is no path{place}. Write where the value stands, such as messages[0].messageId."
        ) from error

    def find(document: Document) -> Any:
        if document.json is None:
            return None
        try:
            return compiled.search(document.json)
        except (JMESPathError, RecursionError, TypeError, ValueError, ArithmeticError):
            return None

    return find


def _xml_path(source: str) -> Callable[[Document], Any]:
    path = f"/{source}"
    anywhere = path.startswith("//")
    steps = path.strip("/").removesuffix("/text()").split("/")
    attribute = steps.pop()[1:] if re.fullmatch(r"@[\w.-]+", steps[-1]) else ""
    if anywhere and attribute and not steps:
        steps = [f"*[@{attribute}]"]
    elif not steps or not all(_XPATH_STEP.fullmatch(_local_step(step)) for step in steps):
        raise PathInvalid(f"{path} is no path. Write element names, such as /response/message_id or //@code.")
    names = [_local_step(step) for step in steps]

    def find(document: Document) -> Any:
        root = document.xml
        element = None if root is None else _element(root, names, anywhere=anywhere)
        if element is None:
            return None
        return element.get(attribute) if attribute else "".join(element.itertext()).strip()

    return find


def _element(root: Element, names: list[str], *, anywhere: bool) -> Element | None:
    first, rest = names[0], "/".join(names[1:])
    if anywhere:
        starts = [root] if root.tag == first or (first.startswith("*[@") and root.get(first[3:-1])) else []
        starts += root.findall(f".//{first}")
        found = (start.find(rest) if rest else start for start in starts)
        return next((element for element in found if element is not None), None)
    if first.partition("[")[0] not in {root.tag, "*"}:
        return None
    return root.find(rest) if rest else root


def _local_step(step: str) -> str:
    """A step without its namespace prefix: names are compared without namespaces."""
    return step.rpartition(":")[2]


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _regex(source: str) -> Callable[[Document], Any]:
    expression = compile_expression(source)

    def find(document: Document) -> Any:
        match = expression.search(document.text)
        if match is None:
            return None
        return match.group(1) if expression.groups else match.group(0)

    return find


def _header(source: str) -> Callable[[Document], Any]:
    name = source.strip()
    if not _HEADER_NAME.fullmatch(name):
        raise PathInvalid(f"{name!r} is not the name of a header.")
    return lambda document: CaseInsensitiveDict(document.headers).get(name)


_KINDS: Final[Mapping[str, Callable[[str], Callable[[Document], Any]]]] = {
    "/": _xml_path,
    "regex:": _regex,
    "header:": _header,
}
