"""The recipients of a run one by one: in pages, of a state, reason or outcome, or a person by number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from campaigns.models import CampaignRun, Exclusion, Recipient, RecipientState
from campaigns.outcomes import LABELS
from campaigns.picking import chosen_by, page_of
from campaigns.running import tallies
from core.clock import now
from core.numbers import mask_number, search_forms
from messaging.models import Message
from messaging.states import State

PAGE = 50
_HIDDEN = "erased"


@dataclass(frozen=True)
class Person:
    """A recipient as a row of a page; `message_id` where there is a message that is still kept."""

    number: str
    variant: str
    standing: str
    message_id: UUID | None


@dataclass(frozen=True)
class People:
    """A page of recipients; `after` asks for the next one, 0: there is none. `is_cut`: there may be more in between."""

    rows: tuple[Person, ...] = ()
    after: int = 0
    is_cut: bool = False


@dataclass(frozen=True)
class Choice:
    """A line of the list of what can be shown; `count` where it is known."""

    key: str
    label: str
    count: int | None = None


def people_of(run: CampaignRun, *, number: str = "", show: str = "", after: str = "") -> People:
    """Recipients of the chosen kind after an id, or those of a number in any form."""
    if number:
        forms = search_forms(number, default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY)
        return People(_rows(Recipient.objects.filter(run=run, msisdn__in=forms).order_by("id")[:PAGE]))
    last = int(after[:18]) if after.isdecimal() and after.isascii() else 0
    page = page_of(run, chosen_by(show), after=last, size=PAGE)
    return People(_rows(page.rows), page.after, page.is_cut)


def choices_of(run: CampaignRun) -> list[tuple[str, list[Choice]]]:
    """What there is to choose from, in groups: states, reasons, outcomes. Nothing is counted for it."""
    states: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for (_, state, reason), count in tallies.of(run.id).items():
        states[state] += count
        reasons[reason] += count if state == RecipientState.EXCLUDED else 0
    accepted, excluded = str(RecipientState.ACCEPTED), str(RecipientState.EXCLUDED)
    groups = [
        ("By state", [Choice(state, _STATES[state], states[state]) for state in _STATES if states[state]]),
        (
            "Left out because",
            [
                Choice(f"{excluded}.{reason}", str(Exclusion(reason).label), count)
                for reason, count in (+reasons).most_common()
            ],
        ),
        (
            "Accepted, and then",
            [Choice(f"{accepted}.{name}", label) for name, label in LABELS.items() if states[accepted]],
        ),
    ]
    return [("", [Choice("", "Everybody", states.total())]), *((name, some) for name, some in groups if some)]


_STATES: dict[str, str] = {
    RecipientState.ACCEPTED: "Accepted",
    RecipientState.EXCLUDED: "Left out",
    RecipientState.PENDING: "Pending",
    RecipientState.CANCELLED: "Cancelled",
}


def _rows(recipients: Iterable[Recipient]) -> tuple[Person, ...]:
    """Rows with the states of their messages, which are looked up together."""
    some = list(recipients)
    messages = Message.objects.filter(id__in=[row.message_id for row in some if row.message_id]).order_by()
    state_of = dict(messages.values_list("id", "state"))
    return tuple(_person(row, state_of) for row in some)


def _person(row: Recipient, state_of: Mapping[UUID, str]) -> Person:
    kept = row.message_id if row.message_id in state_of else None
    if kept is not None:
        standing = str(State(state_of[kept]).label)
    elif row.reason:
        standing = f"Left out: {Exclusion(row.reason).label}"
    elif row.state == RecipientState.PENDING and row.due_at > now():
        standing = f"Pending, not before {row.due_at:%Y-%m-%d %H:%M} UTC"
    else:
        standing = str(RecipientState(row.state).label)
    number = mask_number(row.msisdn) if row.msisdn.startswith("+") else _HIDDEN
    return Person(number, row.variant, standing, kept)
