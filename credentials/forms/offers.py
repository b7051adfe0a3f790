"""What a new credential's form offers: the values of a vendor's preset or of a draft, and how they reach the request.

The browser's script fills in the same values as soon as a vendor is chosen. Without it the server does so here, before
the form looks at the request: whatever was left as offered, or blank, takes the chosen vendor's value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from credentials.curl.draft import Draft
from credentials.forms.tables import MODEL_FIELDS, SECRET_FIELDS, default_of
from credentials.headers import (
    CHARSET,
    CONTENT_TYPE,
    DEFAULT_HEADERS,
    FORM_TYPE,
    JSON_TYPE,
    TEXT_TYPE,
    XML_TYPE,
    media_type,
)
from credentials.vendors import CUSTOM, VENDORS, Preset

BODY_TYPES: Final = {"json": JSON_TYPE, "form": FORM_TYPE, "xml": XML_TYPE, "text": TEXT_TYPE}
# Group of rows -> its columns.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "variables": ("name", "value", "secret", "label", "required", "help"),
    "headers": ("name", "value", "secret"),
    "query": ("name", "value", "when"),
    "fields": ("name", "value", "when", "kind"),
    "rules": ("statuses", "path", "test", "values", "outcome", "failure", "again_without"),
}
_DEFAULTS: Final = {"when": "always", "kind": "text", "test": "any_of", "outcome": "failed", "required": ""}
_NEVER_OFFERED: Final = frozenset({"vendor", "name", "auth_name"})

_Row = dict[str, Any]


def draft_of_preset(preset: Preset, inputs: Mapping[str, Any]) -> Draft:
    """The form as the vendor fills it in; inputs without a field of their own are variables."""
    tables = preset.tables(inputs)
    request, response = tables["request"], tables["response"]
    return Draft(
        fields=preset.raw_values(inputs),
        headers=[dict(row) for row in request.get("headers", ())],
        query=[dict(row) for row in request.get("query", ())],
        body_fields=[dict(row) for row in request.get("fields", ())],
        variables=[
            {"name": item.name, "value": inputs.get(item.name, item.default), "secret": item.secret,
             "label": item.label, "required": item.required, "help": item.help}
            for item in preset.inputs if not item.field
        ],
        rules=[{**row, "statuses": row.get("status", "")} for row in response.get("rules", ())],
    )  # fmt: skip


def rows_of(draft: Draft, group: str) -> list[_Row]:
    """The rows of a group as the formset takes them, with what was guessed of each."""
    rows = [_as_typed(row, group) for row in _GROUPS[group](draft)]
    for place, why in draft.guessed.items():
        name, _, rest = place.partition("-")
        index, _, column = rest.partition("-")
        if name == group and index.isdigit() and int(index) < len(rows):
            rows[int(index)].setdefault("guessed", {})[column] = why
    return rows


def completed(posted: Mapping[str, Any], *, draft: Draft | None = None) -> dict[str, Any]:
    """The request of a new credential with everything the chosen vendor, or the draft, fills in."""
    data = dict(posted.items())
    _take_body_kind(data)
    shown, chosen = VENDORS.get(data.get("preset", ""), CUSTOM), VENDORS.get(data.get("vendor", ""), CUSTOM)
    switched = shown is not chosen or (not data.get("preset") and chosen is not CUSTOM)
    before = draft or draft_of_preset(shown, {})
    after = before if draft and not switched else draft_of_preset(chosen, _typed_inputs(data, chosen))
    _take_variables(data, before, after)
    _fill_secrets(data, before)
    for group in COLUMNS.keys() - {"variables"}:
        _take_rows(data, group, before, after, switched=switched)
    _take_fields(data, before, after, switched=switched)
    data["preset"] = chosen.slug
    return followed(data)


def followed(posted: Mapping[str, Any]) -> dict[str, Any]:
    """The request with what follows from the rest of it: groups that are missing have no rows, the Content-Type
    header names the kind of the body while it names a standard one at all."""
    data = dict(posted.items())
    for group in COLUMNS:
        if f"{group}-TOTAL_FORMS" not in data:
            write_rows(data, group, [])
    wanted = BODY_TYPES.get(str(data.get("body_kind")))
    for index in range(_count(data, group="headers")) if wanted else ():
        named = str(data.get(f"headers-{index}-name") or "").strip().lower() == CONTENT_TYPE.lower()
        if named and media_type(str(data.get(f"headers-{index}-value") or "")) in BODY_TYPES.values():
            data[f"headers-{index}-value"] = _renamed(str(data[f"headers-{index}-value"]), str(wanted))
    return data


def posted_rows(data: Mapping[str, Any], group: str) -> list[_Row]:
    """The rows of a request that are new, not blank and not marked for deletion."""
    found = []
    for index in range(_count(data, group)):
        row = {name: _plain(data.get(f"{group}-{index}-{name}")) for name in COLUMNS[group]}
        if any(row[name] for name in COLUMNS[group] if name not in _DEFAULTS) and not data.get(
            f"{group}-{index}-DELETE"
        ):
            found.append(row)
    return found


def write_rows(data: dict[str, Any], group: str, rows: list[_Row]) -> None:
    """Put rows into a request as a browser would send them."""
    for key in [key for key in data if key.startswith(f"{group}-")]:
        del data[key]
    data |= {f"{group}-TOTAL_FORMS": len(rows), f"{group}-INITIAL_FORMS": 0}
    data |= {f"{group}-MIN_NUM_FORMS": 0, f"{group}-MAX_NUM_FORMS": 1000}
    for index, row in enumerate(rows):
        for name in COLUMNS[group]:
            if name != "secret" or row.get(name):
                data[f"{group}-{index}-{name}"] = row.get(name, _DEFAULTS.get(name, ""))


def _take_fields(data: dict[str, Any], before: Draft, after: Draft, *, switched: bool) -> None:
    for name in set(MODEL_FIELDS) - _NEVER_OFFERED:
        offered, wanted = before.fields.get(name, default_of(name)), after.fields.get(name, default_of(name))
        typed = data.get(name)
        left = (
            name not in SECRET_FIELDS
            and _plain(typed) == _plain(offered)
            and _plain(offered) != _plain(wanted)
        )
        if typed is None or left or (switched and not _plain(typed)):
            data[name] = "" if wanted is None else wanted
    if data.get("auth_type") == after.fields.get("auth_type"):
        for name in SECRET_FIELDS:
            data[name] = data.get(name) or after.fields.get(name, "")


def _take_rows(data: dict[str, Any], group: str, before: Draft, after: Draft, *, switched: bool) -> None:
    offered, wanted = rows_of(before, group), rows_of(after, group)
    typed = posted_rows(data, group)
    untouched = _alike(group, typed) == _alike(group, offered) and _alike(group, offered) != _alike(
        group, wanted
    )
    if f"{group}-TOTAL_FORMS" not in data or untouched or (switched and not _alike(group, typed)):
        write_rows(data, group, wanted)


def _take_variables(data: dict[str, Any], before: Draft, after: Draft) -> None:
    """What the vendor asks for comes first, with what was typed; another vendor's questions go."""
    typed = posted_rows(data, "variables")
    asked = {row["name"]: row for row in rows_of(after, "variables") if row.get("label")}
    gone = {row["name"] for row in before.variables if row.get("label")} - asked.keys()
    values = {row["name"]: row["value"] for row in typed}
    if asked.keys() - values.keys() or gone & values.keys():
        first = [{**row, "value": values.get(name, row["value"])} for name, row in asked.items()]
        others = [row for row in typed if row["name"] not in asked.keys() | gone]
        write_rows(data, "variables", [*first, *others])


