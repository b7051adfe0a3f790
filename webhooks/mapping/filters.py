"""Filters: what is done with a value before it counts, `plus_lost | required`. Pure; one literal table.

A filter takes the value (None: there is none) and its row and gives the value; FieldFault says that the callback must
not be taken. Names and arguments as in Liquid: `date: "%Y%m%d", "iso", zone: "Asia/Kuala_Lumpur"`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from core.errors import MappingInvalid, NumberInvalid
from core.numbers import parse_number
from webhooks.bodies.charsets import decoded, from_gsm7, is_known
from webhooks.mapping.faults import FieldFault
from webhooks.mapping.places import Row
from webhooks.moments import moment_reader

Filter = Callable[[str | None, Row], str | None]
SlotOf = Callable[[str], int]  # a path of the callback -> the slot its value will have

_NAME: Final = re.compile(r"\s*([a-z_0-9]+)\s*(:)?\s*")
_ARGUMENT: Final = re.compile(r"""(?:([a-z_]+)\s*:\s*)?(?:"([^"]*)"|'([^']*)'|([^\s,|"']+))\s*(,)?\s*""")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/\r\n]{16,}={0,2}")


@dataclass(frozen=True)
class Kind:
    """What a filter does, and how it is made of its arguments; `whole`: it acts on the variable, not on one place."""

    help: str
    make: Callable[[Sequence[str], Mapping[str, str], SlotOf], Filter]
    arguments: tuple[int, int] = (0, 0)  # the fewest and the most
    whole: bool = False


def chain_of(source: str, slot_of: SlotOf) -> tuple[list[Filter], list[Filter]]:
    """(filters of each place, filters of the variable as a whole); MappingInvalid when it is no chain."""
    own: list[Filter] = []
    whole: list[Filter] = []
    for name, arguments, named in _calls(source):
        kind = FILTERS.get(name)
        if kind is None:
            raise MappingInvalid(f"There is no filter {name}. Use {', '.join(sorted(FILTERS))}.")
        fewest, most = kind.arguments
        if not fewest <= len(arguments) <= most:
            raise MappingInvalid(f"The filter {name} does not take {len(arguments)} values. {kind.help}")
        made = kind.make(arguments, named, slot_of)
        (whole if kind.whole or whole else own).append(made)
    return own, whole


def _calls(source: str) -> list[tuple[str, list[str], dict[str, str]]]:
    calls: list[tuple[str, list[str], dict[str, str]]] = []
    position = 0
    while position < len(source.rstrip()):
        name = _NAME.match(source, position)
        if name is None:
            raise MappingInvalid(f"{source!r} is no list of filters, such as plus_lost | required.")
        position = name.end()
        arguments: list[str] = []
        named: dict[str, str] = {}
        while name[2] and (found := _ARGUMENT.match(source, position)):
            position = found.end()
            text = next(text for text in (found[2], found[3], found[4]) if text is not None)
            if found[1]:
                named[found[1]] = text
            else:
                arguments.append(text)
            if not found[5]:
                break
        calls.append((name[1], arguments, named))
        rest = source[position:].lstrip()
        if rest and not rest.startswith("|"):
            raise MappingInvalid(f"{source!r}: put | between filters and quotes around values.")
        position = len(source) - len(rest) + 1 if rest else len(source)
    return calls


def _on_text(change: Callable[[str], str]) -> Filter:
    return lambda value, row: None if value is None else change(value)


def _required(*_: object) -> Filter:
    def check(value: str | None, row: Row) -> str | None:
        if value is None:
            raise FieldFault("it is missing")
        return value

    return check


def _filled(*_: object) -> Filter:
    def check(value: str | None, row: Row) -> str | None:
        if value is None or not value.strip():
            raise FieldFault("it is missing or blank")
        return value

    return check


def _default(arguments: Sequence[str], *_: object) -> Filter:
    return lambda value, row: arguments[0] if value is None else value


def _strip_prefixes(arguments: Sequence[str], *_: object) -> Filter:
    prefixes = [piece.strip().casefold() for text in arguments for piece in text.split(",")]
    prefixes = sorted(filter(None, prefixes), key=len, reverse=True)

    def strip(text: str) -> str:
        start = text.lstrip()
        found = next((prefix for prefix in prefixes if start.casefold().startswith(prefix)), None)
        return text if found is None else start[len(found) :].strip()

    return _on_text(strip)


