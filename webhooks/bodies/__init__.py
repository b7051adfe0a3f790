"""A callback's bytes as plain values: JSON, form, query, multipart, XML or text. Pure: no Django, no models.

One tree whatever it was: dicts, lists, str, bool and None. Numbers stay the text they were. In XML the root
element's name is the first key, `@name` an attribute, `#text` the text of an element that has attributes or
children besides; namespaces are dropped, an element that occurs again makes a list.
"""

from __future__ import annotations

from typing import Any

from core.errors import PayloadUnreadable
from webhooks.bodies.charsets import charset_of, decoded, is_known
from webhooks.bodies.fields import MOST_FIELDS, read_fields
from webhooks.bodies.json_text import DEEPEST, read_json
from webhooks.bodies.multipart import read_multipart
from webhooks.bodies.xml_text import XmlElement, read_xml
from webhooks.spec import BodySpec

__all__ = [
    "DEEPEST",
    "MOST_FIELDS",
    "TEXT_KEY",
    "XmlElement",
    "read_body",
    "read_fields",
    "read_json",
    "read_xml",
]

TEXT_KEY = "#text"
_ANY = BodySpec()


def read_body(*, content_type: str, query: str, body: bytes, spec: BodySpec = _ANY) -> Any:
    """The callback as one tree; raises PayloadUnreadable or BodyTooDeep, nothing else.

    Members of a JSON object, XML roots and form fields win over query parameters of the same name; of a repeated
    name the last one counts.
    """
    media = content_type.lower()
    charset = charset_of(content_type) or (spec.charset if is_known(spec.charset) else "")
    parameters = read_fields(query.encode("utf-8", "replace"), charset, spec.charset_field) if query else {}
    if not body.strip():
        return parameters
    if spec.kind == "form" or (
        spec.kind == "auto" and "x-www-form-urlencoded" in media and body.lstrip()[:1] not in b"{[<"
    ):
        return {**parameters, **read_fields(body, charset, spec.charset_field)}
    if "multipart/" in media and spec.kind in ("auto", "form"):
        return {**parameters, **read_multipart(content_type, body, charset)}
    text = decoded(body, charset)
    kind = _kind(media, text) if spec.kind == "auto" else spec.kind
    if kind == "json":
        value = read_json(text)
        return {**parameters, **value} if isinstance(value, dict) else value
    if kind == "xml":
        return {**parameters, **read_xml(text if charset else body)}
    if kind == "text":
        return {**parameters, TEXT_KEY: text}
    return {**parameters, **read_fields(body, charset, spec.charset_field)}


def _kind(media: str, text: str) -> str:
    first = text.lstrip()[:1]
    if "json" in media or first in ("{", "["):
        return "json"
    if first == "<":
        return "xml"
    if "xml" in media:
        raise PayloadUnreadable("The body is not XML.")
    return "form"
