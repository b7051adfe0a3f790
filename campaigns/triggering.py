"""Triggered campaigns: applications and keywords name recipients, with data of the occasion as {{context.…}}.

A recipient is named once for each key. Message and recipient are stored in one commit, so a call that is repeated gets
what became of the first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from access.models import ApiKey
from campaigns.models import (
    Campaign,
    CampaignKind,
    CampaignRun,
    CampaignState,
    Exclusion,
    Recipient,
    RecipientState,
    RunState,
)
from campaigns.running import tallies
from campaigns.running.expanding import split_of
from campaigns.running.feeding import reference_of, submission_for
from campaigns.running.texts import Reader, exclusion_of, ways_out, words_of, writer
from consent import ledger
from core.bulk import insert_new
from core.clock import now
from core.errors import (
    CampaignStateWrong,
    CampaignUnknown,
    ChannelInactive,
    GatewayError,
    IdempotencyInProgress,
    about,
)
from core.numbers import parse_number
from messaging.accept import Submission
from messaging.accept_many import accept_many
from messaging.models import ChannelStatus, Message
from profiles.models import Profile

MOST_NAMED = 1_000
LONGEST_KEY = 100


@dataclass(frozen=True)
class Named:
    """A recipient that a call names; `key` makes a second call give what became of the first."""

    to: str
    key: str
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What became of one: a message, or why there is none. `error` is of this call, `reason` is kept."""

    msisdn: str = ""
    message_id: UUID | None = None
    reason: str = ""
    error: GatewayError | None = None


def trigger(
    *, campaign: Campaign, msisdn: str, context: Mapping[str, Any] | None = None, unique_key: str
) -> Outcome:
    """Send the campaign to one number (E.164), once for the key; CampaignStateWrong where it takes no calls."""
    return trigger_many(campaign=campaign, named=[Named(msisdn, unique_key, context or {})])[0]


@transaction.atomic
def trigger_many(
    *, campaign: Campaign, named: Sequence[Named], actor: str = "", api_key: ApiKey | None = None
) -> list[Outcome]:
    """Send the campaign to everybody named, in order; who cannot be written to is no reason to refuse the others.

    `api_key`: whose call it is, so that its limits on messages and money count them.
    """
    run = _open_run(campaign)
    country = campaign.channel.default_country or settings.SMSGATEWAY_DEFAULT_COUNTRY
    numbers = [_number(one.to, country) for one in named]
    asked = [(number, one.key) for one, number in zip(named, numbers, strict=True) if isinstance(number, str)]
    before = _known(run, asked)
    fresh = {
        (number, one.key): one
        for one, number in zip(named, numbers, strict=True)
        if isinstance(number, str) and (number, one.key) not in before
    }
    caller: dict[str, Any] = {"api_key": api_key, **({"actor": actor} if actor else {})}
    found = before | _send(run, campaign, fresh, caller)
    return [
        Outcome(error=number) if isinstance(number, GatewayError) else found[number, one.key]
        for one, number in zip(named, numbers, strict=True)
    ]


def _open_run(campaign: Campaign) -> CampaignRun:
    if campaign.kind != CampaignKind.TRIGGERED:
        raise CampaignStateWrong(
            f"The campaign {campaign} goes to an audience. Only triggered campaigns take recipients from calls."
        )
    if campaign.channel.status != ChannelStatus.ACTIVE:
        raise ChannelInactive(
            f"The channel configuration {campaign.channel.name} is a draft. Activate it in the admin, then send again."
        )
    run = None
    if campaign.state == CampaignState.RUNNING:
        run = campaign.runs.filter(state=RunState.SENDING).order_by("number").first()
    if run is None:
        state = CampaignState(campaign.state).label.lower()
        raise CampaignStateWrong(
            f"The campaign {campaign} is {state}. Start or resume it in the admin first."
        )
    return run


def _still_open(run: CampaignRun, campaign: Campaign) -> None:
    """Who cancels or pauses comes before these or after them: what is stored after that would go out all the same."""
    locked = CampaignRun.objects.filter(id=run.id).select_for_update(of=("self",))
    states = locked.values_list("state", "campaign__state").first()
    if states != (RunState.SENDING, CampaignState.RUNNING):
        raise CampaignStateWrong(
            f"The campaign {campaign} has just been stopped: nobody of this call gets a message."
        )


def _number(to: str, country: str) -> str | GatewayError:
    try:
        with about("to"):
            return parse_number(to, default_country=country)
    except GatewayError as error:
        return error


