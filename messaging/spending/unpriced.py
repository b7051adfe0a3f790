"""Limits on money that cannot count: credentials in use of which nobody has said what a segment costs."""

from __future__ import annotations

from django.db.models import Q

from credentials.models import ApiCredential
from messaging.models import ChannelStatus, SegmentPrice
from messaging.models.spending import Unit
from messaging.spending.limits import active


def unpriced_under_limits() -> list[str]:
    """Names of credentials that active channels send through, without any price while a limit on money is active."""
    if not any(limit.unit == Unit.MONEY for limit in active()):
        return []
    own = Q(channels__status=ChannelStatus.ACTIVE)
    routed = Q(routes__active=True, routes__channel__status=ChannelStatus.ACTIVE)
    used = ApiCredential.objects.filter(own | routed).exclude(
        pk__in=SegmentPrice.objects.values("credential_id")
    )
    return list(used.order_by("name").values_list("name", flat=True).distinct())
