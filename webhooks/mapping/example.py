"""Mapping by example: a provider's sample with {{variables}} in it, as marks. Pure.

The sample is JSON, XML, or form fields as in a body or query. A variable may carry filters
(`{{ originTimestamp | date: "%Y%m%d%H%M%S" }}`) and may stand in several places: the first with a value counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_plus

from core.errors import GatewayError
from webhooks.bodies import DEEPEST, read_xml
from webhooks.mapping.faults import SampleFault
from webhooks.mapping.paths import Step
from webhooks.mapping.places import text_of

_VARIABLE: Final = re.compile(r"\{\{\s*([\w.]*)\s*(?:\|([^{}]*))?\}\}")
_PIECE: Final = re.compile(r"(?:\{\{[^{}]*\}\}|[^&\r\n])+")


@dataclass(frozen=True, slots=True)
class Mark:
    """A place of the sample: a variable with what surrounds it, or fixed text, which is never required."""

    steps: tuple[Step, ...]
    place: str
    variable: str = ""
    before: str = ""
    after: str = ""
    filters: str = ""
    constant: str | None = None
    index: int = 0


def marks_of(source: str, *, known: Collection[str]) -> list[Mark]:
    """Every place of the sample that says something; SampleFault when it cannot be read."""
    first = source.lstrip()[:1]
    is_form = first not in ("{", "[", '"', "<") and "=" in source
    try:
        example = _form(source) if is_form else _xml(source) if first == "<" else _json(source)
        marks = list(_Walk(source, known).marks(example, (), "", 0))
    except RecursionError as error:
        raise SampleFault(f"The sample is nested deeper than {DEEPEST} levels.") from error
    if not isinstance(example, dict | list) or not any(mark.steps for mark in marks):
        raise SampleFault(
            'The sample must be a JSON object such as {"from": "{{profileNumber}}"}, or a list with one; '
            "form fields such as from={{profileNumber}}; or XML."
        )
    return marks


def _json(source: str) -> Any:
    try:
        return json.loads(source, parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        unquoted = source[max(error.pos - 1, 0) : error.pos + 1] == "{{"
        hint = ' Put the variable in quotes: "{{…}}".' if unquoted else ""
        raise SampleFault(f"The sample is not valid JSON: {error.msg}.{hint}", index=error.pos) from error


def _xml(source: str) -> Any:
    try:
        return read_xml(source)
    except GatewayError as error:
        raise SampleFault(f"The sample cannot be read. {error.text}") from error


def _form(source: str) -> dict[str, Any]:
    """Name -> value; a name that stands twice counts twice."""
    found: dict[str, Any] = {}
    for piece in _PIECE.findall(source.strip().lstrip("?")):
        name, _, value = piece.partition("=")
        found[unquote_plus(name.strip())] = value.strip() if "{{" in value else unquote_plus(value.strip())
    return found


class _Walk:
    """Goes through an example once."""

    def __init__(self, source: str, known: Collection[str]) -> None:
        self._source = source
        self._known = known

    def marks(self, example: Any, steps: tuple[Step, ...], path: str, depth: int) -> Iterator[Mark]:
        """The marks at and below one value."""
        if depth > DEEPEST:
            raise SampleFault(f"The sample is nested deeper than {DEEPEST} levels.")
        if isinstance(example, dict):
            for key, part in example.items():
                yield from self.marks(part, (*steps, Step(key)), f"{path}.{_written(key)}", depth + 1)
        elif isinstance(example, list):
            yield from self._list(example, steps, path, depth)
        elif isinstance(example, str) and "{{" in example:
            yield self._variable(example, steps, path.lstrip("."))
        elif example is not None:
            yield Mark(steps, path.lstrip("."), constant=text_of(example) or "")

    def _list(self, example: list[Any], steps: tuple[Step, ...], path: str, depth: int) -> Iterator[Mark]:
        spoken = [element for element in example if "{{" in json.dumps(element)]
        if len(spoken) > 1:
            raise SampleFault(
                f"The list at {path.lstrip('.') or 'the top'} holds variables in more than one element. "
                "Keep one element: it stands for each."
            )
        if spoken:
            yield from self.marks(spoken[0], steps, f"{path}[]", depth + 1)

    def _variable(self, example: str, steps: tuple[Step, ...], place: str) -> Mark:
        index = self._index_of(example)
        found = _VARIABLE.findall(example)
        if len(found) != 1:
            raise SampleFault(
                f'Write one variable in each value; "{example}" does not have exactly one.', index=index
            )
        name, filters = found[0]
        if name not in self._known:
            allowed = ", ".join(f"{{{{{known}}}}}" for known in sorted(self._known))
            raise SampleFault(f"{{{{{name}}}}} is not a variable of this sample. Use {allowed}.", index=index)
        before, _, after = _VARIABLE.sub("\x00", example).partition("\x00")
        return Mark(steps, place, name, before, after, filters.strip(), index=index)

    def _index_of(self, example: str) -> int:
        """Where the value stands last, as the source writes it."""
        written = self._source.rfind(json.dumps(example, ensure_ascii=False))
        return max(written if written >= 0 else self._source.rfind(example), 0)


def _written(key: str) -> str:
    """A key as a path writes it."""
    return f'"{key}"' if re.search(r'[.\[\]"/]', key) else key
