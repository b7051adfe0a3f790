"""The messaging screens: channels, routes, messages, send holds, spend limits, test sends, consent by hand."""

from __future__ import annotations

from messaging.admin.channels import ChannelConfigurationAdmin
from messaging.admin.consent_change import NumberAdmin
from messaging.admin.holds import SendHoldAdmin
from messaging.admin.messages import MessageAdmin
from messaging.admin.routes import RouteAdmin
from messaging.admin.sender_limits import SenderLimitAdmin
from messaging.admin.spending import SegmentPriceAdmin, SpendLimitAdmin
from messaging.admin.unclear import UnclearMessageAdmin

__all__ = [
    "ChannelConfigurationAdmin",
    "MessageAdmin",
    "NumberAdmin",
    "RouteAdmin",
    "SegmentPriceAdmin",
    "SendHoldAdmin",
    "SenderLimitAdmin",
    "SpendLimitAdmin",
    "UnclearMessageAdmin",
]
