"""Handing recipients' messages over to the queue: message and recipient change in one commit, or neither does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from campaigns.models import (
    Campaign,
    CampaignRun,
    Exclusion,
    Recipient,
    RecipientState,
)
from campaigns.running import tallies, throttle
from campaigns.running.room import room_for
from campaigns.running.tallies import Cell
from campaigns.running.texts import Reader, Words, exclusion_of, ways_out, words_of, writer
from consent import ledger
from core.bulk import update_rows
from core.clock import database_now
from core.errors import CapReached, GatewayError, SpendStop
from messaging.accept import Submission, through_channel
from messaging.accept_many import accept_many
from messaging.models import Message, Source
from messaging.pacing import QuietTimes
from profiles.models import Profile

CHUNK = 200
# A limit on messages or money is reached: others may pass, this one asks again.
_ASK_AGAIN = timedelta(minutes=1)
Known = tuple[str, str, str]  # number, language, time zone


@dataclass
class Fed:
    """What became of a chunk of recipients."""

    accepted: dict[int, UUID] = field(default_factory=dict)
    excluded: dict[int, Exclusion] = field(default_factory=dict)
    later: dict[int, datetime] = field(default_factory=dict)
    note: str = ""

    @property
    def count(self) -> int:
        """How many of them were looked at."""
        return len(self.accepted) + len(self.excluded) + len(self.later)


def due_recipients(run: CampaignRun, moment: datetime) -> QuerySet[Recipient]:
    """Those whose turn it is, the longest due first."""
    pending = Recipient.objects.filter(run=run, state=RecipientState.PENDING)
    return pending.filter(due_at__lte=moment).order_by("due_at", "id")


def feed(run: CampaignRun) -> int:
    """Hand over the next recipients; gives how many were looked at, 0: none is due or may go. The run is locked."""
    campaign, moment = run.campaign, database_now()
    most = min(CHUNK, room_for(campaign.channel), _allowed(run, campaign, moment))
    if most <= 0:
        return 0
    rows = list(due_recipients(run, moment).select_for_update()[:most])  # who is erased meanwhile waits
    if not rows:
        return 0
    fed = _hand_over(campaign, rows, moment, run)
    _store(run, rows, fed)
    _note(run, campaign, fed, moment)
    return fed.count


def _allowed(run: CampaignRun, campaign: Campaign, moment: datetime) -> int:
    if campaign.per_minute is None:
        return CHUNK
    return throttle.allowed(used_until=run.allowance_at, moment=moment, per_minute=campaign.per_minute)


def _hand_over(campaign: Campaign, rows: Sequence[Recipient], moment: datetime, run: CampaignRun) -> Fed:
    fed, words = Fed(), words_of(campaign)
    known = profiles_of({row.profile_id for row in rows if row.profile_id})
    quiet = QuietTimes(campaign.channel, campaign.channel.purpose, moment)
    going: list[Recipient] = []
    for row in rows:
        profile = known.get(row.profile_id) if row.profile_id else None
        if reason := _unfit(row, profile):
            fed.excluded[row.id] = reason
        elif (due_at := quiet.end_for(row.msisdn, profile[2] if profile else "")) > moment:
            fed.later[row.id] = due_at
        else:
            going.append(row)
    submissions = submissions_for(campaign, going, known, words, reference=reference_of(run))
    for row, outcome in zip(going, accept_many(submissions), strict=True):
        _note_outcome(fed, row, outcome, moment)
    return fed


def _note_outcome(fed: Fed, row: Recipient, outcome: Message | GatewayError, moment: datetime) -> None:
    if isinstance(outcome, Message):
        fed.accepted[row.id] = outcome.id
    elif isinstance(outcome, CapReached | SpendStop):
        fed.later[row.id], fed.note = moment + _ASK_AGAIN, outcome.text
    else:
        fed.excluded[row.id] = exclusion_of(outcome)


def profiles_of(ids: set[UUID]) -> dict[UUID, Known]:
    """What is needed of recipients' profiles; one query."""
    rows = Profile.objects.filter(id__in=ids).order_by()
    return {
        profile_id: (msisdn, language, zone)
        for profile_id, msisdn, language, zone in rows.values_list("id", "msisdn", "language", "time_zone")
    }


