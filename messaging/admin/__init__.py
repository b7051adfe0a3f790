"""The messaging screens: channel configurations, messages, send holds, test sends, consent by hand."""

from __future__ import annotations

from messaging.admin.channels import ChannelConfigurationAdmin
from messaging.admin.consent_change import NumberAdmin
from messaging.admin.holds import SendHoldAdmin
from messaging.admin.messages import MessageAdmin
from messaging.admin.sender_limits import SenderLimitAdmin

__all__ = ["ChannelConfigurationAdmin", "MessageAdmin", "NumberAdmin", "SendHoldAdmin", "SenderLimitAdmin"]
