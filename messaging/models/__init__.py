"""Outbound messages and everything that happens to them."""

from __future__ import annotations

from messaging.models.channels import ChannelConfiguration, ChannelStatus
from messaging.models.holds import SendHold
from messaging.models.hosts import WebHost
from messaging.models.limits import Breaker, BreakerState, Pace, SenderLimit
from messaging.models.lookups import StatusLookup
from messaging.models.messages import Attempt, Message, MessageEvent, MessagePart
from messaging.models.parked import ParkedReport
from messaging.models.routes import Route
from messaging.models.spending import SegmentPrice, SpendCounter, SpendLimit
from messaging.models.unclear import UnclearMessage
from messaging.models.vocabulary import (
    CHANNEL_PURPOSES,
    LONGEST_PROVIDER_ID,
    LONGEST_ROUTE_NAME,
    PURPOSES,
    Source,
)

__all__ = [
    "CHANNEL_PURPOSES",
    "LONGEST_PROVIDER_ID",
    "LONGEST_ROUTE_NAME",
    "PURPOSES",
    "Attempt",
    "Breaker",
    "BreakerState",
    "ChannelConfiguration",
    "ChannelStatus",
    "Message",
    "MessageEvent",
    "MessagePart",
    "Pace",
    "ParkedReport",
    "Route",
    "SegmentPrice",
    "SendHold",
    "SenderLimit",
    "Source",
    "SpendCounter",
    "SpendLimit",
    "StatusLookup",
    "UnclearMessage",
    "WebHost",
]
