"""From the bytes of a CSV file to its records, whatever program wrote it; pure, streaming, bounded."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, TextIO

from core.errors import ImportUnreadable, NumberInvalid
from core.numbers import parse_number
from core.text import clean

LARGEST_FILE = 512 * 1024 * 1024
LONGEST_LINE = 64 * 1024
MOST_COLUMNS = 200
MOST_LINES_OF_A_RECORD = 100
_BLOCK = 1024 * 1024
_SAMPLE = 64 * 1024
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAMES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
    "cp1252": "Windows-1252",
}
_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
# How files of spreadsheet programs begin: a ZIP archive (xlsx, ods), and what was there before it (xls).
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


@dataclass(frozen=True)
class Record:
    """One record and the line it starts on; a quoted field may hold line breaks."""

    line: int
    cells: list[str]


@dataclass(frozen=True)
class Table:
    """A file that can be read: how it is written, its column names, and its records, read as they are asked for."""

    encoding: str
    separator: str
    columns: list[str]
    records: Iterator[Record]


def check_size(size: int) -> None:
    """ImportUnreadable when a file of so many bytes is too large."""
    if size > LARGEST_FILE:
        raise ImportUnreadable(
            f"The file is over {LARGEST_FILE // 1024 // 1024} MB. Split it and import the parts one after another."
        )


def read_table(file: BinaryIO) -> Table:
    """Open a CSV file; ImportUnreadable, also while its records are read, says what is wrong and on which line.

    `file` is binary and seekable. A first line with a phone number in it is data: then columns are numbered.
    """
    codec = _codec_of(file)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=codec, errors="replace", newline="")
    separator = _separator_of(text.read(_SAMPLE))
    text.detach()
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=codec, errors=_errors_of(codec), newline="")
    records = _records(text, separator)
    first = next(records, None)
    if first is None:
        raise ImportUnreadable("The file is empty. Export it again and choose the new file.")
    if len(first.cells) > MOST_COLUMNS:
        raise ImportUnreadable(
            f"Line {first.line} has {len(first.cells):,} columns; at most {MOST_COLUMNS} can be read. "
            "Leave out the columns that are not needed."
        )
    has_names = not any(_is_number(cell) for cell in first.cells)
    columns = _named(first.cells) if has_names else [f"Column {n}" for n in range(1, len(first.cells) + 1)]
    return Table(
        encoding=_NAMES[codec],
        separator=_SEPARATORS[separator],
        columns=columns,
        records=records if has_names else _from(first, records),
    )


def _codec_of(file: BinaryIO) -> str:
    file.seek(0)
    head = file.read(_SAMPLE)
    if head.startswith(_SPREADSHEETS):
        raise ImportUnreadable(
            "This is a spreadsheet file, not CSV. Open it, choose Save as (or Export) and CSV, and import that file."
        )
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return codec
    # UTF-16 without a mark: of plain text every second byte is zero.
    if len(head) >= 4 and head[1::2].count(0) > len(head) // 3:
        return "utf-16-le"
    if len(head) >= 4 and head[0::2].count(0) > len(head) // 3:
        return "utf-16-be"
    return "utf-8" if _is_utf8(file) else "cp1252"


def _is_utf8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while block := file.read(_BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _errors_of(codec: str) -> str:
    return "replace" if codec == "cp1252" else "strict"


def _separator_of(sample: str) -> str:
    """The separator that stands most often in the first line, quoted texts apart; comma when none does."""
    counts = dict.fromkeys(_SEPARATORS, 0)
    quoted = False
    for character in sample:
        if character == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif character in counts:
            counts[character] += 1
        elif character in "\r\n" and any(counts.values()):
            break
    return max(counts, key=lambda separator: counts[separator])


def _records(text: TextIO, separator: str) -> Iterator[Record]:
    reader = csv.reader(_lines(text), delimiter=separator, strict=True)
    before = 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise ImportUnreadable(_quoting_advice(before + 1, reader.line_num)) from error
        except UnicodeError as error:
            raise ImportUnreadable(
                f"After line {before} the file holds bytes that are no text. Save it again as UTF-8."
            ) from error
        if cells is None:
            return
        if reader.line_num - before > MOST_LINES_OF_A_RECORD:
            raise ImportUnreadable(_quoting_advice(before + 1, reader.line_num))
        if any(cell.strip() for cell in cells):
            yield Record(before + 1, cells)
        before = reader.line_num


def _quoting_advice(first: int, last: int) -> str:
    where = f"Line {first}" if last <= first else f"The record on lines {first} to {last}"
    return (
        f'{where} cannot be read: a quotation mark (") is opened and not closed, or stands inside a field. '
        'Write it twice ("") within a quoted field.'
    )


def _lines(text: TextIO) -> Iterator[str]:
    number = 0
    while line := text.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise ImportUnreadable(
                f"Line {number} is over {LONGEST_LINE:,} characters long, or has far too many columns. "
                "Leave out the columns that are not needed."
            )
        yield line


def _named(cells: list[str]) -> list[str]:
    return [clean(cell).strip()[:100] or f"Column {n}" for n, cell in enumerate(cells, start=1)]


def _from(first: Record, rest: Iterator[Record]) -> Iterator[Record]:
    yield first
    yield from rest


def _is_number(cell: str) -> bool:
    text = cell.strip().lstrip("'")
    if sum(character.isdigit() for character in text) < 7:
        return False
    try:
        parse_number(text if text.startswith("+") else f"+{text}")
    except NumberInvalid:
        return False
    return True
