"""What a request should have been against what it was, by the rules of the case file. Pure.

Listed keys must be there with their value, others may be; header names ignore case, Content-Type is a prefix; JSON
keeps numbers and texts apart; the order of parameters never matters. In place of a value may stand {"$any": true},
{"$starts": "x"}, {"$hex": "…"} (raw bytes) or {"$callback": "status", "query": {…}} (our URL for that role).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from operations.contracts.wire import SentRequest

_NOTHING: Final = object()
_LONGEST_SHOWN: Final = 200


@dataclass(frozen=True)
class Matching:
    """The comparison; `callbacks` are our URLs by role."""

    callbacks: Mapping[str, str] = field(default_factory=dict)

    def differences(self, expected: Mapping[str, Any], sent: SentRequest) -> list[str]:
        """What differs, in words; [] when the request is as it should be."""
        found = [f"{name}: there is no such rule for a request." for name in expected if name not in _RULES]
        for name, rule in _RULES.items():
            if name in expected:
                found += [f"{name}: {text}" for text in self._compared(rule, expected[name], sent)]
        return found

    def _compared(self, rule: _Rule, wanted: Any, sent: SentRequest) -> list[str]:
        try:
            return list(rule(self, wanted, sent))
        except (AttributeError, KeyError, TypeError, ValueError, SyntaxError):
            return ["this cannot be compared; look at how the rule is written."]

    def value(self, wanted: Any, got: Any) -> Iterator[str]:
        """Differences of one value; `got` is bytes when it came percent-encoded."""
        marks = [name for name in _MARKS if isinstance(wanted, Mapping) and name in wanted]
        if got is _NOTHING:
            yield f"missing, expected {_shown(wanted)}"
        elif marks:
            if not _MARKS[marks[0]](self, wanted, got):
                yield f"{_shown(got)} is not {_shown(wanted)}"
        elif isinstance(wanted, Mapping):
            yield from self._members(wanted, got)
        elif isinstance(wanted, list):
            yield from self._items(wanted, got)
        elif not _same(wanted, got):
            yield f"{_shown(got)} instead of {_shown(wanted)}"

    def _members(self, wanted: Mapping[str, Any], got: Any) -> Iterator[str]:
        if not isinstance(got, Mapping):
            yield f"{_shown(got)} instead of an object"
            return
        for name, item in wanted.items():
            yield from (f"{name}: {text}" for text in self.value(item, got.get(name, _NOTHING)))

    def _items(self, wanted: Sequence[Any], got: Any) -> Iterator[str]:
        if not isinstance(got, list) or len(got) != len(wanted):
            yield f"{_shown(got)} instead of {len(wanted)} items"
            return
        for index, item in enumerate(wanted):
            yield from (f"[{index}]: {text}" for text in self.value(item, got[index]))

    def pairs(self, wanted: Mapping[str, Any], got: Sequence[tuple[str, bytes]]) -> Iterator[str]:
        """Differences of named values; a name that is sent twice must hold the value twice."""
        for name, item in wanted.items():
            values: list[Any] = [value for other, value in got if other == name] or [_NOTHING]
            if isinstance(item, list):
                yield from (f"{name}: {text}" for text in self._items(item, values))
                continue
            for value in values:
                yield from (f"{name}: {text}" for text in self.value(item, value))

    def is_callback(self, wanted: Mapping[str, Any], got: Any) -> bool:
        """Whether it is our URL of that role and carries every value, a placeholder such as %d as it stands."""
        url = _text(got)
        base = self.callbacks.get(wanted["$callback"])
        if not base or not url.startswith(base):
            return False
        return all(_is_carried(str(value), url) for value in wanted.get("query", {}).values())


def _is_carried(value: str, url: str) -> bool:
    if "%" in value:
        return value in url
    parts = urlsplit(url)
    named = [text for _, text in parse_qsl(parts.query, keep_blank_values=True)]
    return value in named or value in unquote(parts.path).split("/")


def _same(wanted: Any, got: Any) -> bool:
    if isinstance(got, bytes):
        return str(wanted).encode() == got
    return type(wanted) is type(got) and bool(wanted == got)


def _method(matching: Matching, wanted: Any, sent: SentRequest) -> Iterator[str]:
    return matching.value(wanted, sent.method)


def _url(matching: Matching, wanted: Any, sent: SentRequest) -> Iterator[str]:
    got = sent.url
    if isinstance(wanted, str) and _without_default(wanted) == _without_default(got):
        return iter(())
    return matching.value(wanted, got)


def _without_default(url: str) -> str:
    """An address without a path is the same with a slash; the default port may be left out."""
    parts = urlsplit(url)
    port = {("http", 80): "", ("https", 443): ""}.get((parts.scheme, parts.port or 0), parts.port)
    return f"{parts.scheme}://{parts.hostname}:{port or ''}{parts.path or '/'}"


def _query(matching: Matching, wanted: Any, sent: SentRequest) -> Iterator[str]:
    return matching.pairs(wanted, sent.query_pairs)


def _form(matching: Matching, wanted: Any, sent: SentRequest) -> Iterator[str]:
    return matching.pairs(wanted, sent.form_pairs)


def _headers(matching: Matching, wanted: Any, sent: SentRequest) -> Iterator[str]:
    for name, item in wanted.items():
        got: Any = sent.headers.get(name, _NOTHING)
        if name.lower() == "content-type" and isinstance(item, str):
            item = {"$starts": item}
        yield from (f"{name}: {text}" for text in matching.value(item, got))


def _json(matching: Matching, wanted: Any, sent: SentRequest) -> Iterator[str]:
    try:
        got = json.loads(sent.body)
    except (ValueError, RecursionError):
        yield f"the body is not JSON: {_shown(sent.body)}"
        return
    yield from matching.value(wanted, got)


def _xml(matching: Matching, wanted: Any, sent: SentRequest) -> Iterator[str]:
    try:
        root: Element = fromstring(sent.body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        yield f"the body is not XML: {_shown(sent.body)}"
        return
    if "root" in wanted:
        yield from (f"root: {text}" for text in matching.value(wanted["root"], root.tag))
    for path, item in wanted.get("values", {}).items():
        yield from (f"{path}: {text}" for text in matching.value(item, _at(root, path)))


def _at(root: Element, path: str) -> Any:
    """The text of an element or attribute below the root."""
    place, _, attribute = path.rpartition("@")
    steps = (place if attribute and "@" in path else path).strip("/")
    element = root.find(steps) if steps else root
    if element is None:
        return _NOTHING
    if "@" in path:
        return element.get(attribute, _NOTHING)
    return "".join(element.itertext())


def _absent(matching: Matching, wanted: Any, sent: SentRequest) -> Iterator[str]:
    try:
        members = json.loads(sent.body)
    except (ValueError, RecursionError):
        members = None
    there = {name for name, _ in (*sent.query_pairs, *sent.form_pairs)}
    there |= members.keys() if isinstance(members, dict) else set()
    for name in wanted:
        if name in there:
            yield f"{name} is there"


_Rule = Callable[[Matching, Any, SentRequest], Iterator[str]]
_RULES: Final[Mapping[str, _Rule]] = {
    "method": _method,
    "url": _url,
    "query": _query,
    "headers": _headers,
    "form": _form,
    "json": _json,
    "xml": _xml,
    "absent": _absent,
}
_MARKS: Final[Mapping[str, Callable[[Matching, Mapping[str, Any], Any], bool]]] = {
    "$any": lambda matching, wanted, got: True,
    "$starts": lambda matching, wanted, got: _text(got).startswith(str(wanted["$starts"])),
    "$hex": lambda matching, wanted, got: isinstance(got, bytes) and got.hex() == wanted["$hex"].lower(),
    "$callback": lambda matching, wanted, got: matching.is_callback(wanted, got),
}


def _text(got: Any) -> str:
    return got.decode("utf-8", "replace") if isinstance(got, bytes) else str(got)


def _shown(value: Any) -> str:
    if value is _NOTHING:
        return "nothing"
    text = (
        repr(_text(value)) if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False, default=str)
    )
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
