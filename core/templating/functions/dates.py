"""Helper functions about dates and times. Moments go in and come out as texts: 2026-12-31T18:00:00Z."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from core.clock import now
from core.errors import TemplateInvalid
from core.templating.functions.calendar_names import DAYS, MONTHS
from core.templating.functions.values import shown, text_of, whole_of

_LONGEST: Final = 100
_MILLISECONDS: Final = 100_000_000_000  # a larger number counts milliseconds, not seconds
_TOKEN: Final = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+|'")
_HOW: Final = "Write it as 2026-12-31 or 2026-12-31T18:00:00Z."


def moment_of(value: Any) -> datetime:
    """A date or time: ISO 8601, seconds or milliseconds since 1970, now or today (TemplateInvalid otherwise)."""
    text = text_of(value).strip()
    if text in ("now", "today"):
        return now()
    try:
        if re.fullmatch(r"-?\d{9,14}", text):
            number = int(text)
            return datetime.fromtimestamp(number / 1000 if abs(number) > _MILLISECONDS else number, UTC)
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError) as error:
        raise TemplateInvalid(f"{shown(value)} is no date. {_HOW}") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def written(moment: datetime) -> str:
    """As every function gives a moment."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def format_date(value: Any, pattern: Any = "yyyy-MM-dd", language: Any = "en", zone: Any = "") -> str:
    """By a pattern such as "EEEE, d MMMM yyyy, HH:mm"; in a language and a time zone if wanted."""
    shape = text_of(pattern)
    if len(shape) > _LONGEST:
        raise TemplateInvalid(f"A date's pattern may have {_LONGEST} characters.")
    moment = moment_of(value)
    if text_of(zone):
        moment = moment.astimezone(_zone(text_of(zone)))
    names = _language(text_of(language))
    return "".join(_piece(found, moment, names) for found in _TOKEN.finditer(shape))


def age(value: Any) -> int:
    """Full years since a date."""
    born, today = moment_of(value).date(), now().date()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def date_diff(value: Any, other: Any = "now") -> int:
    """Days from one date to another; negative when the other is earlier."""
    return (moment_of(other).date() - moment_of(value).date()).days


def set_days(value: Any, day: Any = 1) -> str:
    """The same month and time on another day."""
    return _changed(value, day=whole_of(day))


def set_hours(value: Any, hour: Any = 0) -> str:
    """The same day at another hour."""
    return _changed(value, hour=whole_of(hour))


def add_days(value: Any, count: Any = 1) -> str:
    """So many days later, or earlier with a minus."""
    return _moved(value, timedelta(days=_bounded(count)))


def add_hours(value: Any, count: Any = 1) -> str:
    """So many hours later, or earlier with a minus."""
    return _moved(value, timedelta(hours=_bounded(count)))


def to_utc(value: Any) -> str:
    """The same moment in UTC."""
    return written(moment_of(value).astimezone(UTC))


def to_date(value: Any) -> str:
    """Its day alone."""
    return moment_of(value).date().isoformat()


def _changed(value: Any, **parts: int) -> str:
    moment = moment_of(value)
    try:
        return written(moment.replace(**parts))  # type: ignore[arg-type]
    except ValueError as error:
        raise TemplateInvalid(f"{shown(value)} cannot be changed so: {error}.") from error


def _moved(value: Any, by: timedelta) -> str:
    try:
        return written(moment_of(value) + by)
    except OverflowError as error:
        raise TemplateInvalid(f"{shown(value)} cannot be moved so far.") from error


def _bounded(count: Any) -> int:
    number = whole_of(count)
    if abs(number) > 1_000_000:
        raise TemplateInvalid(f"{number} is too many.")
    return number


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError) as error:
        raise TemplateInvalid(f"{shown(name)} is no time zone. Write Europe/Berlin.") from error


def _language(tag: str) -> str:
    base = tag.lower().partition("-")[0]
    return base if base in MONTHS else "en"


def _piece(found: re.Match[str], moment: datetime, language: str) -> str:
    text = found[0]
    if text.startswith("'"):
        return text[1:-1].replace("''", "'") or "'"
    if not found[1]:
        return text
    write = _LETTERS.get(found[1])
    if write is None:
        raise TemplateInvalid(
            f"{text!r} means nothing in a date's pattern. Use yyyy MM MMM MMMM dd EEE EEEE HH hh mm ss a; "
            "put words in single quotes."
        )
    return write(moment, len(text), language)


def _month(moment: datetime, width: int, language: str) -> str:
    if width <= 2:
        return f"{moment.month:0{width}}"
    name = MONTHS[language][moment.month - 1]
    return name[1] if width == 3 else name[0]


def _weekday(moment: datetime, width: int, language: str) -> str:
    name = DAYS[language][moment.weekday()]
    return name[0] if width >= 4 else name[1]


def _year(moment: datetime, width: int, language: str) -> str:
    return f"{moment.year % 100:02}" if width == 2 else f"{moment.year:0{width}}"


def _offset(moment: datetime, width: int, language: str) -> str:
    return moment.strftime("%z")


def _padded(of: Callable[[datetime], int]) -> Callable[[datetime, int, str], str]:
    return lambda moment, width, language: f"{of(moment):0{width}}"


# As in java.text.SimpleDateFormat, the letters a message can need.
_LETTERS: Final[dict[str, Callable[[datetime, int, str], str]]] = {
    "y": _year, "M": _month, "d": _padded(lambda moment: moment.day), "E": _weekday,
    "D": _padded(lambda moment: moment.timetuple().tm_yday), "w": _padded(lambda moment: moment.isocalendar()[1]),
    "H": _padded(lambda moment: moment.hour), "h": _padded(lambda moment: moment.hour % 12 or 12),
    "m": _padded(lambda moment: moment.minute), "s": _padded(lambda moment: moment.second),
    "S": lambda moment, width, language: f"{moment.microsecond:06}"[:width],
    "a": lambda moment, width, language: "AM" if moment.hour < 12 else "PM", "Z": _offset, "X": _offset,
}  # fmt: skip


def _day(value: Any) -> date:
    return moment_of(value).date()


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "formatDate": format_date, "age": age, "dateDiff": date_diff, "setDays": set_days, "setHours": set_hours,
    "addDays": add_days, "addHours": add_hours, "toUTC": to_utc, "toDateTimeOnly": to_date,
    "toDateTime": lambda value: written(moment_of(value)),
    "currentTimeInMillis": lambda value: int(now().timestamp() * 1000),
    "toMillis": lambda value: int(moment_of(value).timestamp() * 1000),
    "dayOfWeek": lambda value: _day(value).isoweekday(), "dayOfYear": lambda value: _day(value).timetuple().tm_yday,
    "weekOfYear": lambda value: _day(value).isocalendar()[1],
}  # fmt: skip
