"""The rules of consent, pure: what an event changes, and whether a message may go out.

A state stands for one cell, scope x purpose. Scope is "all", "brand:<name>" or "sender:<value>"; purpose
is "all", "marketing" or "transactional". Of all cells that touch a message the most restrictive wins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from core.vocabulary import Purpose

ALL = "all"
IN, OUT = "in", "out"
# Whose opt-outs an opt-in may lift, by the opt-in's source. An import never turns an "out" into an "in".
LIFTS: dict[str, frozenset[str]] = {
    "keyword": frozenset({"keyword"}),
    "provider": frozenset({"provider", "keyword"}),
    "api": frozenset({"api", "import", "keyword"}),
    "staff": frozenset({"staff", "provider", "api", "import", "keyword"}),
    "import": frozenset(),
}
# Which opt-out a cell remembers when several fell on it: the one that is hardest to lift.
_FIRMNESS = ("keyword", "import", "api", "provider", "staff")
# Cells that touch a message, by its purpose. One-time codes were asked for: only an opt-out of transactional
# messages stops them. Consent replies answer the recipient and always go.
_TOUCHED_BY: dict[Purpose, frozenset[str]] = {
    Purpose.MARKETING: frozenset({ALL, "marketing"}),
    Purpose.TRANSACTIONAL: frozenset({ALL, "transactional"}),
    Purpose.ONE_TIME_CODE: frozenset({"transactional"}),
    Purpose.CONSENT_REPLY: frozenset(),
}


@dataclass(frozen=True)
class State:
    """What holds now for one cell; `out_at` is when its latest opt-out happened, if there ever was one."""

    scope: str
    purpose: str
    state: str
    source: str
    out_at: datetime | None = None


@dataclass(frozen=True)
class Change:
    """An opt-in or opt-out as the rules see it."""

    kind: str
    scope: str
    purpose: str
    source: str
    occurred_at: datetime


@dataclass(frozen=True)
class Decision:
    """Whether a message may go out, and if not why: "opted_out" or "no_opt_in"."""

    allowed: bool
    reason: str = ""


def decide(
    states: Iterable[State], *, sender: str, brand: str = "", purpose: Purpose, require_opt_in: bool
) -> Decision:
    """May a message of this purpose go from this sender? `require_opt_in` matters to marketing only."""
    scopes = {ALL, f"sender:{sender}", *([f"brand:{brand}"] if brand else [])}
    purposes = _TOUCHED_BY[purpose]
    touching = [state for state in states if state.scope in scopes and state.purpose in purposes]
    if any(state.state == OUT for state in touching):
        return Decision(allowed=False, reason="opted_out")
    if purpose is Purpose.MARKETING and require_opt_in and not touching:
        return Decision(allowed=False, reason="no_opt_in")
    return Decision(allowed=True)


def fold(states: Iterable[State], change: Change) -> list[State]:
    """The cells that an event changes or makes; the others stay as they are."""
    cells = {(state.scope, state.purpose): state for state in states}
    effects = {"opt_out": _opt_out, "opt_in": _opt_in}
    effect = effects.get(change.kind)
    after = effect(cells, change) if effect else []
    return [state for state in after if cells.get((state.scope, state.purpose)) != state]


def lifts_anything(states: Iterable[State], change: Change) -> bool:
    """Whether an opt-in would turn some "out" into "in"."""
    return any(
        state.state == IN and before.state == OUT
        for state in fold(states, change)
        for before in states
        if (before.scope, before.purpose) == (state.scope, state.purpose)
    )


def summary_of(states: Iterable[State]) -> str:
    """What holds now in a few words: "Opted out of marketing"; cells inside a wider opt-out are left out."""
    states = list(states)
    out = [state for state in states if state.state == OUT]
    widest = [state for state in out if not any(_wider(other, state) for other in out)]
    if widest:
        return f"Opted out of {', '.join(sorted(_words(state) for state in widest))}"
    return f"Opted in to {', '.join(sorted(_words(state) for state in states))}" if states else ""


_PURPOSE_WORDS = {ALL: "Marketing and transactional"}


def scope_words(scope: str) -> str:
    """A scope as staff read it: "All senders", "Sender +15005550006", "Brand Acme"."""
    kind, _, name = scope.partition(":")
    return "All senders" if scope == ALL else f"{kind.capitalize()} {name}".strip()


def purpose_words(purpose: str) -> str:
    """A purpose as staff read it: "Marketing and transactional", "Marketing"."""
    return _PURPOSE_WORDS.get(purpose, purpose.capitalize())


def _wider(one: State, other: State) -> bool:
    return one is not other and one.scope in {ALL, other.scope} and one.purpose in {ALL, other.purpose}


def _words(state: State) -> str:
    kind, _, name = state.scope.partition(":")
    where = "" if state.scope == ALL else f"{kind} {name}"
    what = "everything" if state.purpose == ALL and not where else state.purpose.replace(ALL, "")
    return f"{what} ({where})" if what and where else what or where


Cells = dict[tuple[str, str], State]


def _opt_out(cells: Cells, change: Change) -> list[State]:
    own = cells.get((change.scope, change.purpose))
    # An opt-in given for a narrower cell is withdrawn too: it must not spring back later.
    narrower = [state for state in cells.values() if state is not own and _covers(change, state)]
    return [_out(own, change), *(_out(state, change) for state in narrower if state.state == IN)]


def _out(state: State | None, change: Change) -> State:
    scope, purpose = (state.scope, state.purpose) if state else (change.scope, change.purpose)
    source, out_at = change.source, change.occurred_at
    if state is not None:
        out_at = max(out_at, state.out_at or out_at)
        if state.state == OUT:
            source = max(source, state.source, key=_FIRMNESS.index)
    return State(scope=scope, purpose=purpose, state=OUT, source=source, out_at=out_at)


def _opt_in(cells: Cells, change: Change) -> list[State]:
    own = cells.get((change.scope, change.purpose))
    covered = [state for state in cells.values() if _covers(change, state) and state.state == OUT]
    lifted = [_in(state, change) for state in covered if _may_lift(state, change)]
    if own is None and not _outdated(cells, change):
        return [*lifted, State(scope=change.scope, purpose=change.purpose, state=IN, source=change.source)]
    return lifted


def _in(state: State, change: Change) -> State:
    return State(
        scope=state.scope, purpose=state.purpose, state=IN, source=change.source, out_at=state.out_at
    )


def _may_lift(state: State, change: Change) -> bool:
    later = state.out_at is None or change.occurred_at > state.out_at
    return later and state.source in LIFTS[change.source]


def _outdated(cells: Cells, change: Change) -> bool:
    """Whether a wider opt-out came at the same time or later: in doubt, out."""
    return any(
        state.state == OUT
        and state.scope in {ALL, change.scope}
        and state.purpose in {ALL, change.purpose}
        and state.out_at is not None
        and state.out_at >= change.occurred_at
        for state in cells.values()
    )


def _covers(change: Change, state: State) -> bool:
    return change.scope in {ALL, state.scope} and change.purpose in {ALL, state.purpose}
