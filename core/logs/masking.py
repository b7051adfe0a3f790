"""What must not stand in a log line is taken out of it: by shape in words, by name in fields, always in errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Final

from core.errors import GatewayError

HIDDEN: Final = "…"
_PRIVATE: Final = (
    r"authorization|token|secret|passw(?:or)?d|pwd|api[_-]?key|key|signature|credentials?|pepper|cookie"
)
# Shapes, in this order: each is what a number, a secret or an address with one of them in it looks like.
_SHAPES: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"/(hooks|optout)/[^/\s\"'?]+", r"/\1/…"),
        (r"(\w://)[^\s/@\"']*@", r"\1…@"),
        (r"((?:\w://|/)[^\s?\"'<>]*)\?[^\s\"'<>]+", r"\1?…"),
        (r"\b(bearer|basic|digest)\s+(?!realm)[^\s\"',;]+", r"\1 …"),
        (r"\beyJ[\w-]+\.[\w-]*\.?[\w-]*", "…"),
        (rf"\b([\w-]*(?:{_PRIVATE}))([\"']?\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;&)}}\]]+)", r"\1\2…"),
        (r"\b(sk|pk|sgk|whsec|xox[a-z])[_-][\w-]{8,}", r"\1_…"),
        (r"(?:\+|%2B|\b00)[0-9](?:[ ().-]{0,2}[0-9]){6,14}(?![0-9])", "…"),
        (r"\(\d{2,4}\)[ -]?\d{3}[ -]?\d{3,4}\b", "…"),
        (r"(?<![\w.:-])\d{7,15}(?![\w-]|\.\d|:)", "…"),
    )
)
# Fields that never show their value, whatever it is.
_NAMES: Final = re.compile(
    rf"(?:^|_)(?:{_PRIVATE}|text|body|msisdn|number|to|from|sender|recipient|payload|profile|headers?)(?:$|_)",
    re.IGNORECASE,
)
_PLAIN: Final = (int, float, bool, type(None))
_MOST_FRAMES: Final = 30
_MOST_CAUSES: Final = 5
_LONGEST: Final = 4_000
_ROOTS: Final = re.compile(
    r"^.*?/(?:site-packages|lib/python[\d.]+)/|^" + re.escape(__file__.rpartition("core/")[0])
)


def words(text: str) -> str:
    """A text without numbers and secrets."""
    for pattern, replacement in _SHAPES:
        text = pattern.sub(replacement, text)
    return text[:_LONGEST]


def argument(value: object) -> object:
    """One argument of a log call: plain numbers stay (counts, ids of ours), errors lose their texts."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, BaseException):
        return kind_of(value)
    return words(str(value))


def field(name: str, value: object) -> object:
    """One structured field."""
    return HIDDEN if _NAMES.search(name) else argument(value)


def kind_of(error: BaseException) -> str:
    """What went wrong, in words that are ours: type and code. An error's own text may quote what it was given."""
    name = type(error).__qualname__
    for detail in (_code, _sqlstate, _system):
        if found := detail(error):
            return f"{name} ({found})"
    return name


def _code(error: BaseException) -> str:
    return error.code if isinstance(error, GatewayError) else ""


def _sqlstate(error: BaseException) -> str:
    for candidate in (error, error.__cause__):
        if found := getattr(candidate, "sqlstate", None) or getattr(candidate, "sqlite_errorname", None):
            return str(found)
    return ""


def _system(error: BaseException) -> str:
    return error.strerror or "" if isinstance(error, OSError) and isinstance(error.strerror, str) else ""


def causes(error: BaseException, *, texts: bool = False) -> list[dict[str, Any]]:
    """An error and what it came from: kind and places, neither source lines nor values.

    `texts` adds each error's own text without what looks like a number or secret: on a developer's machine only.
    """
    found: list[dict[str, Any]] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(found) < _MOST_CAUSES:
        seen.add(id(current))
        entry: dict[str, Any] = {"kind": kind_of(current), "at": _places(current.__traceback__)}
        if texts:
            entry["text"] = words(str(current))
        found.append(entry)
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return found


def _places(traceback: TracebackType | None) -> list[str]:
    places = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        places.append(f"{_ROOTS.sub('', code.co_filename)}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return places[-_MOST_FRAMES:]


def arguments(args: object) -> Any:
    """The arguments of a log call, whatever form they have."""
    if isinstance(args, Mapping):
        # Celery hands over the traceback, the error and the arguments of the task as texts.
        hide: Callable[[str], bool] = frozenset({"traceback", "exc", "args", "kwargs"}).__contains__
        return {name: HIDDEN if hide(name) else field(name, value) for name, value in args.items()}
    if isinstance(args, Iterable) and not isinstance(args, str | bytes):
        return tuple(argument(value) for value in args)
    return args
