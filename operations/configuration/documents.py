"""The kinds of configuration as plain data, and the files they stand in."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import tomli_w

from campaigns.models import Audience, AudienceKind, MessageTemplate
from core.errors import ConfigurationInvalid
from credentials.loading import spec_of
from credentials.models import ApiCredential
from credentials.vendors.writing import preset_from_spec
from messaging.models import ChannelConfiguration, SpendLimit
from messaging.models.timing import TIMING_FIELDS
from operations.configuration.audiences import (
    AUDIENCE_KEYS,
    audience_problem,
    audience_values,
    usual_audience,
)
from operations.configuration.limits import (
    CREDENTIAL_LIMIT_KEYS,
    SPEND_LIMIT_KEYS,
    limits_of,
    spend_limit_values,
)
from operations.configuration.routes import tables_of
from operations.configuration.texts import (
    TEMPLATE_KEYS,
    template_problem,
    template_values,
    usual_template,
)
from webhooks.custom_rows import rows_of
from webhooks.models import Webhook

# Folder -> the keys of a file besides `name`; a credential also holds a whole preset.
WEBHOOK_KEYS: Final = (
    "credential", "vendor", "brand", "help_contact", "opt_in_keywords", "opt_in_message", "opt_out_keywords",
    "opt_out_message", "help_keywords", "help_message", "kind", "double_opt_in_keywords", "double_opt_in_message",
    "default_reply", "honour_required", "fuzzy_reply", "fuzzy_message", "opt_out_scope", "opt_out_purpose",
    "inbound_mapping", "report_mapping", "lookup_mapping", "status_map", "mapping", "verification", "custom_keywords",
)  # fmt: skip
_MADE_UP: Final = frozenset({"credential", "verification", "custom_keywords"})  # no columns of the webhook
CHANNEL_KEYS: Final = (
    "description",
    "credential",
    "sender",
    "purpose",
    "require_opt_in",
    "keep_order",
    "default_country",
    "countries_allowed",
    "codes_move_on",
    "track_links",
    "link_domain",
    "link_days",
    "link_fallback_url",
    "link_parameters",
    "status",
    *TIMING_FIELDS,
    "routes",
)
CREDENTIAL_KEYS: Final = ("vendor", "provider_name", "preset", *CREDENTIAL_LIMIT_KEYS)
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "credentials": CREDENTIAL_KEYS,
    "webhooks": WEBHOOK_KEYS,
    "channels": CHANNEL_KEYS,
    "limits": SPEND_LIMIT_KEYS,
    "audiences": AUDIENCE_KEYS,
    "templates": TEMPLATE_KEYS,
}
# What is left out of a file that somebody wrote stands there as an export would say it.
_USUAL: Final[Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "audiences": usual_audience, "templates": usual_template,
}  # fmt: skip
_PROBLEM: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "audiences": audience_problem, "templates": template_problem,
}  # fmt: skip
_LARGEST: Final = 512 * 1024
_NOT_A_SLUG: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Document:
    """One record as data; `kind` is the folder, `name` what tells records of a kind apart."""

    kind: str
    name: str
    values: Mapping[str, Any]
    read_from: str = field(default="", compare=False)

    @property
    def key(self) -> tuple[str, str]:
        """Kind and name."""
        return self.kind, self.name

    @property
    def path(self) -> str:
        """Where it stands under the directory: the file it was read from, else the one it would be written to."""
        return self.read_from or f"{self.kind}/{slug_of(self.name)}.toml"

    def to_toml(self) -> str:
        """The file."""
        return tomli_w.dumps({"name": self.name, **self.values}, multiline_strings=True)


def slug_of(name: str) -> str:
    """A file name for a record's name; names that differ in signs alone share it, which `write` refuses."""
    return _NOT_A_SLUG.sub("-", name.lower()).strip("-") or "unnamed"


