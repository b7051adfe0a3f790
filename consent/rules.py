"""The rules of consent, pure: what an event changes, and whether a message may go out.

A state stands for one cell, scope x purpose. Scope is "all", "brand:<name>" or "sender:<value>"; purpose
is "all", "marketing" or "transactional". Of all cells that touch a message the most restrictive wins.

Order: an opt-in counts only if it is later than the cell's latest opt-out; an opt-out counts always, unless signed
times prove that a later opt-in followed it. The same event twice changes nothing. In doubt, out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from core.vocabulary import Purpose

ALL = "all"
IN, OUT, NONE = "in", "out", ""
SUPPRESSED = "suppressed"  # no cell of the record: an entry of the suppression list, seen by `decide` only
# Whose opt-outs an opt-in may lift, by the opt-in's source. An import never turns an "out" into an "in".
LIFTS: dict[str, frozenset[str]] = {
    "keyword": frozenset({"keyword", "web"}),
    "web": frozenset({"keyword", "web"}),
    "provider": frozenset({"provider", "keyword"}),
    "api": frozenset({"api", "import", "keyword", "web"}),
    "staff": frozenset({"staff", "provider", "api", "import", "keyword", "web"}),
    "import": frozenset(),
}
# Sources that are the person's own words: only these end a pause without a review.
OWN_WORDS = frozenset({"keyword", "web"})
# Which opt-out a cell remembers when several fell on it: the one that is hardest to lift.
_FIRMNESS = ("keyword", "web", "import", "api", "provider", "staff")
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
    """What holds now for one cell; `state` is "" where there is no choice, only a pause.

    `out_at` is when its latest opt-out happened, `in_at` when its latest opt-in did, if a signature proves that;
    `paused_at` since when it waits for a review.
    """

    scope: str
    purpose: str
    state: str
    source: str
    out_at: datetime | None = None
    in_at: datetime | None = None
    paused_at: datetime | None = None


@dataclass(frozen=True)
class Change:
    """An event as the rules see it; `time_proven`: the provider signed `occurred_at`."""

    kind: str
    scope: str
    purpose: str
    source: str
    occurred_at: datetime
    time_proven: bool = False
    decision: str = ""


@dataclass(frozen=True)
class Decision:
    """Whether a message may go out, and if not why: "suppressed", "opted_out", "consent_paused" or "no_opt_in"."""

    allowed: bool
    reason: str = ""


def decide(
    states: Iterable[State], *, sender: str, brand: str = "", purpose: Purpose, require_opt_in: bool
) -> Decision:
    """May a message of this purpose go from this sender? `require_opt_in` matters to marketing only."""
    scopes = {ALL, f"sender:{sender}", *([f"brand:{brand}"] if brand else [])}
    purposes = _TOUCHED_BY[purpose]
    in_scope = [state for state in states if state.scope in scopes]
    if purpose is not Purpose.CONSENT_REPLY and any(state.state == SUPPRESSED for state in in_scope):
        return Decision(allowed=False, reason="suppressed")
    touching = [state for state in in_scope if state.purpose in purposes]
    if any(state.state == OUT for state in touching):
        return Decision(allowed=False, reason="opted_out")
    if any(state.paused_at for state in touching):
        return Decision(allowed=False, reason="consent_paused")
    opted_in = any(state.state == IN for state in touching)
    if purpose is Purpose.MARKETING and require_opt_in and not opted_in:
        return Decision(allowed=False, reason="no_opt_in")
    return Decision(allowed=True)


def fold(states: Iterable[State], change: Change) -> list[State]:
    """The cells that an event changes or makes; the others stay as they are."""
    cells = {(state.scope, state.purpose): state for state in states}
    effect = _EFFECTS.get(change.kind)
    after = effect(cells, change) if effect else []
    return [state for state in after if cells.get((state.scope, state.purpose)) != state]


def fold_all(changes: Iterable[Change]) -> dict[tuple[str, str], State]:
    """The cells that a whole history makes, in the order of its events."""
    cells: Cells = {}
    for change in changes:
        cells |= {(state.scope, state.purpose): state for state in fold(cells.values(), change)}
    return cells


def lifts_anything(states: Iterable[State], change: Change) -> bool:
    """Whether an opt-in would turn some "out" into "in"."""
    return any(
        state.state == IN and before.state == OUT
        for state in fold(states, change)
        for before in states
        if (before.scope, before.purpose) == (state.scope, state.purpose)
    )


Cells = dict[tuple[str, str], State]


def _opt_out(cells: Cells, change: Change) -> list[State]:
    own = cells.get((change.scope, change.purpose), _blank(change))
    if _overtaken(cells, own, change):
        return []
    # An opt-in given for a narrower cell is withdrawn too: it must not spring back later.
    narrower = [state for state in cells.values() if _covers(change, state) and state.state == IN]
    beyond = [state for state in narrower if _cell(state) != _cell(own) and not _proven_later(state, change)]
    return [_out(own, change), *(_out(state, change) for state in beyond)]


def _blank(change: Change) -> State:
    return State(scope=change.scope, purpose=change.purpose, state=NONE, source=change.source)


def _cell(state: State) -> tuple[str, str]:
    return state.scope, state.purpose


def _overtaken(cells: Cells, own: State, change: Change) -> bool:
    """Whether signed times prove an opt-in of this cell, or of one around it, to be later than the opt-out."""
    around = (
        state
        for state in cells.values()
        if state.scope in {ALL, own.scope} and state.purpose in {ALL, own.purpose} and state.state == IN
    )
    return any(_proven_later(state, change) for state in around)


def _proven_later(state: State, change: Change) -> bool:
    return change.time_proven and state.in_at is not None and state.in_at > change.occurred_at


def _out(state: State, change: Change) -> State:
    source = change.source
    if state.state == OUT:
        source = max(source, state.source, key=_FIRMNESS.index)
    return replace(
        state, state=OUT, source=source, out_at=_latest(state.out_at, change.occurred_at), in_at=None
    )


def _latest(one: datetime | None, other: datetime) -> datetime:
    return max(one, other) if one else other


def _opt_in(cells: Cells, change: Change) -> list[State]:
    own = cells.get((change.scope, change.purpose))
    makes_own = (own is None or own.state == NONE) and not _outdated(cells, change)
    covered = [state for state in cells.values() if _covers(change, state)]
    after = [_after_opt_in(state, change) for state in covered if not (makes_own and state is own)]
    if makes_own:
        after.append(_without_pause(_in(own or _blank(change), change), change))
    return after


def _after_opt_in(state: State, change: Change) -> State:
    """A cell that the opt-in covers: lifted where it was out, freed of a pause by the person's own later words."""
    if state.state == OUT and _may_lift(state, change):
        state = _in(state, change)
    elif state.state == IN and change.time_proven:
        state = replace(state, in_at=_latest(state.in_at, change.occurred_at))
    return _without_pause(state, change)


