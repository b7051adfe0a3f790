"""Where a body row's value goes: `messages[0].to` in JSON, `message/to/@type` in XML. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from core.errors import ConfigurationInvalid
from core.templating import XmlNode

_STEP: Final = re.compile(r"(?:^|\.)((?:[^.\[\]\\]|\\.)+)|\[(\d{1,2})\]")
_XML_NAME: Final = re.compile(r"[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?")

JsonPath = tuple[str | int, ...]


@lru_cache(maxsize=1024)
def json_path(name: str) -> JsonPath:
    """The steps of `a.b[0].c`, a dot of a name written \\.; ConfigurationInvalid when it is none."""
    steps: list[str | int] = []
    position = 0
    while position < len(name):
        match = _STEP.match(name, position)
        if match is None or (position == 0 and name[:1] == "."):
            raise _refused(name, "Write a name, or a path such as messages[0].to.")
        steps.append(int(match[2]) if match[2] else re.sub(r"\\(.)", r"\1", match[1]))
        position = match.end()
    if not steps:
        raise _refused(name, "Write a name.")
    return tuple(steps)


def put_json(root: Any, path: JsonPath, value: Any) -> Any:
    """`root` with `value` at `path`, what is missing on the way made; gives the root, new when there was none."""
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        items = [] if root is None else root
        if not isinstance(items, list) or step > len(items):
            raise _refused(_shown(path), "There is no list with that many items at this place.")
        if step == len(items):
            items.append(None)
        items[step] = put_json(items[step], rest, value) if rest else value
        return items
    members = {} if root is None else root
    if not isinstance(members, dict):
        raise _refused(_shown(path), "There is no object at this place.")
    members[step] = put_json(members.get(step), rest, value) if rest else value
    return members


@lru_cache(maxsize=1024)
def xml_path(name: str) -> tuple[str, ...]:
    """The steps of `root/a/@b`; ConfigurationInvalid when it is none."""
    steps = tuple(name.strip("/").split("/"))
    names = [*steps[:-1], steps[-1].removeprefix("@")]
    if not all(_XML_NAME.fullmatch(step) for step in names) or steps[0].startswith("@"):
        raise _refused(name, "Write the path from the root element, such as message/to or message/@type.")
    return steps


def put_xml(root: XmlNode | None, path: tuple[str, ...], value: str) -> XmlNode:
    """`root` with `value` as text of the element or as the attribute at `path`."""
    if root is None:
        root = XmlNode(path[0])
    if root.tag != path[0]:
        raise _refused("/".join(path), f"The root element is {root.tag}.")
    node = root
    for step in path[1:]:
        if step.startswith("@"):
            node.attributes[step[1:]] = value
            return root
        found = node.find(step)
        if found is None:
            found = XmlNode(step)
            node.children.append(found)
        node = found
    node.children = [value, *(child for child in node.children if isinstance(child, XmlNode))]
    return root


def _shown(path: JsonPath) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def _refused(name: str, advice: str) -> ConfigurationInvalid:
    return ConfigurationInvalid(f"The body field {name!r} cannot be placed. {advice}", param="fields")
