"""How long a message may wait before sending it would be wrong."""

from __future__ import annotations

from datetime import timedelta

from django.utils.dateparse import parse_duration

from core.vocabulary import Purpose
from messaging.models import ChannelConfiguration
from messaging.models.timing import LONGEST_VALIDITY_MINUTES

VALIDITY: dict[str, timedelta] = {
    Purpose.MARKETING: timedelta(hours=4),
    Purpose.TRANSACTIONAL: timedelta(hours=24),
    Purpose.ONE_TIME_CODE: timedelta(minutes=10),
    Purpose.CONSENT_REPLY: timedelta(minutes=5),
}
SHORTEST = timedelta(seconds=10)
LONGEST = timedelta(minutes=LONGEST_VALIDITY_MINUTES)


def validity_of(
    purpose: Purpose, channel: ChannelConfiguration | None, asked: timedelta | None = None
) -> timedelta:
    """What the submission asks for, else what the channel says for its purpose, else the purpose's own."""
    if asked is not None:
        return asked
    usual = VALIDITY[purpose]
    if channel is None or channel.give_up_after is None:
        return usual
    own = timedelta(minutes=channel.give_up_after)
    # A code is good for minutes, whatever the channel says of its other messages.
    return own if purpose == channel.purpose else min(own, usual)


def read_validity(value: object) -> timedelta:
    """Seconds, or an ISO 8601 duration such as "PT10M"; ValueError says what is wrong."""
    match value:
        case bool():
            found = None
        case int():
            found = _seconds(value)
        case str() if value.isascii() and value.isdigit():
            found = _seconds(int(value[:20]))
        case str() if value[:1] == "P":
            found = parse_duration(value[:40])
        case _:
            found = None
    if found is None:
        raise ValueError("Write seconds, such as 600, or an ISO 8601 duration, such as PT10M.")
    if not SHORTEST <= found <= LONGEST:
        raise ValueError("A message can be valid from 10 seconds to 7 days.")
    return found


def _seconds(count: int) -> timedelta:
    """Too many for a duration are as good as a day more than is allowed."""
    return timedelta(seconds=min(max(count, -1), int(LONGEST.total_seconds()) + 86_400))
