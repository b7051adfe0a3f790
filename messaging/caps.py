"""Frequency caps: at most so many marketing messages to one recipient, counted under lock at the gate."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q

from core.vocabulary import Purpose
from messaging.models import ChannelConfiguration, Message, Source
from messaging.models.timing import CapScope, CapWindow
from messaging.states import CAPPED, Reason, State
from messaging.verdicts import Verdict

WINDOWS: dict[str, timedelta] = {
    CapWindow.DAY: timedelta(hours=24),
    CapWindow.WEEK: timedelta(days=7),
    CapWindow.MONTH: timedelta(days=30),
}
# Any number that no other transaction lock of this database uses.
_LOCK_CLASS = 7_041
_Counted = dict[int, list[tuple[datetime, uuid.UUID | None]]]


def applies_to(message: Message) -> bool:
    """Whether the message's channel limits how many of its kind a recipient gets."""
    channel = message.channel
    return (
        channel is not None
        and channel.cap_count is not None
        and message.purpose == Purpose.MARKETING
        and message.source != Source.TEST
    )


def over_the_cap(messages: Sequence[Message], moment: datetime) -> dict[uuid.UUID, Verdict]:
    """Verdicts on those over their channel's cap; those of the same call count each other, in order."""
    if not messages:
        return {}
    subjects = sorted({message.subject_id for message in messages})
    _lock(subjects)
    longest = max(WINDOWS[_channel(message).cap_window] for message in messages)
    sent = _sent_since(subjects, moment - longest, moment)
    verdicts = {}
    for message in messages:
        verdict = _verdict(message, sent[message.subject_id], moment)
        if verdict is None:
            sent[message.subject_id].append((moment, message.channel_id))
        else:
            verdicts[message.id] = verdict
    return verdicts


def free_again(times: Iterable[datetime], *, count: int, window: timedelta, moment: datetime) -> datetime:
    """Pure: when one more message is within the cap; `moment` itself when it is so now."""
    within = sorted((at for at in times if at > moment - window), reverse=True)
    return moment if len(within) < count else max(within[count - 1] + window, moment)


def _verdict(
    message: Message, sent: Sequence[tuple[datetime, uuid.UUID | None]], moment: datetime
) -> Verdict | None:
    channel = _channel(message)
    assert channel.cap_count is not None
    everywhere = channel.cap_scope == CapScope.ALL
    due_at = free_again(
        [at for at, channel_id in sent if everywhere or channel_id == channel.id],
        count=channel.cap_count,
        window=WINDOWS[channel.cap_window],
        moment=moment,
    )
    if due_at <= moment:
        return None
    if channel.cap_drops:
        return Verdict(State.SUPPRESSED, Reason.FREQUENCY_CAP)
    return Verdict(State.QUEUED, Reason.FREQUENCY_CAP, due_at)


def _lock(subject_ids: list[int]) -> None:
    """Gates share a subject's row; where they count they go one after another. In order, after all other locks.

    The lock ends with the transaction, so the next one sees what this one let through. SQLite needs none.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, id) FROM "
            "(SELECT hashint8(u) AS id FROM unnest(%s::bigint[]) AS u ORDER BY 1) AS ordered",
            [_LOCK_CLASS, subject_ids],
        )


def _sent_since(subject_ids: list[int], since: datetime, moment: datetime) -> _Counted:
    """When marketing went to each subject, or `moment` where it is on its way, and through which channel; one query.

    `due_at` of a message that has left is when its result was written, or shortly before.
    """
    rows = (
        Message.objects.filter(Q(state=State.SENDING) | Q(due_at__gt=since), subject_id__in=subject_ids)
        .filter(purpose=Purpose.MARKETING, state__in=CAPPED)
        .order_by()
        .values_list("subject_id", "due_at", "channel_id", "state")
    )
    found: _Counted = defaultdict(list)
    for subject_id, at, channel_id, state in rows:
        found[subject_id].append((moment if state == State.SENDING else at, channel_id))
    return found


def _channel(message: Message) -> ChannelConfiguration:
    assert message.channel is not None
    return message.channel
