"""Quiet hours and frequency caps at the gate: what a channel asks for is looked at for its whole batch at once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings

from core.vocabulary import Purpose
from messaging import caps
from messaging.models import ChannelConfiguration, Message, Source
from messaging.models.timing import DAY_NUMBERS
from messaging.quiet.hours import Quiet, next_allowed
from messaging.quiet.zones import zones_of
from messaging.states import Reason, State
from messaging.verdicts import Verdict
from profiles.selectors import time_zones_for

_NEVER_QUIET = (Purpose.ONE_TIME_CODE, Purpose.CONSENT_REPLY)
_LOOK_AGAIN = timedelta(days=1)


def held_back(messages: Sequence[Message], moment: datetime) -> dict[uuid.UUID, Verdict]:
    """Verdicts on those that may not go out now though all else allows it; no query while no channel asks for it.

    Called in the gate's transaction: subjects and messages are locked.
    """
    # Half a message is worse than one at night: what has begun is completed.
    fresh = [message for message in messages if not message.provider_id]
    quiet = _in_quiet_hours([message for message in fresh if _keeps_quiet(message)], moment)
    capped = [message for message in fresh if caps.applies_to(message) and message.id not in quiet]
    return quiet | caps.over_the_cap(capped, moment)


def quiet_of(channel: ChannelConfiguration) -> Quiet:
    """The channel's quiet times."""
    return Quiet(
        begins=channel.quiet_from,
        until=channel.quiet_until,
        days=frozenset(DAY_NUMBERS[day] for day in channel.quiet_days),
        whole_days=frozenset(DAY_NUMBERS[day] for day in channel.quiet_whole_days),
    )


class QuietTimes:
    """When recipients of a channel are left in peace, looked up before their messages are made."""

    def __init__(self, channel: ChannelConfiguration, purpose: str, moment: datetime) -> None:
        self._quiet = quiet_of(channel) if _has_quiet(channel, purpose) else None
        self._moment = moment
        self._ends: dict[tuple[str, ...], datetime] = {}

    def end_for(self, msisdn: str, profile_zone: str) -> datetime:
        """The first moment at which the recipient may be written to; now, where it is not quiet."""
        if self._quiet is None:
            return self._moment
        zones = _zones(msisdn, profile_zone)
        if zones not in self._ends:
            self._ends[zones] = _allowed_at(self._quiet, zones, self._moment)
        return self._ends[zones]


def _keeps_quiet(message: Message) -> bool:
    channel = message.channel
    return channel is not None and message.source != Source.TEST and _has_quiet(channel, message.purpose)


def _has_quiet(channel: ChannelConfiguration, purpose: str) -> bool:
    if purpose in _NEVER_QUIET or (channel.quiet_from is None and not channel.quiet_whole_days):
        return False
    return purpose == Purpose.MARKETING or channel.quiet_for_all


def _in_quiet_hours(messages: Sequence[Message], moment: datetime) -> dict[uuid.UUID, Verdict]:
    known = time_zones_for({message.msisdn for message in messages})
    held = {}
    for message in messages:
        assert message.channel is not None
        zones = _zones(message.msisdn, known.get(message.msisdn, ""))
        due_at = _allowed_at(quiet_of(message.channel), zones, moment)
        if due_at > moment:
            # The time in quiet hours is no part of its validity: else one of four hours never sees the morning.
            end = message.valid_until + (due_at - moment)
            held[message.id] = Verdict(State.QUEUED, Reason.QUIET_HOURS, due_at, end)
    return held


def _zones(msisdn: str, profile_zone: str) -> tuple[str, ...]:
    """The profile's zone; else every zone the number may be in; else the gateway's own."""
    return (profile_zone,) if profile_zone else zones_of(msisdn) or (settings.TIME_ZONE,)


def _allowed_at(quiet: Quiet, zones: tuple[str, ...], moment: datetime) -> datetime:
    """The first moment that is quiet in none of the zones; if they never agree, in the gateway's own."""
    found = next_allowed(quiet, zones, moment) or next_allowed(quiet, (settings.TIME_ZONE,), moment)
    return found or moment + _LOOK_AGAIN
