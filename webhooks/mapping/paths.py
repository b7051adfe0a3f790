"""Paths as operators write them, as steps. Pure.

`results[].status.name`, `"msglong.id"`, `contents[0].text`; `/request/mobile`, `/a/b/@id`, `//source` for XML (names
without namespaces); `regex:…` and `header:…` as in core.value_paths. `[]` may be left out: a list is followed anyway.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from core.errors import MappingInvalid
from core.value_paths import LONGEST_PATH

_STEP: Final = re.compile(r'(?:"((?:[^"\\]|\\.)*)"|([^.\[\]"/]+))|\[(-?\d{0,3})\]')
_XML_STEP: Final = re.compile(r"(?:[\w.-]+:)?([\w.-]+)|@(?:[\w.-]+:)?([\w.-]+)")
OUTSIDE: Final = ("regex:", "header:")


@dataclass(frozen=True, slots=True)
class Step:
    """A member `key`, an element `index`, or a member `key` however deep; `listed`: it is a list."""

    key: str = ""
    index: int | None = None
    anywhere: bool = False
    listed: bool = False


def steps_of(path: str) -> tuple[Step, ...]:
    """The steps of a path; MappingInvalid when it is none."""
    path = path.strip()
    if len(path) > LONGEST_PATH:
        raise MappingInvalid(f"The path is longer than {LONGEST_PATH} characters.")
    steps = _xml_steps(path) if path.startswith("/") else _plain_steps(path)
    if not steps:
        raise MappingInvalid("Write where the value stands, such as results[].messageId or /request/mobile.")
    return steps


def _plain_steps(path: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    position = 0
    while position < len(path):
        if steps and path[position] == ".":
            position += 1
        found = _STEP.match(path, position)
        if found is None:
            raise MappingInvalid(
                f"{path} is no path: look at column {position + 1}. Write names with dots between them, a name that "
                "has a dot itself in quotes, [] for each element of a list."
            )
        position = found.end()
        if found[3] == "" and steps:
            steps[-1] = Step(steps[-1].key, steps[-1].index, steps[-1].anywhere, listed=True)
        elif found[3]:
            steps.append(Step(index=int(found[3])))
        elif found[3] is None:
            steps.append(Step(found[1].replace('\\"', '"') if found[1] is not None else found[2].strip()))
    return tuple(steps)


def _xml_steps(path: str) -> tuple[Step, ...]:
    anywhere = path.startswith("//")
    steps: list[Step] = []
    for piece in path.strip("/").removesuffix("/text()").split("/"):
        listed = piece.endswith("[]")
        found = _XML_STEP.fullmatch(piece.removesuffix("[]"))
        if found is None:
            raise MappingInvalid(
                f"{path} is no path. Write element names, such as /request/mobile or //message/@id."
            )
        key = found[1] or f"@{found[2]}"
        steps.append(Step(key, anywhere=anywhere and not steps, listed=listed))
    return tuple(steps)
