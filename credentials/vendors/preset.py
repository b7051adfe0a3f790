"""A preset: a provider's API as data, and the credential it makes of an operator's inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property, reduce
from types import MappingProxyType
from typing import Any, Final

from core.errors import GatewayError
from credentials.auth import BACKENDS
from credentials.auth.base import AuthConfig
from credentials.headers import CHARSET, CONTENT_TYPE, DEFAULT_HEADERS, FORM_TYPE, TEXT_TYPE, XML_TYPE
from credentials.spec import CredentialSpec, Variable
from credentials.vendors.format import APP_ID_FIELD, AUTH_FIELDS, FIELD_PLACES, HEADERS_FIELD, choices_of
from credentials.vendors.making import (
    as_text,
    auth_of,
    header_rows,
    holds,
    laid_over,
    length_of,
    names_in,
    payload_text,
    request_of,
    response_of,
    text_of,
)

_TABLES: Final = ("request", "text", "auth", "response", "codes")
_TOP: Final = ("check_url", "lookup_url")
WEBHOOK: Final = "webhook"
_NUMBERS: Final = ("max_length", "max_length_unicode")
_BODY_TYPES: Final = {"form": FORM_TYPE, "xml": XML_TYPE, "text": TEXT_TYPE}
_DEFAULTS: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "method": "POST", "body_kind": "json", "to_format": "international", "from_format": "international",
        "text_encoding": "as_is", "max_length": None, "max_length_unicode": None, "split_mode": "requests",
        "auth_type": "none",
        **{item.name: item.default for item in fields(AuthConfig) if item.name in AUTH_FIELDS},
    }
)  # fmt: skip


class PresetInvalid(GatewayError):
    """A preset cannot be used; `problems` says all that is wrong with it."""

    code = "preset_invalid"

    def __init__(self, problems: list[str], *, name: str = "") -> None:
        super().__init__(f"{name}: {problems[0]}" if name else problems[0])
        self.problems = problems


@dataclass(frozen=True)
class Input:
    """What an operator fills in: a variable of that name, or the credential's `field` when it names one."""

    name: str
    label: str = ""
    help: str = ""
    secret: bool = False
    required: bool = False
    default: str = ""
    field: str = ""


