"""Reading a filter: JSON in, conditions out, and everything that is wrong with it by its path. Pure.

    {"version": 1, "all": [
        {"field": "attributes.city", "op": "is", "value": "Berlin"},
        {"any": [{"field": "language", "op": "is", "value": "de"}, {"not": {…}}]},
        {"field": "messages", "op": "not_sent", "days": 30, "channel": "<id>"}]}

`{}` stands for all profiles.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from campaigns.audiences.fields import ATTRIBUTE, ATTRIBUTES, FIELDS, OPERATORS, Field
from campaigns.audiences.tree import Condition, Group, Negation, Node, conditions_of
from campaigns.audiences.values import READERS, ValueWrong, read_country, read_option
from core.errors import AudienceFilterInvalid
from profiles.attributes import DEEPEST as DEEPEST_ATTRIBUTE
from profiles.attributes import NAME

VERSION = 1
DEEPEST = 5
MOST_CONDITIONS = 50
_GROUPS = ("all", "any", "not")
_OWN_KEYS = frozenset({"field", "op", "value"})


@dataclass(frozen=True)
class Problem:
    """What is wrong and where, such as "all[1].value"; a warning does not keep the filter from being used."""

    path: str
    message: str
    level: str = "error"


def read(source: Any) -> Node:
    """The filter as a tree; AudienceFilterInvalid names the first thing wrong with it."""
    node, problems = look_at(source)
    if problems:
        first = problems[0]
        where = f"filter.{first.path}" if first.path else "filter"
        raise AudienceFilterInvalid(f"{where}: {first.message}", param=where)
    return node


def check(source: Any, *, known: Collection[str] = ()) -> list[Problem]:
    """Everything wrong with it; attributes that are not among the `known` (dotted names) get a warning."""
    node, problems = look_at(source)
    return problems + unknown_attributes(node, known)


def look_at(source: Any) -> tuple[Node, list[Problem]]:
    """What could be read, and all that could not."""
    reader = _Reader()
    return reader.top(source), reader.problems


@dataclass
class _Reader:
    """Goes through the JSON once."""

    problems: list[Problem] = field(default_factory=list)
    count: int = 0

    def top(self, source: Any) -> Node:
        if not isinstance(source, Mapping):
            self.say(
                "",
                'A filter is an object such as {"all": [{"field": "language", "op": "is", "value": "de"}]}.',
            )
            return Group()
        body = {name: item for name, item in source.items() if name != "version"}
        if source.get("version", VERSION) != VERSION:
            self.say("version", f"This gateway reads version {VERSION} of filters.")
        return self.node(body, "", 1) if body else Group()

    def say(self, path: str, message: str) -> None:
        self.problems.append(Problem(path, message))

    def node(self, source: Any, path: str, depth: int) -> Node:
        if not isinstance(source, Mapping):
            self.say(path, 'Here stands a condition, {"field": …, "op": …}, or a group, {"all": […]}.')
            return Group()
        kinds = [kind for kind in _GROUPS if kind in source]
        if not kinds:
            return self.condition(source, path)
        if len(source) > 1:
            others = ", ".join(sorted(str(name) for name in source if name != kinds[0]))
            self.say(path, f"“{kinds[0]}” stands alone in its object; move {others} into a group of its own.")
        if depth > DEEPEST:
            self.say(path, f"Groups are nested deeper than {DEEPEST} levels. Put conditions together.")
            return Group()
        return self.group(kinds[0], source[kinds[0]], f"{path}.{kinds[0]}".strip("."), depth)

    def group(self, kind: str, inner: Any, path: str, depth: int) -> Node:
        if kind == "not":
            return Negation(self.node(inner, path, depth + 1))
        if not isinstance(inner, list):
            self.say(path, f"“{kind}” takes a list of conditions.")
            return Group()
        if not inner and (kind == "any" or depth > 1):
            self.say(path, "The group is empty. Add a condition to it, or remove it.")
        children = [self.node(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(inner)]
        return Group(tuple(children), is_any=kind == "any")

    def condition(self, source: Mapping[str, Any], path: str) -> Node:
        self.count += 1
        if self.count > MOST_CONDITIONS:
            if self.count == MOST_CONDITIONS + 1:
                self.say(
                    path, f"There are more than {MOST_CONDITIONS} conditions. Use “is one of” for long lists."
                )
            return Group()
        named = self.field(source.get("field"), _under(path, "field"))
        if named is None:
            return Group()
        name, attribute, about = named
        op = self.operator(source.get("op"), about, _under(path, "op"))
        if not op:
            return Group()
        value = self.value(source, name, op, about, path)
        return Condition(name, op, value, attribute, self.options(source, about, path))

    def field(self, named: Any, path: str) -> tuple[str, tuple[str, ...], Field] | None:
        """Name of the field, path of an attribute, and what is known about it."""
        if isinstance(named, str) and named in FIELDS:
            return named, (), FIELDS[named]
        start, _, rest = str(named or "").partition(".")
        if start != ATTRIBUTES:
            self.say(path, _no_such_field(str(named or "")))
            return None
        steps = tuple(rest.split("."))
        if len(steps) > DEEPEST_ATTRIBUTE or not all(NAME.fullmatch(step) for step in steps):
            self.say(path, "Write attributes.city, or attributes.address.city for one inside another.")
            return None
        return ATTRIBUTES, steps, ATTRIBUTE

    def operator(self, named: Any, about: Field, path: str) -> str:
        if isinstance(named, str) and named in about.operators:
            return named
        given = f"“{named}” cannot be asked here" if named else "The operator is missing"
        guess = _guess(str(named or ""), about.operators)
        self.say(path, f"{given}. {guess or 'Use one of: ' + ', '.join(about.operators) + '.'}")
        return ""

    def value(self, source: Mapping[str, Any], name: str, op: str, about: Field, path: str) -> Any:
        try:
            value = READERS[OPERATORS[op].takes](source.get("value"))
            if about.choices and value not in about.choices:
                listed = ", ".join(about.choices)
                raise ValueWrong(f"{_guess(str(value), about.choices)} Use one of: {listed}.".strip())
            return read_country(value) if name == "country" else value
        except ValueWrong as wrong:
            self.say(_under(path, "value"), wrong.text)
            return None

    def options(self, source: Mapping[str, Any], about: Field, path: str) -> dict[str, Any]:
        found = {}
        for name, given in source.items():
            if name in _OWN_KEYS or given in (None, ""):
                continue
            if name not in about.options:
                self.say(_under(path, str(name)), _no_such_option(str(name), about))
                continue
            try:
                found[name] = read_option(name, given)
            except ValueWrong as wrong:
                self.say(_under(path, name), wrong.text)
        return found


def _under(path: str, name: str) -> str:
    return f"{path}.{name}".strip(".")


def _no_such_field(named: str) -> str:
    if not named:
        return "The field is missing. Name one, such as language or attributes.city."
    guess = _guess(named, FIELDS)
    if named.startswith("profile."):
        guess = f"Did you mean “attributes.{named.removeprefix('profile.')}”?"
    return f"There is no field “{named[:80]}”. {guess or f'For an attribute write attributes.{named[:60]}.'}"


def _no_such_option(name: str, about: Field) -> str:
    listed = ", ".join(("value", *about.options)) if about.options else "value"
    return f"There is no “{name[:40]}” in this condition. {_guess(name, about.options) or f'It takes: {listed}.'}"


def unknown_attributes(node: Node, known: Collection[str]) -> list[Problem]:
    """A warning for each attribute that is not among the `known` (dotted names)."""
    found: dict[str, Problem] = {}
    for condition in conditions_of(node) if known else ():
        name = ".".join(condition.path)
        if name and name not in known and not any(other.startswith(f"{name}.") for other in known):
            guess = _guess(name, known) or "It matches nobody until profiles have it."
            found[name] = Problem(f"{ATTRIBUTES}.{name}", f"No profile seen has “{name}”. {guess}", "warning")
    return list(found.values())


def _guess(name: str, known: Collection[str]) -> str:
    by_case = {other.casefold(): other for other in known}
    close = get_close_matches(name.casefold(), by_case, n=1, cutoff=0.6)
    return f"Did you mean “{by_case[close[0]]}”?" if close else ""
