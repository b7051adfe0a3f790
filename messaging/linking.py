"""Which links of a text are tracked, and how: settings of the channel it goes through."""

from __future__ import annotations

from django.conf import settings

from links.drafting import LinkOptions
from messaging.models import ChannelConfiguration


def options_of(channel: ChannelConfiguration | None) -> LinkOptions:
    """How links of a channel's texts are made; without a channel only those given to the `track` helper."""
    if channel is None:
        return LinkOptions(owner="", base=settings.SMSGATEWAY_PUBLIC_URL, tracks_all=False)
    return LinkOptions(
        owner=f"channel:{channel.name}",
        base=f"https://{channel.link_domain}" if channel.link_domain else settings.SMSGATEWAY_PUBLIC_URL,
        tracks_all=channel.track_links,
        days=channel.link_days or 0,
        parameters=channel.link_parameters,
        fallback_url=channel.link_fallback_url,
    )
