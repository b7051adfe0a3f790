"""What a column of a file may stand for, and what its name and first values suggest; pure.

Names are compared without case, blanks, dashes and underscores.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from profiles.attributes import DEEPEST, NAME

LONGEST_PATH = 200


class Target(StrEnum):
    """What a column is."""

    IGNORE = ""
    NUMBER = "number"
    EXTERNAL_ID = "external_id"
    LANGUAGE = "language"
    TIME_ZONE = "time_zone"
    ATTRIBUTE = "attribute"


class Type(StrEnum):
    """How the cells of an attribute are read."""

    TEXT = "text"
    NUMBER = "number"
    YES_NO = "yes_no"
    DATE = "date"
    LIST = "list"
    JSON = "json"


# What people see, in the order of the form.
TARGETS: dict[str, str] = {
    Target.IGNORE: "Ignore it",
    Target.NUMBER: "Number",
    Target.EXTERNAL_ID: "External ID",
    Target.LANGUAGE: "Language",
    Target.TIME_ZONE: "Time zone",
    Target.ATTRIBUTE: "Attribute",
}
TYPES: dict[str, str] = {
    Type.TEXT: "Text",
    Type.NUMBER: "Number",
    Type.YES_NO: "Yes or no",
    Type.DATE: "Date",
    Type.LIST: "List",
    Type.JSON: "JSON",
}
_KNOWN: dict[Target, frozenset[str]] = {
    Target.NUMBER: frozenset(
        (
            "number", "phonenumber", "phone", "mobile", "msisdn", "mobilenumber", "mobilephone", "cell", "cellphone",
            "telephone", "tel", "handy", "handynummer", "rufnummer", "telefon", "smsnumber", "to", "recipient",
            "othernumbers", "phone2", "mobile2", "phone1", "mobile1", "homephone", "workphone", "alternatephone",
        )
    ),
    Target.EXTERNAL_ID: frozenset(
        (
            "externalid", "id", "customerid", "userid", "contactid", "crmid", "customernumber", "memberid", "clientid",
            "kundennummer", "subscriberkey", "contactkey", "personid",
        )
    ),
    Target.LANGUAGE: frozenset(("language", "lang", "locale", "languagecode", "sprache", "preferredlanguage")),
    Target.TIME_ZONE: frozenset(("timezone", "tz", "zeitzone", "timezonename")),
}  # fmt: skip
_ONCE = frozenset((Target.EXTERNAL_ID, Target.LANGUAGE, Target.TIME_ZONE))
# Our own export brings these; they are no attributes.
_OURS = frozenset(("createdat", "updatedat"))
_NO_FIGURE = re.compile(r"zip|post|code|plz|phone|mobile|number|nummer|id$", re.IGNORECASE)
_FIGURE = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,6}|,(?![0-9]{3}$)[0-9]{1,6})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YES_NO = frozenset(("yes", "no", "true", "false"))


@dataclass(frozen=True, slots=True)
class Column:
    """What one column stands for; `path` and `type` are those of an attribute."""

    target: str = Target.IGNORE
    path: str = ""
    type: str = Type.TEXT

    @classmethod
    def from_plan(cls, kept: Mapping[str, Any]) -> Column:
        """The reverse of `kept`."""
        return cls(kept["target"], kept.get("path", ""), kept.get("type", Type.TEXT))

    @property
    def kept(self) -> dict[str, str]:
        """As it is stored."""
        return {"target": self.target, "path": self.path, "type": self.type}


def guess(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Column]:
    """What each column may be, by its name and the first rows; a column no name can be made of is ignored."""
    found: list[Column] = []
    taken: set[str] = set()
    for index, name in enumerate(names):
        values = [row[index].strip() for row in rows if index < len(row) and row[index].strip()]
        column = _guess_one(name, values, taken)
        if column.target in _ONCE:
            taken.add(column.target)
        if column.target == Target.ATTRIBUTE:
            taken.add(column.path)
        found.append(column)
    return found


def path_problem(path: str) -> str:
    """What is wrong with the name of an attribute (`address.city`); "" when nothing is."""
    if len(path) > LONGEST_PATH:
        return "The name is too long."
    parts = path.split(".")
    if not all(NAME.fullmatch(part) for part in parts):
        return "Use letters, digits and _, starting with a letter; a dot leads into an object: address.city."
    if len(parts) > DEEPEST:
        return f"At most {DEEPEST} levels."
    return ""


def clash_of(paths: Sequence[str]) -> str:
    """The first name that stands twice, or both for a value and for an object; "" when none does."""
    seen: set[str] = set()
    for path in paths:
        parts = path.split(".")
        above = {".".join(parts[:end]) for end in range(1, len(parts))}
        if path in seen or above & seen or any(one.startswith(f"{path}.") for one in seen):
            return path
        seen.add(path)
    return ""


def _guess_one(name: str, values: Sequence[str], taken: set[str]) -> Column:
    bare = re.sub(r"[\s_\-.]+", "", name.casefold())
    for target, names in _KNOWN.items():
        if bare in names and target not in taken:
            return Column(target)
    path = _path_of(name)
    if bare in _OURS or not path or path in taken:
        return Column()
    return Column(Target.ATTRIBUTE, path, _type_of(name, values))


def _path_of(name: str) -> str:
    """`First name` is firstName, `City` is city, `address.city` stays; "" where nothing can be made of it."""
    parts = [_camel(part) for part in name.removeprefix("attributes.").split(".")]
    path = ".".join(parts)
    return "" if path_problem(path) else path


def _camel(text: str) -> str:
    if NAME.fullmatch(text.strip()):
        return text.strip().lower() if text.strip().istitle() else text.strip()
    first, *more = re.findall(r"[A-Za-z0-9]+", text) or [""]
    return "".join([first[:1].lower() + first[1:], *(word[:1].upper() + word[1:] for word in more)])[:64]


def _type_of(name: str, values: Sequence[str]) -> Type:
    if not values:
        return Type.TEXT
    if all(value.casefold() in _YES_NO for value in values):
        return Type.YES_NO
    if all(_DAY.fullmatch(value) for value in values):
        return Type.DATE
    if all(_FIGURE.fullmatch(value) for value in values) and not _NO_FIGURE.search(name):
        return Type.NUMBER
    if all(value[0] in "[{" and value[-1] in "]}" for value in values):
        return Type.JSON
    return Type.TEXT
