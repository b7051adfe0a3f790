"""How far campaigns may run ahead of what is sent: the queue holds little of them, so pausing takes effect at once."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db.models.functions import Now

from messaging.models import ChannelConfiguration, Message
from messaging.routing.health import unwell_of
from messaging.routing.table import routes_of
from messaging.selectors import ON_OPEN_CHANNEL
from messaging.states import State


def room_for(channel: ChannelConfiguration) -> int:
    """How many more messages the queues of a channel's credentials may take; not above 0: they have to drain first.

    What waits for a draft channel counts nowhere, and a credential that carries nothing only where no other does.
    """
    most = settings.SMSGATEWAY_CAMPAIGN_AHEAD
    due = Message.objects.filter(ON_OPEN_CHANNEL, state=State.QUEUED, due_at__lte=Now())
    waiting = due.filter(credential_id__in=_credentials(channel)).order_by()
    return int(most - waiting.values("pk")[:most].count())


def _credentials(channel: ChannelConfiguration) -> set[UUID]:
    routes = [route for route in routes_of(channel.pk) if route.active]
    if not routes:
        return {channel.credential_id}
    every = {route.credential.pk for route in routes}
    return every - unwell_of(routes) or every