def _base64_text(*_: object) -> Filter:
    def decode(text: str) -> str:
        if not _BASE64.fullmatch(text) or len("".join(text.split())) % 4:
            return text
        try:
            plain = base64.b64decode("".join(text.split()), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return text
        return plain if plain.replace("\n", "").replace("\r", "").replace("\t", "").isprintable() else text

    return _on_text(decode)


def _percent_text(arguments: Sequence[str], named: Mapping[str, str], slot_of: SlotOf) -> Filter:
    slot = slot_of(arguments[0])

    def decode(value: str | None, row: Row) -> str | None:
        charset = row.values.get(slot, "").strip()
        if (
            value is None
            or not is_known(charset)
            or charset.lower().replace("-", "") in ("utf8", "usascii", "ascii")
        ):
            return value
        return decoded(unquote_to_bytes(value.replace("+", " ")), charset)

    return decode


def _gsm7_if(arguments: Sequence[str], named: Mapping[str, str], slot_of: SlotOf) -> Filter:
    slot, wanted = slot_of(arguments[0]), frozenset(arguments[1:])

    def decode(value: str | None, row: Row) -> str | None:
        if value is None or row.values.get(slot, "").strip() not in wanted:
            return value
        return from_gsm7(value.encode("latin-1", "replace"))

    return decode


def _number(arguments: Sequence[str], *_: object) -> Filter:
    def parse(text: str) -> str:
        try:
            return parse_number(text, default_country=arguments[0])
        except NumberInvalid:
            return text

    return _on_text(parse)


def _date(arguments: Sequence[str], named: Mapping[str, str], slot_of: SlotOf) -> Filter:
    read = moment_reader(arguments, zone=named.get("zone", "UTC"))

    def parse(value: str | None, row: Row) -> str | None:
        if value is None or not value.strip():
            return value
        moment = read(value.strip())
        if moment is None:
            raise FieldFault(f'"{value.strip()[:50]}" is no time as it should be')
        return moment.isoformat()

    return parse


def _replace(arguments: Sequence[str], *_: object) -> Filter:
    return _on_text(lambda text: text.replace(arguments[0], arguments[1]))


def _after(arguments: Sequence[str], *_: object) -> Filter:
    return _on_text(lambda text: text.partition(arguments[0])[2] if arguments[0] in text else text)


def _before(arguments: Sequence[str], *_: object) -> Filter:
    return _on_text(lambda text: text.partition(arguments[0])[0])


def _simple(change: Callable[[str], str]) -> Callable[..., Filter]:
    return lambda *_: _on_text(change)


FILTERS: Final[Mapping[str, Kind]] = {
    "required": Kind("The callback is not taken without it.", _required, whole=True),
    "filled": Kind("The callback is not taken without it or when it is blank.", _filled, whole=True),
    "default": Kind('What stands for it when it is missing: default: "x".', _default, (1, 1), whole=True),
    "date": Kind(
        "How a time is written: iso, epoch, epoch_ms, rfc2822 or a pattern such as %Y%m%d%H%M%S; several are tried in "
        'order. zone: "Asia/Kuala_Lumpur" is for times without one. A time that is none of these is not taken.',
        _date,
        (1, 9),
    ),
    "number": Kind('Reads a national number by its country: number: "US".', _number, (1, 1)),
    "plus_lost": Kind(
        "A blank at the start was a + once.",
        _simple(lambda text: f"+{text.lstrip()}" if text[:1] == " " else text),
    ),
    "strip_prefixes": Kind(
        'Takes away keywords the provider leaves at the start: strip_prefixes: "abc, de".', _strip_prefixes, (1, 20)
    ),
    "base64_text": Kind("Text in Base64 is decoded, any other text stays.", _base64_text),
    "percent_text": Kind(
        "The text is percent-escaped in the charset another field names: percent_text: charset.",
        _percent_text,
        (1, 1),
    ),
    "gsm7_if": Kind(
        'The text is raw GSM-7 when another field says so: gsm7_if: coding, "0".', _gsm7_if, (2, 9)
    ),
    "replace": Kind('replace: "a", "b".', _replace, (2, 2)),
    "after": Kind('What stands behind the first: after: ":".', _after, (1, 1)),
    "before": Kind('What stands before the first: before: ":".', _before, (1, 1)),
    "strip": Kind("Takes away blanks around it.", _simple(str.strip)),
    "upcase": Kind("In capital letters.", _simple(str.upper)),
    "downcase": Kind("In small letters.", _simple(str.lower)),
}  # fmt: skip
