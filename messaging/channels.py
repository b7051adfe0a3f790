"""The life of a channel configuration: draft, active."""

from __future__ import annotations

from core.errors import ConfigurationInvalid
from messaging.models import ChannelConfiguration, ChannelStatus


def activate(channel: ChannelConfiguration) -> None:
    """Let the channel send; refused while its credential is paused."""
    if channel.credential.paused_at is not None:
        raise ConfigurationInvalid(
            f"The credential {channel.credential} is paused: {channel.credential.paused_reason} "
            "Correct it and resume it, then activate the channel."
        )
    _set(channel, ChannelStatus.ACTIVE)


def deactivate(channel: ChannelConfiguration) -> None:
    """Make the channel a draft again: nothing more is accepted, what is queued waits."""
    _set(channel, ChannelStatus.DRAFT)


def _set(channel: ChannelConfiguration, status: ChannelStatus) -> None:
    channel.status = status
    channel.save(update_fields=["status", "updated_at"])
