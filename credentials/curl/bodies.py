"""The body of a sample request as template or rows, its values replaced by what they stand for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote_plus

from credentials.curl.names import Leaf
from credentials.curl.words import Shell, Word

# A variable that stands in JSON without quotes travels through the parser as this text.
_BARE: Final = "\x00bare:"
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\{\{\s*(\w+)\s*\}\}', re.DOTALL)
_BARE_TEXT: Final = re.compile(r'"\\u0000bare:((?:[^"\\]|\\.)*)"')
_XML_TAG: Final = re.compile(
    r"<(?P<close>/?)(?P<name>[A-Za-z_][\w:.-]*)(?P<attributes>[^<>]*?)(?P<empty>/?)>"
)
_XML_TEXT: Final = re.compile(r"([^<]+)</")
_XML_ATTRIBUTE: Final = re.compile(r"(?<=\s)([\w:.-]+)(\s*=\s*)([\"'])(.*?)\3", re.DOTALL)
_DEEPEST: Final = 40
GONE: Final = object()  # what `replace` gives for a member that is left out

Replace = Callable[[int, Any], Any]


@dataclass
class Body:
    """What the sample sends: its kind, the leaves in order, and how to write it with some of them replaced."""

    kind: str = "none"
    leaves: list[Leaf] = field(default_factory=list)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    content: Any = None
    text: str = ""

    def written(self, replace: Replace, first: int, kept: set[int]) -> str:
        """The payload; `first` is the number of the body's first leaf, `kept` the recipients' numbers."""
        if self.kind == "json":
            numbers = iter(range(first, first + len(self.leaves)))
            return json_text(_rewritten(self.content, numbers, replace, kept))
        if self.kind == "xml":
            return _xml_written(self.text, iter(range(first, first + len(self.leaves))), replace)
        return self.text


def bare(expression: str) -> str:
    """A JSON value without quotes: `{{ expression }}`."""
    return f"{_BARE}{expression}"


def read_body(word: Word, *, content_type: str, shell: Shell) -> tuple[Body, str]:
    """The body and, when its kind is a guess, why."""
    text, media = word.text.strip(), content_type.partition(";")[0].strip().lower()
    if not text:
        return Body(), ""
    if "json" in media or (text[0] in "{[" and _is_json_like(text, media)):
        why = "" if "json" in media else "The body looks like JSON, though the sample does not say so."
        return _json_body(word, shell), why
    if "xml" in media or text[0] == "<":
        return Body("xml", list(_xml_leaves(text)), text=text), "" if "xml" in media else "It looks like XML."
    if "x-www-form-urlencoded" in media or (not media and "=" in text):
        pairs = list(form_pairs(text))
        why = "" if media else "cURL sends -d as a form unless told otherwise."
        return Body("form", [Leaf(name, value) for name, value in pairs], pairs), why
    return Body("text", [Leaf("", text)], text=text), "The body is neither JSON, XML nor a form."


def _is_json_like(text: str, media: str) -> bool:
    return "form" not in media and not text.startswith("{{")


def form_pairs(text: str) -> Iterator[tuple[str, str]]:
    """`name=value&…`, decoded."""
    for piece in text.split("&"):
        if piece.strip():
            name, _, value = piece.partition("=")
            yield unquote_plus(name.strip()), unquote_plus(value.strip())


def _json_body(word: Word, shell: Shell) -> Body:
    source = word.text
    shift: list[tuple[int, int]] = []
    try:
        content = json.loads(_quoted(source, shift), strict=False)
    except json.JSONDecodeError as error:
        place = error.pos - sum(grown for at, grown in shift if at < error.pos)
        place = min(max(place, 0), len(word.places) - 1)
        text = f"The JSON of the body cannot be read here: {error.msg.lower()}. Correct it and paste again."
        raise shell.problem(text, word.places[place]) from error
    except RecursionError as error:
        raise shell.problem("The JSON of the body is nested too deeply.", word.start) from error
    if (leaves := list(_json_leaves(content))) and max(depth for _, depth in leaves) > _DEEPEST:
        raise shell.problem("The JSON of the body is nested too deeply.", word.start)
    return Body("json", [leaf for leaf, _ in leaves], content=content)


def _quoted(source: str, shift: list[tuple[int, int]]) -> str:
    """Variables that stand outside quotes as texts, so that the rest can be read as JSON."""
    grown = 0

    def as_text(match: re.Match[str]) -> str:
        nonlocal grown
        if match[1] is None:
            return match[0]
        written = f'"\\u0000bare:{match[1]}"'
        shift.append((match.start() + grown, len(written) - len(match[0])))
        grown += len(written) - len(match[0])
        return written

    return _TOKEN.sub(as_text, source)


def _json_leaves(value: Any, name: str = "", parent: str = "", depth: int = 0) -> Iterator[tuple[Leaf, int]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _json_leaves(item, key, name or parent, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _json_leaves(item, name, parent, depth + 1)
    else:
        shown = "{{" + value.removeprefix(_BARE) + "}}" if _is_bare(value) else value
        yield Leaf(name, shown, parent), depth


def _is_bare(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(_BARE)


def _rewritten(value: Any, numbers: Iterator[int], replace: Replace, kept: set[int]) -> Any:
    """The same structure with leaves replaced; of a list of recipients the first stays."""
    if isinstance(value, dict):
        members = {key: _rewritten(item, numbers, replace, kept) for key, item in value.items()}
        return {key: item for key, item in members.items() if item is not GONE}
    if isinstance(value, list):
        return _first_recipient([_numbered(item, numbers, replace, kept) for item in value], kept)
    return replace(next(numbers), value)


def _numbered(item: Any, numbers: Iterator[int], replace: Replace, kept: set[int]) -> tuple[Any, set[int]]:
    seen: set[int] = set()

    def counted() -> Iterator[int]:
        for number in numbers:
            seen.add(number)
            yield number

    return _rewritten(item, counted(), replace, kept), seen


def _first_recipient(items: list[tuple[Any, set[int]]], recipients: set[int]) -> list[Any]:
    repeated = len(items) > 1 and all(seen & recipients for _, seen in items)
    return [value for value, _ in (items[:1] if repeated else items)]


def json_text(content: Any) -> str:
    """JSON as a payload template: indented, bare variables without quotes."""
    text = json.dumps(content, indent=2, ensure_ascii=False)
    return _BARE_TEXT.sub(lambda match: "{{ " + match[1] + " }}", text) + "\n"


def _xml_leaves(text: str) -> Iterator[Leaf]:
    for _, name, value, parent in _xml_places(text):
        yield Leaf(name, value, parent)


def _xml_places(text: str) -> Iterator[tuple[tuple[int, int], str, str, str]]:
    """((start, end), name, value, parent) of every text and attribute, in order."""
    open_tags = [""]
    for tag in _XML_TAG.finditer(text):
        if tag["close"]:
            open_tags = open_tags[:-1] or [""]
            continue
        name = _local(tag["name"])
        for found in _XML_ATTRIBUTE.finditer(tag["attributes"]):
            if not found[1].startswith("xmlns"):
                start = tag.start("attributes") + found.start(4)
                yield (start, start + len(found[4])), found[1], found[4], name
        content = _XML_TEXT.match(text, tag.end())
        if not tag["empty"] and content and content[1].strip():
            yield content.span(1), name, content[1].strip(), open_tags[-1]
        if not tag["empty"]:
            open_tags.append(name)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _xml_written(text: str, numbers: Iterator[int], replace: Replace) -> str:
    pieces, end = [], 0
    for number, ((start, stop), _, value, _) in zip(numbers, _xml_places(text), strict=False):
        pieces += [text[end:start], str(replace(number, value))]
        end = stop
    return "".join([*pieces, text[end:]]).strip() + "\n"
