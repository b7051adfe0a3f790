"""How far campaigns may run ahead of what is sent: the queue holds little of them, so pausing takes effect at once."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db.models.functions import Now

from messaging.models import ChannelConfiguration, Message, Route
from messaging.states import State


def room_for(channel: ChannelConfiguration) -> int:
    """How many more messages the queues of a channel's credentials may take; not above 0: they have to drain first."""
    most = settings.SMSGATEWAY_CAMPAIGN_AHEAD
    credentials = {channel.credential_id, *_routed(channel)}
    due = Message.objects.filter(
        credential_id__in=credentials, state=State.QUEUED, due_at__lte=Now()
    ).order_by()
    return int(most - due[:most].count())


def _routed(channel: ChannelConfiguration) -> set[UUID]:
    return set(Route.objects.filter(channel=channel).values_list("credential_id", flat=True))
