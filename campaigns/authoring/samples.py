"""Sample recipients for a preview: pasted CSV, JSON or JSON lines, or rows given by hand. Pure."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import NumberInvalid, RequestInvalid
from core.numbers import parse_number
from core.text import clean

MOST_SAMPLES = 30
MOST_COLUMNS = 200
LARGEST = 200_000  # characters
EXAMPLE_NUMBER = "+14155550123"
# Column or key -> what it is of a recipient, rather than an attribute.
_NUMBER = frozenset({"tonumber", "number", "msisdn", "phone"})
_LANGUAGE = "language"
_WHOLE = re.compile(r"-?(0|[1-9]\d{0,14})")
_DECIMAL = re.compile(r"-?\d{1,15}\.\d{1,10}")
_WORDS = {"true": True, "false": False}


@dataclass(frozen=True)
class Sample:
    """Somebody to write to: a name for the list, the number, the language and the attributes."""

    name: str
    msisdn: str = EXAMPLE_NUMBER
    language: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)


def parse_samples(text: str, *, default_country: str = "") -> tuple[Sample, ...]:
    """At most 30 samples out of pasted CSV (with a heading), JSON or JSON lines; RequestInvalid says what is wrong."""
    if "\0" in text:
        raise RequestInvalid(
            "The sample data holds a NUL character. Save it as text (UTF-8), then paste it again."
        )
    if len(text) > LARGEST:
        raise RequestInvalid(
            f"The sample data is longer than {LARGEST:,} characters. Paste at most 30 recipients."
        )
    stripped = clean(text).strip().removeprefix("\ufeff")
    if not stripped:
        return ()
    rows = list(_rows(stripped))
    if len(rows) > MOST_SAMPLES:
        raise RequestInvalid(
            f"At most {MOST_SAMPLES} samples are shown; this has {len(rows)}. Leave some out."
        )
    return tuple(_sample(row, number, default_country) for number, row in enumerate(rows, start=1))


def sample_file(kind: str, attributes: Sequence[str]) -> str:
    """A file to fill in: two recipients with these attributes, as csv, json or jsonl."""
    names = list(attributes) or ["firstName", "city"]
    rows = [
        {"toNumber": f"+1415555012{index}", "language": "en", **{name: f"{name} {index}" for name in names}}
        for index in (1, 2)
    ]
    if kind == "csv":
        lines = io.StringIO()
        writer = csv.DictWriter(lines, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        return lines.getvalue()
    nested = [_nested(row) for row in rows]
    if kind == "json":
        return json.dumps(nested, indent=2, ensure_ascii=False) + "\n"
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in nested)


def _rows(text: str) -> Iterator[dict[str, Any]]:
    if text[0] in "[{":
        yield from _json_rows(text)
    else:
        yield from _csv_rows(text)


def _json_rows(text: str) -> Iterator[dict[str, Any]]:
    try:
        found = [json.loads(text)]
        found = found[0] if isinstance(found[0], list) else found
    except (ValueError, RecursionError) as error:
        found = _json_lines(text, error)
    for number, row in enumerate(found, start=1):
        if not isinstance(row, dict):
            raise RequestInvalid(f'Sample {number} is no JSON object such as {{"firstName": "Ada"}}.')
        profile = row.get("profile")
        yield (
            {**{key: value for key, value in row.items() if key != "profile"}, **profile}
            if isinstance(profile, dict)
            else row
        )


def _json_lines(text: str, error: Exception) -> list[Any]:
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if len(lines) < 2 or text[0] == "[":
        place = (
            f" line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        )
        raise RequestInvalid(f"This is not JSON:{place or ' it is nested too deeply'}.")
    found = []
    for number, line in lines:
        try:
            found.append(json.loads(line))
        except (ValueError, RecursionError) as slip:
            raise RequestInvalid(f"Line {number} is not JSON.") from slip
    return found


def _csv_rows(text: str) -> Iterator[dict[str, Any]]:
    heading = text.splitlines()[0]
    delimiter = max(",;\t|", key=heading.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        names = [name.strip() for name in next(reader)]
        _check_heading(names)
        for row in reader:
            if any(cell.strip() for cell in row):
                pairs = zip(names, row, strict=False)
                yield _nested({name: _value(cell) for name, cell in pairs if cell.strip()})
    except csv.Error as error:
        raise RequestInvalid(f"This CSV cannot be read: {error}.") from error


def _check_heading(names: Sequence[str]) -> None:
    if len(names) > MOST_COLUMNS:
        raise RequestInvalid(f"The heading has {len(names):,} columns; at most {MOST_COLUMNS} are read.")
    if not all(names) or len(set(names)) < len(names):
        raise RequestInvalid(
            "The first line must name each column once, such as firstName,city. Or paste JSON."
        )


def _value(cell: str) -> Any:
    """Numbers, true and false as such; 007 and +49… stay texts."""
    text = cell.strip()
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    return _WORDS.get(text.lower(), text)


def _nested(row: Mapping[str, Any]) -> dict[str, Any]:
    """address.city -> {"address": {"city": …}}."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        *path, last = name.split(".")
        place = found
        for step in path:
            inner = place.setdefault(step, {})
            place = inner if isinstance(inner, dict) else {}
        place[last] = value
    return found


def _sample(row: Mapping[str, Any], number: int, default_country: str) -> Sample:
    msisdn, language = EXAMPLE_NUMBER, ""
    attributes: dict[str, Any] = {}
    for name, value in row.items():
        if name.lower() in _NUMBER:
            msisdn = _number(value, number, default_country)
        else:
            attributes[name] = value
            language = str(value) if name == _LANGUAGE else language
    label = next((str(value) for value in attributes.values() if isinstance(value, str) and value), "")
    return Sample(f"Sample {number}" + (f" ({label[:30]})" if label else ""), msisdn, language, attributes)


def _number(value: Any, number: int, default_country: str) -> str:
    text = str(value).strip()
    try:
        return parse_number(text, default_country=default_country)
    except NumberInvalid as error:
        raise RequestInvalid(f"Sample {number}: {error.text}") from error
