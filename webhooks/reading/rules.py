"""What a callback is: the first rule that fits decides. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.errors import GatewayError, MappingInvalid
from credentials.rules import tester
from webhooks.mapping import Row
from webhooks.spec import CallbackRule
from webhooks.statuses import CANONICAL

TAKES: Final = ("message", "report", "opt_out", "ignore", "refuse")


@dataclass(frozen=True, slots=True)
class _Ready:
    """A rule whose test is compiled."""

    rule: CallbackRule
    role: str
    path: str
    passes: Callable[[Any], bool]


class Rules:
    """Rules in their order; MappingInvalid when one of them can never work."""

    def __init__(self, rules: Sequence[CallbackRule]) -> None:
        self._ready = tuple(_ready(rule, number) for number, rule in enumerate(rules, start=1))
        self.paths = tuple(dict.fromkeys(ready.path for ready in self._ready if ready.path))

    def __bool__(self) -> bool:
        return bool(self._ready)

    def first_fit(self, role: str, row: Row, slots: Mapping[str, int]) -> CallbackRule | None:
        """The rule that decides for a row; None when none fits. `slots`: the row's slot of each path."""
        for ready in self._ready:
            if ready.role and ready.role != role:
                continue
            if ready.passes(row.values.get(slots[ready.path]) if ready.path else ""):
                return ready.rule
        return None


def _ready(rule: CallbackRule, number: int) -> _Ready:
    if rule.take not in TAKES:
        raise MappingInvalid(f"Rule {number}: {rule.take!r} is not known. Use {', '.join(TAKES)}.")
    if rule.status and rule.status not in CANONICAL:
        raise MappingInvalid(
            f"Rule {number}: there is no status {rule.status!r}. Use {', '.join(CANONICAL)}."
        )
    if rule.test != "always" and not rule.path:
        raise MappingInvalid(f"Rule {number}: write the path of the value that is tested.")
    try:
        passes = tester(rule.test, rule.values)
    except GatewayError as error:
        raise MappingInvalid(f"Rule {number}: {error.text}") from error
    return _Ready(rule, rule.role.strip("/"), rule.path.strip() if rule.test != "always" else "", passes)