def stored() -> list[Document]:
    """Everything in the database, without secrets, in the order it can be applied."""
    return [
        *(_credential(row) for row in ApiCredential.objects.order_by("name")),
        *(_webhook(row) for row in Webhook.objects.select_related("endpoint__credential").order_by("name")),
        *(
            _channel(row)
            for row in ChannelConfiguration.objects.select_related("credential").order_by("name")
        ),
        *(
            Document("limits", row.name, spend_limit_values(row))
            for row in SpendLimit.objects.select_related("channel", "api_key").order_by("name")
        ),
        *(
            Document("audiences", row.name, audience_values(row))
            for row in Audience.objects.filter(kind=AudienceKind.FILTER).order_by("name")
        ),
        *(
            Document("templates", row.name, template_values(row))
            for row in MessageTemplate.objects.order_by("name")
        ),
    ]


def _credential(row: ApiCredential) -> Document:
    preset = preset_from_spec(spec_of(row), label=row.name, slug=row.vendor)
    values = {
        "vendor": row.vendor,
        "provider_name": row.provider_name,
        "preset": dict(preset.data),
    } | limits_of(row)
    return Document("credentials", row.name, values)


def _webhook(row: Webhook) -> Document:
    values = {name: getattr(row, name) for name in WEBHOOK_KEYS if name not in _MADE_UP}
    tables = {
        "mapping": values.pop("mapping"), "verification": row.verification.table(), "custom_keywords": rows_of(row)
    }  # fmt: skip
    tables = {name: table for name, table in tables.items() if table or name == "verification"}
    return Document("webhooks", row.name, {"credential": row.credential.name, **values, **tables})


def _channel(row: ChannelConfiguration) -> Document:
    values = {name: getattr(row, name) for name in CHANNEL_KEYS if name not in ("credential", "routes")}
    usual = ChannelConfiguration()
    for name in TIMING_FIELDS:  # left out where it is as in a new channel
        if values[name] == getattr(usual, name):
            del values[name]
    values = {name: value for name, value in values.items() if value is not None}  # TOML knows no null
    if routes := tables_of(row):
        values["routes"] = routes
    return Document("channels", row.name, {"credential": row.credential.name, **values})


def write(directory: Path, documents: list[Document]) -> list[str]:
    """Write each to its file; gives their paths. ConfigurationInvalid when two would share one."""
    paths = [document.path for document in documents]
    if twice := {path for path in paths if paths.count(path) > 1}:
        raise ConfigurationInvalid(f"Two records would be written to {', '.join(sorted(twice))}. Rename one.")
    for document in documents:
        place = directory / document.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(document.to_toml(), encoding="utf-8")
    return paths


def read(directory: Path) -> list[Document]:
    """The documents of a directory in the order they can be applied; ConfigurationInvalid names file and fault."""
    if not directory.is_dir():
        raise ConfigurationInvalid(f"{directory} is no directory.")
    return [_read_one(place, kind) for kind in KINDS for place in sorted((directory / kind).glob("*.toml"))]


def _read_one(place: Path, kind: str) -> Document:
    where = f"{kind}/{place.name}"
    if place.stat().st_size > _LARGEST:
        raise ConfigurationInvalid(f"{where}: the file is larger than {_LARGEST} bytes.")
    try:
        data = tomllib.loads(place.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeError, RecursionError) as error:
        raise ConfigurationInvalid(f"{where}: this is no TOML: {error}.") from error
    for problem in _problems(data, kind):
        raise ConfigurationInvalid(f"{where}: {problem}")
    name = data.pop("name")
    return Document(kind, name, _USUAL[kind](data) if kind in _USUAL else data, read_from=where)


def _problems(data: Mapping[str, Any], kind: str) -> Iterator[str]:
    if not isinstance(data.get("name"), str) or not data["name"].strip():
        yield "name: write the record's name."
    for key in data:
        if key != "name" and key not in KINDS[kind]:
            yield f"{key}: there is no such key. Known: {', '.join(KINDS[kind])}."
    if kind == "credentials" and not isinstance(data.get("preset"), dict):
        yield "preset: this table is missing."
    if not isinstance(data.get("verification", {}), dict):
        yield "verification: write a table, [verification]."
    rows = data.get("custom_keywords", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        yield "custom_keywords: write a table for each, [[custom_keywords]]."
    if kind in _PROBLEM and (problem := _PROBLEM[kind](data)):
        yield problem
