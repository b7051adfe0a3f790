"""The life of a channel configuration: draft, active."""

from __future__ import annotations

from core.brief import BriefMemory
from core.errors import ChannelInactive, ChannelUnknown, ConfigurationInvalid
from messaging.models import ChannelConfiguration, ChannelStatus
from messaging.routing import table


def activate(channel: ChannelConfiguration) -> None:
    """Let the channel send; refused while its credential is paused, or those of all its routes."""
    routes = [route for route in table.load(channel.pk) if route.active]
    if routes and all(route.credential.paused_at is not None for route in routes):
        raise ConfigurationInvalid(
            "The credentials of all its routes are paused. Correct one and resume it, then activate the channel."
        )
    if not routes and channel.credential.paused_at is not None:
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
    forget()


def active(name: str) -> ChannelConfiguration:
    """The channel of that name, ready to send; ChannelUnknown or ChannelInactive with what to do."""
    channel = _active.get(name)
    if channel is not None:
        return channel
    if ChannelConfiguration.objects.filter(name=name).exists():
        raise ChannelInactive(
            f"The channel configuration {name!r} is a draft. Activate it in the admin, then send again.",
            param="channel",
        )
    raise ChannelUnknown(
        f"There is no channel configuration named {name!r}. Check the name in the admin.", param="channel"
    )


def forget() -> None:
    """Look channels up again; called after every change made in this process."""
    _active.forget()
    table.forget()


def _load(name: str) -> ChannelConfiguration | None:
    channels = ChannelConfiguration.objects.select_related("credential")
    return channels.filter(name=name, status=ChannelStatus.ACTIVE).first()


_active: BriefMemory[str, ChannelConfiguration] = BriefMemory(_load)
