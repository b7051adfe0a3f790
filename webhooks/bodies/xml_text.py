"""XML bodies as plain values: no entities, no document types, depth bounded. Pure."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from core.errors import PayloadUnreadable
from webhooks.bodies.json_text import DEEPEST, too_deep

_TEXT = "#text"


class XmlElement(dict[str, Any]):
    """An element with attributes or children; others are their text."""


def read_xml(source: str | bytes) -> dict[str, Any]:
    """{root name: its value}; PayloadUnreadable or BodyTooDeep."""
    try:
        root: Element = fromstring(source.strip(), forbid_dtd=True)
    except ParseError as error:
        line, column = error.position
        raise PayloadUnreadable(f"The body is not valid XML (line {line}, column {column + 1}).") from error
    except (DefusedXmlException, ValueError, LookupError, RecursionError) as error:
        raise PayloadUnreadable(
            "The body is XML that is not read: it has entities or an unknown encoding."
        ) from error
    return {_local(root.tag): _value(root, 1)}


def _value(element: Element, depth: int) -> Any:
    if depth > DEEPEST:
        raise too_deep()
    text = element.text or ""
    if not len(element) and not element.attrib:
        return text
    found = XmlElement({f"@{_local(name)}": value for name, value in element.attrib.items()})
    for child in element:
        name, value = _local(child.tag), _value(child, depth + 1)
        if name not in found:
            found[name] = value
        elif type(found[name]) is list:
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    if text.strip() or not len(element):
        found[_TEXT] = text
    return found


def _local(name: Any) -> str:
    return str(name).rpartition("}")[2]
