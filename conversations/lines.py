"""Items of a conversation in the words of the page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from consent.models import Kind
from consent.wording import purpose_words, scope_words
from conversations.threads import Item
from messaging.admin.badges import TONES, why_of
from messaging.gate import is_on_hold
from messaging.states import State
from webhooks.keywords import Intent

_CONSENT_TONES: Final = {
    Kind.OPT_IN.value: "good",
    Kind.OPT_IN_CONFIRMED.value: "good",
    Kind.OPT_OUT.value: "bad",
    Kind.CARRIER_BLOCK.value: "bad",
    Kind.POSSIBLE_OPT_OUT.value: "warn",
}
_INTENT_TONES: Final = {
    Intent.OPT_IN.value: "good",
    Intent.OPT_OUT.value: "bad",
    Intent.POSSIBLE_OPT_OUT.value: "warn",
}
# What a consent event reaches is said where it is about choosing; HELP, say, reaches nothing.
_REACH: Final = frozenset({*_CONSENT_TONES})


def shown(items: Iterable[Item[Any]]) -> list[dict[str, Any]]:
    """Each item with what the template says about it."""
    on_hold = is_on_hold()
    return [{"item": item, "row": item.row, **_SHOWN[item.kind](item.row, on_hold)} for item in items]


def have_several_ways(items: Iterable[Item[Any]]) -> bool:
    """Whether more than one number of ours takes part, so that each item has to say its own."""
    ours = {item.row.sender for item in items if item.kind == "outbound"}
    return len(ours) > 1 or len({item.row.recipient for item in items if item.kind == "inbound"}) > 1


def _outbound(message: Any, on_hold: bool) -> dict[str, Any]:
    tries = message.tries + message.uncounted_tries
    return {
        "tone": TONES.get(message.state, ""),
        "why": why_of(message, on_hold=on_hold, expects_reports=True),
        "is_moving": message.state in (State.QUEUED, State.CLAIMED, State.SENDING),
        "attempts": f"{tries} attempt{'' if tries == 1 else 's'}" if tries else "",
    }


def _inbound(message: Any, on_hold: bool) -> dict[str, Any]:
    forward = getattr(message, "forward", None)
    why_silent = message.request.reason if message.intent and message.request else ""
    return {
        "tone": _INTENT_TONES.get(message.intent, ""),
        "read_as": message.get_intent_display() if message.intent else "",
        "notes": [
            *filter(None, (_forwarded(forward), "" if message.reply_id else why_silent)),
            *_done(message),
        ],
    }


def _consent(event: Any, on_hold: bool) -> dict[str, Any]:
    reach = (
        f"{purpose_words(event.purpose)}, {scope_words(event.scope).lower()}" if event.kind in _REACH else ""
    )
    return {"tone": _CONSENT_TONES.get(event.kind, ""), "reach": reach}


def _forwarded(forward: Any) -> str:
    return f"Forwarded to {forward.url}: {forward.get_state_display().lower()}" if forward else ""


def _done(message: Any) -> list[str]:
    """What the keyword asked of audiences and campaigns."""
    return [f"{row}: {row.note or row.get_state_display().lower()}" for row in message.keyword_actions.all()]


_SHOWN: Final = {"outbound": _outbound, "inbound": _inbound, "consent": _consent}
