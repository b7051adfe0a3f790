"""The recipients of a run one by one: in pages by id, or a person by number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from campaigns.models import CampaignRun, Exclusion, Recipient, RecipientState
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
    """A page of recipients; `after` asks for the next one, 0: there is none."""

    rows: tuple[Person, ...] = ()
    after: int = 0


def people_of(run: CampaignRun, *, number: str = "", after: str = "") -> People:
    """Recipients after an id, or those of a number in any form."""
    found = Recipient.objects.filter(run=run).order_by("id")
    if number:
        forms = search_forms(number, default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY)
        return People(_rows(found.filter(msisdn__in=forms)[:PAGE]))
    if after.isdigit():
        found = found.filter(id__gt=int(after[:18]))
    shown = list(found[: PAGE + 1])
    return People(_rows(shown[:PAGE]), shown[PAGE - 1].id if len(shown) > PAGE else 0)


def _rows(recipients: QuerySet[Recipient] | list[Recipient]) -> tuple[Person, ...]:
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
    else:
        standing = str(RecipientState(row.state).label)
    number = mask_number(row.msisdn) if row.msisdn.startswith("+") else _HIDDEN
    return Person(number, row.variant, standing, kept)
