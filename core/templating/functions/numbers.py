"""Helper functions about numbers and money."""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final

from core.errors import TemplateInvalid
from core.templating.functions.values import number_of, shown, text_of, whole_of

_MOST_DECIMALS: Final = 10
# language -> (between thousands, before decimals); plain blanks: a no-break space would make the text Unicode
SEPARATORS: Final = {
    "en": (",", "."), "de": (".", ","), "es": (".", ","), "fr": (" ", ","), "it": (".", ","), "nl": (".", ","),
    "pt": (".", ","), "pl": (" ", ","), "sv": (" ", ","), "da": (".", ","),
}  # fmt: skip
# Currencies with a sign of their own in GSM 03.38; all others are written by their code.
_SIGNS: Final = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
_WITHOUT_CENTS: Final = frozenset({"JPY", "KRW", "CLP", "ISK", "VND"})


def format_number(value: Any, shape: Any = 0, language: Any = "en") -> str:
    """With separators: so many decimals, or a pattern such as "#,##0.00", as a language writes it."""
    decimals, grouped = _shape(shape)
    return _written(value, decimals, text_of(language), grouped=grouped)


def format_currency(value: Any, currency: Any = "USD", language: Any = "en") -> str:
    """An amount of money, as a language writes it."""
    code = text_of(currency).upper()
    amount = _written(value, 0 if code in _WITHOUT_CENTS else 2, text_of(language))
    sign = _SIGNS.get(code, code)
    if _base(text_of(language)) != "en":
        return f"{amount} {sign}"
    between = "" if code in _SIGNS else " "
    return f"-{sign}{between}{amount[1:]}" if amount.startswith("-") else f"{sign}{between}{amount}"


def to_percentage(value: Any, decimals: Any = 0) -> str:
    """A share of 1 in per cent."""
    return f"{_rounded(Decimal(str(number_of(value))) * 100, _places(decimals))}%"


def to_precision(value: Any, decimals: Any = 2) -> str:
    """With exactly so many decimals, rounded."""
    return str(_rounded(_decimal(value), _places(decimals)))


def to_int(value: Any) -> int:
    """The whole number, decimals cut off."""
    return int(number_of(value))


def to_hex(value: Any) -> str:
    """A whole number in hexadecimal."""
    return f"{whole_of(value):x}"


def at_random(value: Any) -> int:
    """A whole number from 1 to the value, another each time."""
    highest = whole_of(value)
    if highest < 1:
        raise TemplateInvalid(f"random needs a number of at least 1, not {highest}.")
    return secrets.randbelow(highest) + 1


def _absolute(value: Any) -> int | float:
    return abs(number_of(value))


def _round_down(value: Any) -> int:
    return math.floor(number_of(value))


def _round_up(value: Any) -> int:
    return math.ceil(number_of(value))


def _shape(shape: Any) -> tuple[int, bool]:
    """Decimals, and whether thousands are set apart."""
    if isinstance(shape, str) and ("#" in shape or "0." in shape):
        return _places(len(shape.partition(".")[2])), "," in shape
    return _places(shape), True


def _places(decimals: Any) -> int:
    places = whole_of(decimals)
    if not 0 <= places <= _MOST_DECIMALS:
        raise TemplateInvalid(f"A number has 0 to {_MOST_DECIMALS} decimals, not {places}.")
    return places


def _written(value: Any, decimals: int, language: str, *, grouped: bool = True) -> str:
    thousands, point = SEPARATORS.get(_base(language), SEPARATORS["en"])
    rounded = _rounded(_decimal(value), decimals)
    text = f"{rounded:,f}" if grouped else f"{rounded:f}"
    return text.translate({ord(","): thousands, ord("."): point})


def _base(language: str) -> str:
    return language.lower().partition("-")[0]


def _decimal(value: Any) -> Decimal:
    return Decimal(str(number_of(value)))


def _rounded(value: Decimal, decimals: int) -> Decimal:
    try:
        return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    except InvalidOperation as error:
        raise TemplateInvalid(f"{shown(value)} is too large a number.") from error


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "absolute": _absolute, "formatNumber": format_number, "formatCurrency": format_currency, "random": at_random,
    "roundDown": _round_down, "roundUp": _round_up, "toHexString": to_hex, "toInt": to_int, "toInteger": to_int,
    "toPercentage": to_percentage, "toPrecision": to_precision,
}  # fmt: skip
