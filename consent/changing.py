"""What a change by hand would do, before it is done."""

from __future__ import annotations

from dataclasses import dataclass

from consent.ledger import states_for
from consent.models import ConsentSubject, Kind
from consent.rules import OUT, Change, State, fold, lifts_anything
from consent.sealing import number_hash
from consent.timeline import words_of
from core.clock import now


@dataclass(frozen=True)
class Preview:
    """What holds now, what would hold then; `needs_proof`: an opt-out would be turned round."""

    before: str
    after: str
    changes_anything: bool
    needs_proof: bool
    still_out: bool


def preview(*, msisdn: str, kind: str, scope: str, purpose: str, source: str) -> Preview:
    """The effect of an event on a number (E.164), without recording it."""
    states = states_of(msisdn)
    change = Change(kind, scope, purpose, source, now())
    after = {(state.scope, state.purpose): state for state in states}
    changed = fold(states, change)
    after |= {(state.scope, state.purpose): state for state in changed}
    reached = (state for state in after.values() if _meets(state, change))
    return Preview(
        before=words_of(states),
        after=words_of(after.values()),
        changes_anything=bool(changed),
        needs_proof=lifts_anything(states, change),
        still_out=kind == Kind.OPT_IN and any(state.state == OUT for state in reached),
    )


def states_of(msisdn: str) -> tuple[State, ...]:
    """What holds for a number now; an empty tuple when nothing is on record."""
    subject = ConsentSubject.objects.filter(number_hash=number_hash(msisdn)).first()
    return states_for([subject.pk])[subject.pk] if subject else ()


def _meets(state: State, change: Change) -> bool:
    scopes = state.scope == change.scope or "all" in (state.scope, change.scope)
    return scopes and (state.purpose == change.purpose or "all" in (state.purpose, change.purpose))
