"""Scripted faults: rules set at run time, tried in order, and below them the table by number."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import count

from simulator.accounts import PATHS, TOKEN_PATH
from simulator.actions import GOOD, Action, read_action, whole
from simulator.faults import FAULT_BY_SUFFIX
from simulator.wire import Refusal

MAX_RULES = 1000
MAX_TRIED = 20_000


@dataclass(slots=True)
class Rule:
    """A rule in force: `times` how often it still acts (None = always), `hits` how often it did."""

    id: int
    to: str
    path: str
    times: int | None
    source: Mapping[str, object]
    action: Action
    hits: int = 0

    def fits(self, path: str, to: str) -> bool:
        """Whether the rule acts on a request to `path` for the number `to`."""
        return self.is_for(path) and fnmatchcase(to, self.to)

    def is_for(self, path: str) -> bool:
        """Whether the rule still acts on requests to `path`; the token endpoint only when it is named."""
        return self.times != 0 and (path == self.path if self.path else path != TOKEN_PATH)

    def as_json(self) -> dict[str, object]:
        """The rule as it was given, with its counts."""
        match = {"to": self.to} | ({"path": self.path} if self.path else {})
        return {"id": self.id, "match": match, "times": self.times, "action": self.source, "hits": self.hits}


class Script:
    """The rules in force, tried in order, then the table by number; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = count(1)
        self.clear()

    def clear(self) -> None:
        """Removes all rules and forgets which messages were tried."""
        with self._lock:
            self._rules: list[Rule] = []
            self._tried: OrderedDict[tuple[str, str], None] = OrderedDict()

    def add(self, entries: list[object]) -> None:
        """Adds rules of the form `{"match": {"to", "path"}, "times", "action"}`; all of them or none."""
        rules = [self._read(entry) for entry in entries]
        with self._lock:
            if len(self._rules) + len(rules) > MAX_RULES:
                raise Refusal(422, "TOO_MANY_RULES", f"At most {MAX_RULES} rules.")
            self._rules.extend(rules)

    def _read(self, entry: object) -> Rule:
        if not isinstance(entry, dict) or not isinstance(entry.get("action"), dict):
            raise Refusal(422, "INVALID_RULE", "A rule is an object with match, times and action.")
        match = entry.get("match") or {}
        if unknown := (set(entry) - {"match", "times", "action"}) | (set(match) - {"to", "path"}):
            raise Refusal(422, "INVALID_RULE", f"{sorted(unknown)[0]!r} is not known in a rule.")
        times = entry.get("times")
        if times is not None:
            try:
                whole(1, 1_000_000)(times)
            except ValueError as error:
                raise Refusal(422, "INVALID_RULE", f"times {error}.", param="times") from error
        to, path = str(match.get("to") or "*"), str(match.get("path") or "")
        return Rule(next(self._ids), to, path, times, entry["action"], read_action(entry["action"]))

    def listing(self) -> list[dict[str, object]]:
        """All rules, used up ones too."""
        with self._lock:
            return [rule.as_json() for rule in self._rules]

    def drops_unread(self, path: str) -> bool:
        """Whether the very next request to `path` is to be reset before its body is read."""
        if not self._rules or path not in (*PATHS, TOKEN_PATH):  # the simulator's own pages always answer
            return False
        with self._lock:
            rule = next((rule for rule in self._rules if rule.is_for(path)), None)
            if rule is None or rule.to != "*" or rule.action.reset != "before":
                return False
            _use(rule)
            return True

    def action_for(self, path: str, to: str, reference: str = "") -> Action:
        """What happens to this message; uses up one of a rule's times."""
        if not self._rules and to[-6:] not in FAULT_BY_SUFFIX:
            return GOOD
        with self._lock:
            for rule in self._rules:
                if rule.fits(path, to):
                    _use(rule)
                    return rule.action
            fault = FAULT_BY_SUFFIX.get(to[-6:])
            if fault is None or (fault.once and self._was_tried(to, reference)):
                return GOOD
            return fault.action

    def _was_tried(self, to: str, reference: str) -> bool:
        """Notes the try; without a reference every second message to the number passes."""
        key = (to, reference)
        if key in self._tried:
            if not reference:
                del self._tried[key]
            return True
        self._tried[key] = None
        if len(self._tried) > MAX_TRIED:
            self._tried.popitem(last=False)
        return False


def _use(rule: Rule) -> None:
    rule.hits += 1
    if rule.times is not None:
        rule.times -= 1
