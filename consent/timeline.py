"""The life of one number: every event with what held before and after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from consent.models import ConsentEvent, ConsentSubject
from consent.rules import Change, State, fold
from consent.selectors import OpenedEvent, opened
from consent.wording import purpose_words, scope_words, summary_of

NOTHING = "Nothing on record"
# What evidence is called on screen; other names stand as they are.
_FACTS = {
    "url": "Page", "ip": "Internet address", "user_agent": "Browser", "language": "Language", "shown": "Text shown",
    "evidence": "Evidence", "webhook": "Webhook", "recipient": "Written to", "provider_message_id": "Provider's id",
    "file": "File", "line": "Line", "collected_through": "Collected through", "claimed_at": "Claimed time",
}  # fmt: skip
_WORDS = {"in": "opted in", "out": "opted out", "": "no choice"}


@dataclass(frozen=True)
class CellChange:
    """What an event did to one scope and purpose, in words."""

    where: str
    before: str
    after: str


@dataclass(frozen=True)
class Step:
    """One event opened, what held before and after it, and each cell it changed."""

    opened: OpenedEvent
    before: str
    after: str
    changes: tuple[CellChange, ...]

    @property
    def event(self) -> ConsentEvent:
        """The event itself."""
        return self.opened.event

    @property
    def facts(self) -> list[tuple[str, Any]]:
        """The sealed evidence, named for people; columns of an imported file one by one, blank values left out."""
        found = dict(self.opened.evidence)
        columns = found.pop("columns", {})
        named = [(_FACTS.get(name, name), value) for name, value in found.items() if value not in ("", None)]
        return named + (list(columns.items()) if isinstance(columns, dict) else [("Columns", columns)])


def timeline(subject: ConsentSubject) -> list[Step]:
    """Every event of a subject, newest first, by folding them again from the first on."""
    events = subject.events.select_related("subject__key").order_by("sequence")
    cells: dict[tuple[str, str], State] = {}
    steps = []
    for one in opened(events):
        before = dict(cells)
        changed = fold(cells.values(), change_of(one.event))
        cells |= {(state.scope, state.purpose): state for state in changed}
        steps.append(
            Step(
                opened=one,
                before=words_of(before.values()),
                after=words_of(cells.values()),
                changes=tuple(_cell_change(state, before) for state in changed),
            )
        )
    return steps[::-1]


def change_of(event: ConsentEvent) -> Change:
    """A stored event as the rules see it."""
    return Change(
        event.kind,
        event.scope,
        event.purpose,
        event.source,
        event.occurred_at,
        event.time_proven,
        event.decision,
    )


def words_of(states: Iterable[State]) -> str:
    """What holds, in a few words; "Nothing on record" when nothing does."""
    return summary_of(states) or NOTHING


def _cell_change(state: State, before: dict[tuple[str, str], State]) -> CellChange:
    earlier = before.get((state.scope, state.purpose))
    return CellChange(
        where=f"{scope_words(state.scope)}, {purpose_words(state.purpose).lower()}",
        before=_WORDS[earlier.state] if earlier else "no choice",
        after=_WORDS[state.state] + (", paused until reviewed" if state.paused_at else ""),
    )
