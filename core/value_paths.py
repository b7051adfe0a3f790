"""Where a value stands in what a provider sent: a JMESPath, an XPath, a regular expression or a header's name.

`messages[0].id` is JMESPath; what starts with `/` is XPath over element names without their namespaces
(`/response/code`, `//id`, `/a/b/@kind`, `/r/item[@name='id']`); `regex:Success "(.*)"` gives the first group;
`header:Location` a header; `-` nothing, where other places would be tried otherwise.
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
NOTHING: Final = "-"
_PREFIX: Final = r"(?:[A-Za-z_][\w.-]*:)?"
_NAME: Final = r"[A-Za-z_][\w.-]*"
# [@name='value'], [name='value'], [@name], [name]; what is compared holds no quote of its own kind.
_TEST: Final = rf"""\[(@?){_PREFIX}({_NAME})(?:\s*=\s*('[^'\[\]]*'|"[^"\[\]]*"))?\]"""
_XPATH_TEST: Final = re.compile(_TEST)
_XPATH_STEP: Final = re.compile(rf"{_PREFIX}({_NAME}|\*)((?:\[\d{{1,3}}\])?)((?:{_TEST})*)(?=/|$)")
_ATTRIBUTE: Final = re.compile(rf"@{_PREFIX}({_NAME})")
_NAMES: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
_DASHED: Final = re.compile(r"(?<![\"\w-])[A-Za-z_]\w*(?:-\w+)+")
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
            for name in [name for name in element.attrib if "}" in name]:
                element.attrib.setdefault(_local(name), element.attrib.pop(name))
        return root

    @cached_property
    def tree(self) -> Element | None:
        """An element that holds the XML's root, so that a path is followed from above it."""
        if self.xml is None:
            return None
        holder = Element("document")
        holder.append(self.xml)
        return holder


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
    if source == NOTHING:
        return ValuePath(source, lambda document: None)
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
    if _NAMES.fullmatch(source):
        return _by_names(tuple(source.split(".")))
    try:
        compiled = jmespath.compile(source)
    except (JMESPathError, RecursionError) as error:
        position = getattr(error, "lex_position", None)
        place = f", column {position + 1}" if isinstance(position, int) and position >= 0 else ""
        hint = _json_hint(source) or "Write where the value stands, such as messages[0].messageId."
        raise PathInvalid(f"This is no path{place}. {hint}") from error

    def find(document: Document) -> Any:
        if document.json is None:
            return None
        try:
            return compiled.search(document.json)
        except (JMESPathError, RecursionError, TypeError, ValueError, ArithmeticError):
            return None

    return find


def _by_names(names: tuple[str, ...]) -> Callable[[Document], Any]:
    """What JMESPath finds at name.name.name, without asking it: nearly all paths are of this kind."""

    def find(document: Document) -> Any:
        value = document.json
        for name in names:
            if not isinstance(value, dict):
                return None
            value = value.get(name)
        return value

    return find


def _json_hint(source: str) -> str:
    """How a path of another language, or one with a dash, is written here; "" when that does not help."""
    advice = []
    fixed = source.strip()
    if fixed.startswith("$"):
        advice.append("Leave the $ out")
        fixed = fixed.lstrip("$").lstrip(".")
    if _DASHED.search(fixed):
        advice.append("Put a name with a dash in double quotes")
        fixed = _DASHED.sub(r'"\g<0>"', fixed)
    try:
        jmespath.compile(fixed)
    except (JMESPathError, RecursionError):
        return ""
    return f"{'. '.join(advice)}: {fixed}" if advice else ""


def _xml_path(source: str) -> Callable[[Document], Any]:
    path = f"/{source}"
    steps, attribute = _xml_steps(path)
    if attribute:
        steps[-1:] = [f"{steps[-1]}[@{attribute}]"] if steps else [f"*[@{attribute}]"]
    way = f"{'.//' if path.startswith('//') else ''}{'/'.join(steps)}"

    def find(document: Document) -> Any:
        element = None if document.tree is None else document.tree.find(way)
        if element is None:
            return None
        return element.get(attribute) if attribute else "".join(element.itertext()).strip()

    return find


def _xml_steps(path: str) -> tuple[list[str], str]:
    """The steps without namespace prefixes, since names are compared without, and the attribute at the end."""
    rest = path.removeprefix("/").removeprefix("/").removesuffix("/text()")
    steps: list[str] = []
    attribute = ""
    while rest and not attribute:
        if step := _XPATH_STEP.match(rest):
            name, place, tests = step.group(1, 2, 3)
            steps.append(f"{name}{place}{_XPATH_TEST.sub(_local_test, tests)}")
        elif (found := _ATTRIBUTE.fullmatch(rest)) and (steps or path.startswith("//")):
            attribute = found[1]
            break
        else:
            break
        rest = rest[step.end() :].removeprefix("/")
    if (rest and not attribute) or not (steps or attribute):
        raise PathInvalid(
            f"{path} is no path. Write element names, such as /response/message_id, //@code or /r/item[@name='id']."
        )
    return steps, attribute


def _local_test(test: re.Match[str]) -> str:
    compared = f"={test[3]}" if test[3] else ""
    return f"[{test[1]}{test[2]}{compared}]"


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