def _unfit(row: Recipient, profile: Known | None) -> Exclusion | None:
    """Why a recipient is no recipient any more, by what has become of the profile since the audience was read."""
    if row.profile_id is None:
        return None
    if profile is None:
        return Exclusion.PROFILE_GONE
    return Exclusion.NUMBER_CHANGED if profile[0] != row.msisdn else None


def submissions_for(
    campaign: Campaign,
    rows: Sequence[Recipient],
    known: Mapping[UUID, Known],
    words: Mapping[str, Words],
    *,
    reference: str = "",
) -> list[Submission]:
    """What is sent to each recipient, in order; consent is looked up for all of them at once."""
    subjects = ledger.subjects_for({row.msisdn for row in rows}) if rows else {}
    standing = ledger.standing_for(set(subjects.values())) if rows else {}
    exits = ways_out(campaign, words, subjects)
    made = []
    for row in rows:
        own, subject_id = words[row.variant], subjects[row.msisdn]
        profile = known.get(row.profile_id) if row.profile_id else None
        language = profile[1] if profile else ""
        reader = Reader(language, standing.get(subject_id, ()), way_out=exits.get(row.msisdn))
        write = writer(own, reader)
        made.append(
            submission_for(
                campaign, to=row.msisdn, text=own.source_for(language), write=write, subject_id=subject_id,
                reference=reference,
            )
        )  # fmt: skip
    return made


def submission_for(campaign: Campaign, **values: Any) -> Submission:
    """A message of the campaign: channel, purpose, routes, quiet hours, caps and validity are the channel's."""
    values = {"actor": f"campaign {campaign.name}"[:150], **values}
    return through_channel(campaign.channel, source=Source.CAMPAIGN, **values)


def reference_of(run: CampaignRun) -> str:
    """What stands in the reference of each message of a run."""
    return f"campaign:{run.campaign_id}:{run.number}"


def _store(run: CampaignRun, rows: Sequence[Recipient], fed: Fed) -> None:
    """Recipients change by compare-and-set; that one is not pending any more ends the whole chunk."""
    changed = update_rows(
        Recipient,
        [
            {"id": row_id, "state": RecipientState.ACCEPTED.value, "reason": "", "message_id": message_id}
            for row_id, message_id in fed.accepted.items()
        ],
        where=_PENDING,
    )
    changed += update_rows(
        Recipient,
        [
            {"id": row_id, "state": RecipientState.EXCLUDED.value, "reason": reason.value}
            for row_id, reason in fed.excluded.items()
        ],
        where=_PENDING,
    )
    update_rows(Recipient, [{"id": row_id, "due_at": due_at} for row_id, due_at in fed.later.items()])
    if changed != len(fed.accepted) + len(fed.excluded):
        raise RuntimeError(f"Recipients of run {run.id} changed while they were locked.")
    tallies.add(run.id, _changes(rows, fed))


_PENDING = f"t.state = '{RecipientState.PENDING}'"


def _changes(rows: Sequence[Recipient], fed: Fed) -> Counter[Cell]:
    variant_of = {row.id: row.variant for row in rows}
    changes = tallies.moved(
        Counter(variant_of[row_id] for row_id in fed.accepted), state=RecipientState.ACCEPTED
    )
    for reason in set(fed.excluded.values()):
        variants = Counter(variant_of[row_id] for row_id, why in fed.excluded.items() if why == reason)
        changes.update(tallies.moved(variants, state=RecipientState.EXCLUDED, reason=reason))
    return changes


def _note(run: CampaignRun, campaign: Campaign, fed: Fed, moment: datetime) -> None:
    """What the run has to remember; nothing is written where nothing changed."""
    fields = []
    if campaign.per_minute is not None and fed.accepted:
        run.allowance_at = throttle.used(
            used_until=run.allowance_at,
            moment=moment,
            per_minute=campaign.per_minute,
            count=len(fed.accepted),
        )
        fields.append("allowance_at")
    if run.note != fed.note[:500]:
        run.note = fed.note[:500]
        fields.append("note")
    if fields:
        run.save(update_fields=fields)
