"""Helper functions of templates: which ones exist, our own few, and the guard around every one of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from core.errors import TemplateInvalid
from core.templating.absent import StandIn
from core.templating.functions import TAKE_ABSENT

MAX_OUTPUT = 20_000  # characters, of a whole text and of every value on the way
MAX_RANGE = 1_000
_MAX_INTEGER_BITS = 2_048
_MAX_DATE_TEXT = 100

Filter = Callable[..., Any]

# What the engine offers and we keep; anything that writes HTML stays out: messages are plain text.
KEPT = frozenset(
    # numbers, texts, lists, the rest
    """abs at_least at_most ceil divided_by floor minus modulo plus round times
    append base64_decode capitalize downcase lstrip prepend remove remove_first remove_last
    replace replace_first replace_last rstrip slice split squish strip strip_newlines truncate truncatewords
    upcase url_decode url_encode
    compact concat find first has join last map reject reverse size sort sort_natural sum uniq where
    default""".split()  # noqa: SIM905
)


def _replace_growth(value: Any, old: Any = "", new: Any = "", *_: Any) -> int:
    text, old_text = str(value), str(old)
    return text.count(old_text) * len(str(new))


def _join_growth(value: Any, separator: Any = " ", *_: Any) -> int:
    return len(value) * len(str(separator)) if isinstance(value, list | tuple | range) else 0


def _date_growth(value: Any, shape: Any = "", *_: Any) -> int:
    # Not about growth: reading a date out of a long text is slow.
    if max(len(str(value)), len(str(shape))) > _MAX_DATE_TEXT:
        raise TemplateInvalid("This is too long for a date. Give the date helper a date, and a short form.")
    return 0


# Filters whose result can be far larger than what they are given: its size is known before the work is done.
_GROWTH: dict[str, Callable[..., int]] = {
    "replace": _replace_growth,
    "join": _join_growth,
    "date": _date_growth,
}


def guarded(name: str, function: Filter) -> Filter:
    """The same filter, refusing huge ranges, values without a value and huge results."""
    growth = _GROWTH.get(name)

    @wraps(function)
    def call(value: Any, *args: Any, **kwargs: Any) -> Any:
        if name not in TAKE_ABSENT:
            if isinstance(value, StandIn):
                return value
            _insist(value)
        for argument in args:
            if isinstance(argument, StandIn):
                return argument
            _insist(argument)
        if growth is not None and growth(value, *args) > MAX_OUTPUT:
            raise too_large()
        result = function(value, *args, **kwargs)
        if _is_huge(result):
            raise too_large()
        return result

    return call


def _insist(value: Any) -> None:
    if isinstance(value, range):
        if not -1 < value.stop - value.start <= MAX_RANGE:
            raise TemplateInvalid(f"A range may have at most {MAX_RANGE} numbers. Use a smaller one.")
    else:
        poke = getattr(value, "poke", None)
        if poke is not None:
            poke()


def _is_huge(value: Any) -> bool:
    if isinstance(value, str | list):
        return len(value) > MAX_OUTPUT
    return isinstance(value, int) and value.bit_length() > _MAX_INTEGER_BITS


def too_large() -> TemplateInvalid:
    """The error for a template that writes too much."""
    return TemplateInvalid(f"The template writes more than {MAX_OUTPUT} characters. Shorten it.")
