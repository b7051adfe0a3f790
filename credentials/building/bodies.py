"""The body of a request, one class for each kind: template and rows in, bytes out."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final
from urllib.parse import unquote_plus

from core.errors import ConfigurationInvalid, TemplateInvalid
from core.templating import Missing, Problem, XmlTemplate, check_text, render_text, render_value, write_xml
from credentials.building import pruning
from credentials.building.paths import json_path, put_json, put_xml, xml_path
from credentials.building.rows import as_text, encoded, json_template, rendered, typed
from credentials.headers import FORM_TYPE, JSON_TYPE, TEXT_TYPE, XML_TYPE
from credentials.spec import Field, RequestSpec

_PAIR: Final = re.compile(r"(?:\{\{.*?\}\}|\{%.*?%\}|[^&])+", re.DOTALL)
_NAME: Final = re.compile(r"(?:\{\{.*?\}\}|[^=])*", re.DOTALL)


class Body(ABC):
    """Writes the body of one message from the operator's template and rows."""

    content_type: ClassVar[str]

    def __init__(self, request: RequestSpec, charset: str, missing: Missing) -> None:
        self.payload = request.payload
        self.fields = request.fields
        self.charset = charset
        self.missing = missing
        self.prepare()

    @abstractmethod
    def write(self, context: Mapping[str, Any]) -> bytes:
        """The bytes for one message; TemplateInvalid or ConfigurationInvalid when they cannot be made."""

    def prepare(self) -> None:  # noqa: B027  most kinds have something to do here, not all
        """Compile what does not depend on the message."""

    def rows(self, context: Mapping[str, Any]) -> Iterator[tuple[Field, Any]]:
        """The rows sent with this message."""
        return rendered(self.fields, context, self.missing)

    def content(self, context: Mapping[str, Any]) -> Any:
        """The filled-in JSON payload; None when there is only rows."""
        if not self.payload.strip():
            return None
        source = pruning.without_missing_callbacks(self.payload, context)
        return json_template(source).render(context, missing=self.missing)


class JsonBody(Body):
    """JSON, from a template, from rows by path, or both."""

    content_type = JSON_TYPE

    def prepare(self) -> None:
        if self.payload.strip():
            refuse(json_template(self.payload).problems)
        self._paths = {row.name: json_path(row.name) for row in self.fields}

    def write(self, context: Mapping[str, Any]) -> bytes:
        content = self.content(context)
        for row, value in self.rows(context):
            content = put_json(content, self._paths[row.name], typed(row, value))
        if content is None:
            content = {}
        try:
            return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(self.charset)
        except UnicodeEncodeError:
            # JSON can write every character in ASCII, whatever the charset lacks.
            return json.dumps(content, separators=(",", ":")).encode(self.charset)


class FormBody(Body):
    """Form fields: a JSON object or `name={{value}}&…` as template, and rows."""

    content_type = FORM_TYPE

    def prepare(self) -> None:
        self._pairs: list[tuple[str, str]] | None = None
        if not self.payload.strip():
            self._pairs = []
        elif is_json(self.payload):
            refuse(json_template(self.payload).problems)
        else:
            self._pairs = list(form_pairs(self.payload))
            for _, value in self._pairs:
                refuse(check_text(value))

    def write(self, context: Mapping[str, Any]) -> bytes:
        pairs = list(self._template_pairs(context))
        pairs += [(row.name, value) for row, value in self.rows(context)]
        return encoded(pairs, self.charset, plus=True).encode("ascii")

    def _template_pairs(self, context: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        if self._pairs is None:
            yield from _flat(self.content(context))
            return
        for name, value in self._pairs:
            yield name, render_value(value, context, missing=self.missing)


class XmlBody(Body):
    """XML, from a template, from rows by path, or both."""

    content_type = XML_TYPE

    def prepare(self) -> None:
        self._template = XmlTemplate(self.payload) if self.payload.strip() else None
        if self._template is not None:
            refuse(self._template.problems)
        self._paths = {row.name: xml_path(row.name) for row in self.fields}

    def write(self, context: Mapping[str, Any]) -> bytes:
        if self._template is not None and not self.fields:
            return self._template.to_bytes(context, charset=self.charset, missing=self.missing)
        root = self._template.render(context, missing=self.missing) if self._template else None
        for row, value in self.rows(context):
            root = put_xml(root, self._paths[row.name], as_text(value))
        if root is None:
            raise ConfigurationInvalid("An XML body needs a payload or at least one field.", param="payload")
        declared = self._template is None or self._template.has_declaration
        return write_xml(root, charset=self.charset, declaration=declared)


class TextBody(Body):
    """Plain text: the template as it is, or a line `name=value` for each row."""

    content_type = TEXT_TYPE

    def prepare(self) -> None:
        refuse(check_text(self.payload))

    def write(self, context: Mapping[str, Any]) -> bytes:
        lines = [render_text(self.payload, context, missing=self.missing)] if self.payload.strip() else []
        lines += [f"{row.name}={_one_line(as_text(value))}" for row, value in self.rows(context)]
        try:
            return "\n".join(lines).encode(self.charset)
        except UnicodeEncodeError as error:
            raise ConfigurationInvalid(
                f"The charset {self.charset} cannot carry this text; set the header Charset to UTF-8."
            ) from error


class NoBody(Body):
    """Nothing: all is in the URL and the headers."""

    content_type = ""

    def write(self, context: Mapping[str, Any]) -> bytes:
        return b""


BODIES: Final[Mapping[str, type[Body]]] = {
    "json": JsonBody,
    "form": FormBody,
    "xml": XmlBody,
    "text": TextBody,
    "none": NoBody,
}


def refuse(problems: list[Problem]) -> None:
    """TemplateInvalid with the first problem of the payload, if there is one."""
    if problems:
        problem = problems[0]
        raise TemplateInvalid(
            f"Provider Payload, line {problem.line}, column {problem.column}: {problem.message}",
            param="payload",
        )


def is_json(payload: str) -> bool:
    """Whether a form's payload is written as a JSON object."""
    start = payload.lstrip()
    return start.startswith("{") and not start.startswith(("{{", "{%"))


def form_pairs(source: str) -> Iterator[tuple[str, str]]:
    """(name, value template) of `a={{x}}&b=2`; text outside of {{…}} is percent-decoded."""
    for match in _PAIR.finditer(source.strip()):
        pair = match.group().strip()
        name = _NAME.match(pair)
        end = name.end() if name else 0
        if pair:
            yield unquote_plus(pair[:end]).strip(), _decoded(pair[end + 1 :])


def _decoded(value: str) -> str:
    return value if "{{" in value or "{%" in value else unquote_plus(value)


def _flat(content: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(content, dict):
        raise ConfigurationInvalid("A form body needs a JSON object as payload: one member for each field.")
    for name, value in content.items():
        for item in value if isinstance(value, list) else [value]:
            if item is not None:
                yield name, item


def _one_line(text: str) -> str:
    """A value cannot start a line of its own."""
    return " ".join(text.splitlines())
