"""Helper functions about texts."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import re2

from core.errors import TemplateInvalid
from core.templating.functions.values import is_absent, list_of, number_of, shown, text_of, whole_of

_LONGEST_PATTERN: Final = 200
_LARGEST_RESULT: Final = 100_000  # characters, before the engine's own limit is looked at
_TRUE: Final = frozenset({"true", "yes", "y", "1", "on"})
_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")  # noqa: RUF001


def upper(value: Any) -> str:
    """ALL CAPITALS."""
    return text_of(value).upper()


def lower(value: Any) -> str:
    """All small letters."""
    return text_of(value).lower()


def title_case(value: Any) -> str:
    """Each word with a capital, the rest as it is in small letters."""
    return _WORD.sub(lambda found: found[0][:1].upper() + found[0][1:].lower(), text_of(value))


def camel_case(value: Any) -> str:
    """Words joined, each after the first with a capital."""
    words = [word.lower() for word in _WORD.findall(text_of(value))]
    return "".join(words[:1] + [word[:1].upper() + word[1:] for word in words[1:]])


def trim(value: Any) -> str:
    """Without blanks at both ends."""
    return text_of(value).strip()


def left_trim(value: Any) -> str:
    """Without blanks at the beginning."""
    return text_of(value).lstrip()


def right_trim(value: Any) -> str:
    """Without blanks at the end."""
    return text_of(value).rstrip()


def length(value: Any) -> int:
    """Characters of a text, items of a list or map."""
    return len(value) if isinstance(value, list | dict) else len(text_of(value))


def concat(value: Any, *more: Any) -> Any:
    """Texts, or lists, one after the other."""
    if isinstance(value, list | tuple | range):
        return [item for part in (value, *more) for item in list_of(part)]
    return "".join(map(text_of, (value, *more)))


def substr(value: Any, start: Any = 0, end: Any = None) -> str:
    """From one position up to another, counted from 0."""
    first = max(whole_of(start), 0)
    return text_of(value)[first : None if end is None else max(whole_of(end), 0)]


def index_of(value: Any, part: Any = "") -> int:
    """Where a text stands in another for the first time, from 0; -1: nowhere."""
    return text_of(value).find(text_of(part))


def last_index_of(value: Any, part: Any = "") -> int:
    """Where a text stands in another for the last time, from 0; -1: nowhere."""
    return text_of(value).rfind(text_of(part))


def char_code_at(value: Any, position: Any = 0) -> int:
    """The Unicode number of the character at a position, counted from 0."""
    text, index = text_of(value), whole_of(position)
    if not 0 <= index < len(text):
        raise TemplateInvalid(f"{shown(value)} has no character at position {index}.")
    return ord(text[index])


def mask(value: Any, start: Any = 0, count: Any = None) -> str:
    """So many characters from a position on become X."""
    text = text_of(value)
    first = min(max(whole_of(start), 0), len(text))
    last = len(text) if count is None else min(first + max(whole_of(count), 0), len(text))
    return text[:first] + "X" * (last - first) + text[last:]


def replace_all(value: Any, pattern: Any = "", new: Any = "") -> str:
    r"""Every match of a regular expression (RE2) becomes the new text; \1 is its first group."""
    text, wanted, found = text_of(value), text_of(new), _pattern(text_of(pattern))
    matches_found = sum(1 for _ in found.finditer(text))
    if matches_found * len(wanted) + wanted.count("\\") * len(text) > _LARGEST_RESULT:
        raise TemplateInvalid("replaceAll would write too much. Replace less, or by something shorter.")
    try:
        return str(found.sub(wanted, text))
    except (re2.error, IndexError) as error:
        raise TemplateInvalid(f"{shown(new)} names a group that the expression does not have.") from error


def matches(value: Any, pattern: Any = "") -> bool:
    """Whether the whole text fits a regular expression (RE2)."""
    return _pattern(text_of(pattern)).fullmatch(text_of(value)) is not None


def regex_group(value: Any, pattern: Any = "", group: Any = 1) -> str:
    """What a group of a regular expression (RE2) found; blank when nothing fits."""
    found = _pattern(text_of(pattern)).search(text_of(value))
    try:
        return (found[whole_of(group)] or "") if found else ""
    except IndexError as error:
        raise TemplateInvalid(f"The expression has no group {text_of(group)}.") from error


def like(value: Any, pattern: Any = "") -> bool:
    """Whether the whole text fits; % stands for any characters, _ for one."""
    wanted = text_of(pattern)
    signs = {"%": ".*", "_": "."}
    return matches(value, "(?s)" + "".join(signs.get(sign) or re.escape(sign) for sign in wanted))


def extract_email_domain(value: Any) -> str:
    """What stands after the @ of an e-mail address."""
    return text_of(value).strip().rpartition("@")[2] if "@" in text_of(value) else ""


def is_empty(value: Any) -> bool:
    """Whether it is missing, blank, or a list or map without items."""
    return is_absent(value) or value in ("", [], {})


def to_bool(value: Any) -> bool:
    """True for true, yes, y, on and 1."""
    return text_of(value).strip().lower() in _TRUE


def has_part(value: Any, part: Any = "") -> bool:
    """Whether a text holds another, or a list an item."""
    return part in value if isinstance(value, list) else text_of(part) in text_of(value)


def equals_ignore_case(value: Any, other: Any = "") -> bool:
    """Whether two texts are the same but for capitals."""
    return text_of(value).casefold() == text_of(other).casefold()


def equals(value: Any, other: Any = "") -> bool:
    """Whether two values are the same; a number equals its text."""
    return value == other or text_of(value) == text_of(other)


def _not(function: Callable[..., bool]) -> Callable[..., bool]:
    def opposite(value: Any, *arguments: Any) -> bool:
        return not function(value, *arguments)

    return opposite


def _starts(value: Any, part: Any = "") -> bool:
    return text_of(value).startswith(text_of(part))


def _ends(value: Any, part: Any = "") -> bool:
    return text_of(value).endswith(text_of(part))


@lru_cache(maxsize=256)
def _pattern(source: str) -> Any:
    """RE2: linear in time, whatever the expression is."""
    if len(source) > _LONGEST_PATTERN:
        raise TemplateInvalid(f"The expression is longer than {_LONGEST_PATTERN} characters.")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(source, options)
    except re2.error as error:
        raise TemplateInvalid(f"{shown(source)} is no regular expression of the kind RE2 reads.") from error


TAKE_ABSENT: Final = frozenset({"isEmpty", "isNotEmpty"})
FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "upper": upper, "lower": lower, "titleCase": title_case, "camelCase": camel_case, "trim": trim,
    "leftTrim": left_trim, "rightTrim": right_trim, "length": length, "concat": concat, "substr": substr,
    "indexOf": index_of, "lastIndexOf": last_index_of, "charCodeAt": char_code_at, "mask": mask,
    "replaceAll": replace_all, "matches": matches, "regexGroup": regex_group, "like": like,
    "extractEmailDomain": extract_email_domain, "isEmpty": is_empty, "isNotEmpty": _not(is_empty),
    "doesNotContain": _not(has_part), "startsWith": _starts, "doesNotStartWith": _not(_starts),
    "endsWith": _ends, "doesNotEndWith": _not(_ends), "equals": equals, "notEqualTo": _not(equals),
    "equalsIgnoreCase": equals_ignore_case, "notEqualWithIgnoreCase": _not(equals_ignore_case), "toBool": to_bool,
    "toString": text_of, "toNumber": number_of,
}  # fmt: skip
