"""Attributes of a profile in SQL, on both engines. None of the conditions is ever NULL: "not" turns each one round.

Names in a path are identifiers (profiles.attributes.NAME), so they may stand in SQL as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db.models import BooleanField, F, Func

from profiles.attributes import NAME

_NUMBER = r"^-?[0-9]{1,15}(\.[0-9]{1,15})?$"
_NUMBER_IN_PATH = _NUMBER.replace("\\", "\\\\")  # a string of a path escapes as JSON does
_DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}"
_DATE_GLOB = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*"
Sql = tuple[str, list[Any]]


class OfAttribute(Func):
    """A condition on the attribute at a path; subclasses write the SQL around the column."""

    output_field = BooleanField()

    def __init__(self, path: Sequence[str], *values: Any) -> None:
        super().__init__(F("attributes"))
        if not path or not all(NAME.fullmatch(step) for step in path):
            raise ValueError(f"no path of an attribute: {path!r}")
        self.path = tuple(path)
        self.given = values

    def as_sql(self, compiler: Any, connection: Any, *_: Any, **more: Any) -> Any:
        """The SQL of the engine at hand."""
        (column,) = self.get_source_expressions()
        name, _params = compiler.compile(column)
        writer = self.postgresql if connection.vendor == "postgresql" else self.sqlite
        return writer(name)

    def postgresql(self, column: str) -> Sql:
        """The condition for PostgreSQL (jsonb)."""
        raise NotImplementedError

    def sqlite(self, column: str) -> Sql:
        """The condition for SQLite (JSON text)."""
        raise NotImplementedError

    def text_on_postgresql(self, column: str) -> str:
        """The value as text, NULL where there is none."""
        return f"({column} #>> '{{{','.join(self.path)}}}')"

    def text_on_sqlite(self, column: str) -> str:
        """The same; SQLite reads true and false as 1 and 0 unless it is asked for the type."""
        where = f"{column}, '{self.sqlite_path}'"
        return (
            f"(CASE json_type({where}) WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' "
            f"ELSE CAST(json_extract({where}) AS TEXT) END)"
        )

    @property
    def sqlite_path(self) -> str:
        """The path as SQLite writes it."""
        return "$." + ".".join(f'"{step}"' for step in self.path)


class AttributeIs(OfAttribute):
    """It equals one of the values, each as the JSON types it may stand for; an index finds them on PostgreSQL."""

    def postgresql(self, column: str) -> Sql:
        one_each = [f"{column} @> %s::jsonb"] * len(self.given)
        return f"({' OR '.join(one_each)})", [json.dumps(self.nested(value)) for value in self.given]

    def sqlite(self, column: str) -> Sql:
        marks = ", ".join(["%s"] * len(self.given))
        return f"COALESCE({self.text_on_sqlite(column)} IN ({marks}), 0)", [
            _as_text(one) for one in self.given
        ]

    def nested(self, value: Any) -> Any:
        """{"address": {"city": value}}."""
        for step in reversed(self.path):
            value = {step: value}
        return value


class AttributeHas(AttributeIs):
    """It is a list with one of the values among its items."""

    def nested(self, value: Any) -> Any:
        return super().nested([value])

    def sqlite(self, column: str) -> Sql:
        where = f"{column}, '{self.sqlite_path}'"
        marks = ", ".join(["%s"] * len(self.given))
        sql = (
            f"(COALESCE(json_type({where}), '') = 'array' AND EXISTS (SELECT 1 FROM json_each({where}) "
            f"WHERE CAST(CASE type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE value END AS TEXT) "
            f"IN ({marks})))"
        )
        return sql, [_as_text(one) for one in self.given]


class AttributeContains(OfAttribute):
    """Its text holds the value, whatever the case; with `at_start` it begins with it."""

    def __init__(self, path: Sequence[str], value: str, *, at_start: bool = False) -> None:
        escaped = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        super().__init__(path, f"{'' if at_start else '%'}{escaped}%")

    def postgresql(self, column: str) -> Sql:
        return f"COALESCE({self.text_on_postgresql(column)} ILIKE %s, false)", [*self.given]

    def sqlite(self, column: str) -> Sql:
        return f"COALESCE({self.text_on_sqlite(column)} LIKE %s ESCAPE '\\', 0)", [*self.given]


class AttributeIsSet(OfAttribute):
    """It is there, and neither null nor blank."""

    def postgresql(self, column: str) -> Sql:
        return f"COALESCE({self.text_on_postgresql(column)} <> '', false)", []

    def sqlite(self, column: str) -> Sql:
        return f"COALESCE({self.text_on_sqlite(column)} <> '', 0)", []


class AttributeNumber(OfAttribute):
    """It is a number, or a text that reads as one, and compares so with the value."""

    def __init__(self, path: Sequence[str], sign: str, value: float) -> None:
        super().__init__(path, sign, value)

    def postgresql(self, column: str) -> Sql:
        """One path: casts in SQL cost three times as much a row. Strict, or lists would be searched."""
        sign, value = self.given
        at = "$." + ".".join(f'"{step}"' for step in self.path)
        as_text = f'{at}.type() == "string" && {at} like_regex "{_NUMBER_IN_PATH}" && {at}.double() {sign} {value!r}'
        return f"COALESCE({column} @@ %s::jsonpath, false)", [f"strict {at} {sign} {value!r} || ({as_text})"]

    def sqlite(self, column: str) -> Sql:
        sign, value = self.given
        text, kind = self.text_on_sqlite(column), f"json_type({column}, '{self.sqlite_path}')"
        number = (
            f"CASE WHEN {kind} IN ('integer', 'real') OR ({kind} = 'text' AND {text} REGEXP '{_NUMBER}') "
            f"THEN CAST({text} AS REAL) END"
        )
        return f"COALESCE({number} {sign} %s, 0)", [value]


class AttributeDate(OfAttribute):
    """It is a text that starts with a date (2026-05-01), from the first and before the second, where given."""

    def __init__(self, path: Sequence[str], since: date | None, until: date | None) -> None:
        super().__init__(path, since, until)

    def postgresql(self, column: str) -> Sql:
        text = self.text_on_postgresql(column)
        return self.between(f'left({text}, 10) COLLATE "C"', f"{text} ~ '{_DATE}'", "false")

    def sqlite(self, column: str) -> Sql:
        text = self.text_on_sqlite(column)
        return self.between(f"substr({text}, 1, 10)", f"{text} GLOB '{_DATE_GLOB}'", "0")

    def between(self, day: str, is_date: str, no: str) -> Sql:
        """ISO dates sort as texts. The pattern comes last: it is by far the dearest, and needed for few."""
        signs = [(sign, one.isoformat()) for sign, one in zip((">=", "<"), self.given, strict=True) if one]
        bounds = " AND ".join(f"{day} {sign} %s" for sign, _ in signs)
        return f"COALESCE({bounds} AND {is_date}, {no})", [text for _, text in signs]


def as_json_may_have(values: Iterable[Any]) -> list[Any]:
    """What a typed value may be in JSON: "42" is also 42, "true" also true."""
    found: dict[tuple[type, Any], Any] = {}
    for value in values:
        for form in (value, *_other_forms(value)):
            found.setdefault((type(form), form), form)
    return list(found.values())


def _other_forms(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [_as_text(value)]
    if isinstance(value, int | float):
        return [_as_text(value)]
    text = str(value)
    if text in ("true", "false"):
        return [text == "true"]
    try:
        number = json.loads(text) if text[:1].isdigit() or text[:1] == "-" else None
    except ValueError:
        return []
    return [number] if isinstance(number, int | float) and not isinstance(number, bool) else []


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
