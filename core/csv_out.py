"""CSV for people: streamed, and no cell is a formula to a spreadsheet."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator

_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# A number in E.164 is a figure to every spreadsheet, and other programs want it as it is.
_NUMBER = re.compile(r"\+[0-9]{5,15}")


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Each row as a line of CSV (RFC 4180)."""
    writer = csv.writer(_Echo())
    for row in rows:
        yield writer.writerow([safe_cell(str(cell)) for cell in row])


def safe_cell(text: str) -> str:
    """The text, behind an apostrophe where a spreadsheet would take it for a formula."""
    if text.startswith(_STARTS_FORMULA) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text