def _fill_secrets(data: dict[str, Any], before: Draft) -> None:
    """A secret of a draft is not shown in the form: blank means the one that was offered."""
    for group in ("variables", "headers"):
        kept = {row["name"]: row["value"] for row in rows_of(before, group) if row.get("secret")}
        for index in range(_count(data, group)):
            key = f"{group}-{index}-value"
            if not data.get(key) and data.get(f"{group}-{index}-secret"):
                data[key] = kept.get(str(data.get(f"{group}-{index}-name")), "")


def _take_body_kind(data: dict[str, Any]) -> None:
    """A request that does not speak of the kind of its body means the one its Content-Type says."""
    if "body_kind" in data:
        return
    kinds = {kind: name for name, kind in BODY_TYPES.items()}
    for row in posted_rows(data, "headers"):
        if row["name"].lower() == CONTENT_TYPE.lower() and media_type(row["value"]) in kinds:
            data["body_kind"] = kinds[media_type(row["value"])]


def _typed_inputs(data: Mapping[str, Any], preset: Preset) -> dict[str, str]:
    """What was typed for the preset's variables; a field is filled in by itself."""
    asked = {item.name for item in preset.inputs if not item.field}
    return {row["name"]: row["value"] for row in posted_rows(data, "variables") if row["name"] in asked}


def _alike(group: str, rows: list[_Row]) -> list[tuple[str, ...]]:
    """Rows as something to compare: the two fixed headers and secrecy apart."""
    fixed = {name.lower() for name in (CONTENT_TYPE, CHARSET)} if group == "headers" else set()
    columns = [name for name in COLUMNS[group] if name != "secret"]
    return [
        tuple(_plain(row.get(name, _DEFAULTS.get(name, ""))) for name in columns)
        for row in rows
        if str(row.get("name", "")).lower() not in fixed
    ]


def _as_typed(row: Mapping[str, Any], group: str) -> _Row:
    known = {name: row[name] for name in COLUMNS[group] if name in row}
    joined = {"values": "\n", "again_without": ", "}
    return {
        name: joined[name].join(map(str, value)) if isinstance(value, list | tuple) else value
        for name, value in known.items()
    }


def _headers(draft: Draft) -> Iterator[Mapping[str, Any]]:
    """Header rows, the two fixed ones first."""
    kind = BODY_TYPES.get(str(draft.fields.get("body_kind")), JSON_TYPE)
    given = {row["name"].lower(): row for row in draft.headers}
    for name, value in {**DEFAULT_HEADERS, CONTENT_TYPE: kind}.items():
        yield {"name": name, "value": given.pop(name.lower(), {}).get("value", value)}
    yield from given.values()


_GROUPS: Final[Mapping[str, Callable[[Draft], Any]]] = {
    "variables": lambda draft: draft.variables,
    "headers": _headers,
    "query": lambda draft: draft.query,
    "fields": lambda draft: draft.body_fields,
    "rules": lambda draft: draft.rules,
}


def _count(data: Mapping[str, Any], group: str) -> int:
    text = str(data.get(f"{group}-TOTAL_FORMS", ""))
    return min(int(text), 1000) if text.isascii() and text.isdigit() else 0


def _renamed(value: str, media: str) -> str:
    """A Content-Type value with another media type; unchanged when it is that already."""
    return value if media_type(value) == media else media


def _plain(value: Any) -> str:
    """A value as a person sees it: browsers send other line breaks, forms strip ends."""
    return "" if value is None else str(value).replace("\r\n", "\n").strip()