Place = tuple[str, str]  # number, key


def _known(run: CampaignRun, asked: Sequence[Place]) -> dict[Place, Outcome]:
    """What became of those that were named before under the same key."""
    rows = Recipient.objects.filter(
        run=run, msisdn__in={number for number, _ in asked}, trigger_key__in={key for _, key in asked}
    )
    return {
        (row.msisdn, row.trigger_key): Outcome(row.msisdn, row.message_id, row.reason)
        for row in rows.order_by()
    }


def _send(
    run: CampaignRun, campaign: Campaign, fresh: Mapping[Place, Named], caller: Mapping[str, Any]
) -> dict[Place, Outcome]:
    """Accept and note; whoever is named by two calls at once belongs to the one that commits first."""
    if not fresh:
        return {}
    profiles = _profiles({number for number, _ in fresh})
    split = split_of(campaign)
    labels = {place: split.label_for(place[0]) or "" for place in fresh}
    submissions = _submissions(run, campaign, fresh, labels, profiles, caller)
    found: dict[Place, Outcome] = {}
    rows = []
    for place, result in zip(fresh, accept_many(submissions), strict=True):
        outcome = _outcome(place[0], result)
        found[place] = outcome
        rows.append(_row(run, place, labels[place], profiles, outcome))
    if len(insert_new(Recipient, rows, returning=("id",))) < len(rows):
        raise IdempotencyInProgress(
            "Another call names the same recipient under the same key. Repeat this one."
        )
    _still_open(run, campaign)
    tallies.add(run.id, Counter((row["variant"], row["state"], row["reason"]) for row in rows))
    return found


def _outcome(msisdn: str, result: Message | GatewayError) -> Outcome:
    if isinstance(result, Message):
        return Outcome(msisdn, result.id)
    return Outcome(msisdn, reason=exclusion_of(result).value, error=result)


def _row(
    run: CampaignRun,
    place: Place,
    label: str,
    profiles: Mapping[str, tuple[UUID, str]],
    outcome: Outcome,
) -> dict[str, Any]:
    number, key = place
    state = RecipientState.ACCEPTED if outcome.message_id else RecipientState.EXCLUDED
    return {
        "run_id": run.id,
        "profile_id": profiles[number][0] if number in profiles else None,
        "msisdn": number,
        "trigger_key": key,
        "variant": label,
        "state": state.value,
        "reason": outcome.reason,
        "due_at": now(),
        "message_id": outcome.message_id,
    }


def _profiles(numbers: set[str]) -> dict[str, tuple[UUID, str]]:
    rows = Profile.objects.filter(msisdn__in=numbers).order_by().values_list("msisdn", "id", "language")
    return {msisdn: (profile_id, language) for msisdn, profile_id, language in rows}


def _submissions(
    run: CampaignRun,
    campaign: Campaign,
    fresh: Mapping[Place, Named],
    labels: Mapping[Place, str],
    profiles: Mapping[str, tuple[UUID, str]],
    caller: Mapping[str, Any],
) -> list[Submission]:
    words = words_of(campaign)
    subjects = ledger.subjects_for({number for number, _ in fresh})
    standing = ledger.standing_for(set(subjects.values()))
    exits = ways_out(campaign, words, subjects)
    made = []
    for place, one in fresh.items():
        number, own = place[0], words[labels[place]]
        language = profiles[number][1] if number in profiles else ""
        states = standing.get(subjects[number], ())
        write = writer(own, Reader(language, states, one.context, exits.get(number), may_stop=False))
        made.append(
            submission_for(
                campaign, to=number, text=own.source_for(language), write=write, subject_id=subjects[number],
                reference=reference_of(run), **caller,
            )
        )  # fmt: skip
    return made


def find(name_or_id: str) -> Campaign:
    """A campaign by its id or its name; CampaignUnknown where there is none."""
    campaigns = Campaign.objects.select_related("channel__credential", "audience")
    try:
        found = campaigns.filter(id=UUID(name_or_id)).first()
    except ValueError:
        found = campaigns.filter(name=name_or_id).first()
    if found is None:
        raise CampaignUnknown(f"There is no campaign {name_or_id}. Use the id that stands on its page.")
    return found


def exclusion_words(reason: str) -> str:
    """A kept reason in words."""
    return str(Exclusion(reason).label) if reason in Exclusion.values else reason
