"""From what an address or a form names to a number. Numbers stand in no address, so messages stand for them."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings

from conversations.models import Conversation
from core.numbers import search_forms
from messaging.models import Message
from webhooks.models import InboundMessage

_PLACES = (InboundMessage, Message, Conversation)


def number_behind(anchor: UUID) -> str:
    """The number of an inbound or outbound message or of a mark; "" where there is none, or it was erased."""
    rows = (place.objects.filter(pk=anchor).values_list("msisdn", flat=True).first() for place in _PLACES)
    return next((msisdn for msisdn in rows if msisdn), "")


def anchor_of(typed: str) -> UUID | None:
    """A message from or to a number in any form; None where nothing was ever written."""
    numbers = search_forms(typed[:64], default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY) if typed else []
    for place in _PLACES:
        if pk := place.objects.filter(msisdn__in=numbers).order_by().values_list("pk", flat=True).first():
            return UUID(str(pk))
    return None