@dataclass(frozen=True)
class Preset:
    """What choosing a vendor fills in; `data` is the file as it was read."""

    slug: str
    data: Mapping[str, Any] = field(repr=False)

    @property
    def label(self) -> str:
        """What the vendor is called in lists."""
        return self._text("label")

    @property
    def about(self) -> str:
        """One sentence for the gallery."""
        return self._text("about")

    @property
    def provider_name(self) -> str:
        """What fills the field "Provider Name"."""
        return self._text("provider_name")

    @property
    def country(self) -> str:
        """ISO country the provider works in, "" for many."""
        return self._text("country")

    @property
    def docs_url(self) -> str:
        """The page that describes the provider's API."""
        return self._text("docs_url")

    @property
    def app_id_hint(self) -> str:
        """What the field "Provider AppId" holds with this vendor."""
        return self._text("app_id_hint")

    @property
    def where_to_paste(self) -> str:
        """Where in the provider's console the callback URL goes."""
        return self._text("where_to_paste")

    @cached_property
    def inputs(self) -> tuple[Input, ...]:
        """What the operator fills in, in the order of the file."""
        return tuple(
            Input(
                **{
                    **row,
                    "name": name,
                    "label": row.get("label", name),
                    "default": as_text(row.get("default")),
                }
            )
            for name, row in self.data.get("inputs", {}).items()
        )

    @property
    def codes(self) -> Mapping[str, str]:
        """The vendor's error code -> FailureClass value."""
        return MappingProxyType(self.data.get("codes", {}))

    @property
    def provider_url(self) -> str:
        """The address messages go to."""
        return str(self.data.get("request", {}).get("url", ""))

    @property
    def payload(self) -> str:
        """The body's template, "" when rows make it."""
        return payload_text(self.data.get("request", {}).get("payload", ""))

    @property
    def headers(self) -> Mapping[str, str]:
        """The two fixed headers and those of the file, name -> value."""
        request = self.data.get("request", {})
        kind = _BODY_TYPES.get(request.get("body", ""), DEFAULT_HEADERS[CONTENT_TYPE])
        rows = {row["name"]: row["value"] for row in request.get("headers", ())}
        return MappingProxyType({CONTENT_TYPE: kind, CHARSET: DEFAULT_HEADERS[CHARSET], **rows})

    def form_values(self) -> dict[str, Any]:
        """Field of the credential's form -> the value the vendor fills in; rows and variables apart."""
        chosen = self.data.get("auth", {}).get("type", "none")
        signing = BACKENDS[chosen].fields
        found: dict[str, Any] = {"provider_name": self.provider_name}
        for name, (table, key) in FIELD_PLACES.items():
            default = _DEFAULTS.get(name, "")
            value = _table(self.data, table).get(key)
            if name in AUTH_FIELDS and value is None and not (default and name in signing):
                continue  # leaves alone what somebody has typed
            found[name] = default if value is None else _as_typed(value)
        found["payload"] = self.payload
        return found

    def spec(self, inputs: Mapping[str, Any]) -> CredentialSpec:
        """The credential these inputs make; an input that is missing has its default, an unknown one is ignored."""
        values = {item.name: inputs.get(item.name, item.default) for item in self.inputs}
        texts = {name: as_text(value) for name, value in values.items()}
        data = self._merged(texts)
        app_id = self._put(data, values)
        variables = tuple(self._variables(data, texts))
        return CredentialSpec(
            vendor=self.slug,
            provider_app_id=app_id,
            request=request_of(data["request"]),
            text=text_of(data["text"]),
            response=response_of(data["response"], data["codes"]),
            variables=variables,
            auth_type=data["auth"].get("type", "none"),
            auth=auth_of(data, app_id, {item.name: item.value for item in variables}),
            check_url=data[""].get("check_url", ""),
            lookup_url=data[""].get("lookup_url", ""),
            webhook=self.webhook(inputs),
        )

    def webhook(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The `[webhook]` table with the variants that these inputs choose; {} without one."""
        texts = {item.name: as_text(inputs.get(item.name, item.default)) for item in self.inputs}
        changes = (_table(variant, WEBHOOK) for variant in self._chosen(texts))
        return reduce(laid_over, changes, dict(_table(self.data, WEBHOOK)))

    def tables(self, inputs: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """The tables of the file with variants and inputs laid in, templates as they are; "" is the top."""
        values = {item.name: inputs.get(item.name, item.default) for item in self.inputs}
        data = self._merged({name: as_text(value) for name, value in values.items()})
        self._put(data, values)
        return data

    def raw_values(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Field of the credential -> what is stored in it: variables still stand as {{name}}."""
        values = {item.name: inputs.get(item.name, item.default) for item in self.inputs}
        data = self._merged({name: as_text(value) for name, value in values.items()})
        app_id = self._put(data, values)
        found: dict[str, Any] = {"provider_app_id": app_id, "provider_name": self.provider_name}
        for name, (table, key) in FIELD_PLACES.items():
            value = data[table].get(key)
            found[name] = _DEFAULTS.get(name, "") if value is None else _as_typed(value)
        found["payload"] = payload_text(data["request"].get("payload", ""))
        found |= {name: length_of(found[name]) for name in _NUMBERS}
        return found

    def _text(self, name: str) -> str:
        return str(self.data.get(name, ""))

    def _merged(self, texts: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """The tables of the file with every variant whose condition holds laid over them."""
        data = {name: dict(_table(self.data, name)) for name in (*_TABLES, "")}
        for variant in self._chosen(texts):
            for name, table in data.items():
                table.update(_table(variant, name))
        return data

    def _chosen(self, texts: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        """The variants whose condition holds."""
        for variant in self.data.get("variants", ()):
            if all(holds(wanted, texts.get(name, "")) for name, wanted in variant["when"].items()):
                yield variant

    def _put(self, data: dict[str, dict[str, Any]], values: Mapping[str, Any]) -> str:
        """Put the inputs that fill a field in their places; gives the Provider AppId."""
        app_id = ""
        for item in self.inputs:
            value = values[item.name]
            if item.field == HEADERS_FIELD:
                data["request"]["headers"] = [*data["request"].get("headers", ()), *header_rows(value)]
            elif item.field == APP_ID_FIELD:
                app_id = as_text(value)
            elif item.field and as_text(value):
                table, key = FIELD_PLACES[item.field]
                data[table][key] = _fitting(item, as_text(value))
        return app_id

    def _variables(
        self, data: Mapping[str, Mapping[str, Any]], texts: Mapping[str, str]
    ) -> Iterator[Variable]:
        """The inputs without a field, but for those that have done their work by choosing a variant."""
        rules = data["response"].get("rules", ())
        variants = self.data.get("variants", ())
        webhooks = [_table(table, WEBHOOK) for table in (self.data, *variants)]
        used = set(names_in([data["request"], data["auth"], data[""], rules, webhooks]))
        used |= {name for rule in rules for name in rule.get("again_without", ())}
        choosing = {name for variant in variants for name in variant["when"]}
        # The webhook is made of the variables whenever it is read: what chooses a variant of it must stay.
        used |= {name for variant in variants if WEBHOOK in variant for name in variant["when"]}
        for item in self.inputs:
            if not item.field and (item.name in used or item.name not in choosing):
                yield Variable(item.name, texts[item.name], item.secret, item.label, item.required, item.help)


def _table(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """One of the tables; "" stands for what a credential takes from the top of the file."""
    if not name:
        return {key: data[key] for key in _TOP if key in data}
    found: Mapping[str, Any] = data.get(name, {})
    return found


def _fitting(item: Input, value: str) -> str:
    """A value that fits the field; PresetInvalid when the field offers others only."""
    if item.field in _NUMBERS and length_of(value) is None:
        raise PresetInvalid([f"{item.name}: {value!r} is no number of characters; write one from 1."])
    offered = choices_of(*FIELD_PLACES[item.field])
    if offered and value not in offered:
        raise PresetInvalid([f"{item.name}: {value!r} is not known; write one of {', '.join(offered)}."])
    return value


def _as_typed(value: Any) -> Any:
    return ",".join(value) if isinstance(value, list) else value
