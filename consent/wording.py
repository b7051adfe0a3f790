"""States, scopes and purposes in the words of staff."""

from __future__ import annotations

from collections.abc import Iterable

from consent.rules import ALL, IN, OUT, State


def summary_of(states: Iterable[State]) -> str:
    """What holds now in a few words: "Opted out of marketing"; cells inside a wider opt-out are left out."""
    states = list(states)
    out = [state for state in states if state.state == OUT]
    widest = [state for state in out if not any(_wider(other, state) for other in out)]
    paused = sorted(_words(state) for state in states if state.paused_at)
    waits = f"Paused until reviewed: {', '.join(paused)}" if paused else ""
    if widest:
        chosen = f"Opted out of {', '.join(sorted(_words(state) for state in widest))}"
    else:
        agreed = sorted(_words(state) for state in states if state.state == IN)
        chosen = f"Opted in to {', '.join(agreed)}" if agreed else ""
    return ". ".join(filter(None, (waits, chosen)))


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
