"""A response rule as a person reads it."""

from __future__ import annotations

from typing import Final

from credentials.choices import RULE_OUTCOMES, Test
from credentials.spec import Rule

_LONGEST: Final = 200
_OUTCOMES: Final = dict(RULE_OUTCOMES)


def in_words(number: int, rule: Rule) -> str:
    """What a rule, by its number from 1, asks and decides; variables stay {{name}}, so no secret is told."""
    where, values = rule.path or "the answer", ", ".join(rule.values)
    status = f"{rule.statuses}:" if rule.statuses else ""
    asked = " ".join(filter(None, [status, where, Test(rule.test).label, values]))
    return f"Response rule {number} ({asked[:_LONGEST]}): {_OUTCOMES[rule.outcome]}"