def _without_pause(state: State, change: Change) -> State:
    later = state.paused_at is not None and change.occurred_at > state.paused_at
    return replace(state, paused_at=None) if later and change.source in OWN_WORDS else state


def _in(state: State, change: Change) -> State:
    proven = change.occurred_at if change.time_proven else None
    return replace(state, state=IN, source=change.source, in_at=proven)


def _pause(cells: Cells, change: Change) -> list[State]:
    own = cells.get((change.scope, change.purpose), _blank(change))
    return [replace(own, paused_at=_latest(own.paused_at, change.occurred_at))]


def _resume(cells: Cells, change: Change) -> list[State]:
    """A decided review ends its pause; an opt-out that was decided is an event of its own."""
    own = cells.get((change.scope, change.purpose))
    return [replace(own, paused_at=None)] if own and own.paused_at else []


def _end_of_number(cells: Cells, change: Change) -> list[State]:
    """The number may go to somebody else: what its owner agreed to ends, what was refused stays refused."""
    return [replace(state, state=NONE, in_at=None) for state in cells.values() if state.state == IN]


def _erase(cells: Cells, change: Change) -> list[State]:
    """Who asks to be forgotten is not written to; the person's own START may lift it, an import never."""
    return _opt_out(cells, replace(change, scope=ALL, purpose=ALL, source="keyword", time_proven=False))


_EFFECTS = {
    "opt_out": _opt_out,
    "carrier_block": _opt_out,
    "opt_in": _opt_in,
    "opt_in_confirmed": _opt_in,
    "possible_opt_out": _pause,
    "review_decision": _resume,
    "number_deactivated": _end_of_number,
    "erase": _erase,
}


def _may_lift(state: State, change: Change) -> bool:
    later = state.out_at is None or change.occurred_at > state.out_at
    return later and state.source in LIFTS[change.source]


def _outdated(cells: Cells, change: Change) -> bool:
    """Whether a wider opt-out came at the same time or later: in doubt, out."""
    around = (
        state
        for state in cells.values()
        if state.scope in {ALL, change.scope} and state.purpose in {ALL, change.purpose}
    )
    return any(
        state.state in (OUT, NONE) and state.out_at is not None and state.out_at >= change.occurred_at
        for state in around
    )


def _covers(change: Change, state: State) -> bool:
    return change.scope in {ALL, state.scope} and change.purpose in {ALL, state.purpose}
