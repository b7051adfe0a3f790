"""What a message costs, in millionths of the currency."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from core.brief import BriefMemory
from core.numbers import country_or_main
from messaging.models import Message, SegmentPrice
from messaging.spending.limits import MILLION


def price_of(message: Message) -> int:
    """Segments at the price of credential and country; a country without one costs as much as the dearest."""
    return message.segments * (segment_price(message.credential_id, message.msisdn) or 0)


def segment_price(credential_id: uuid.UUID, msisdn: str) -> int | None:
    """What a segment to a number (E.164) costs through a credential; None when it has no prices."""
    prices = _prices.get(credential_id)
    if not prices:
        return None
    return prices.get(country_or_main(msisdn), prices.get("", max(prices.values())))


def forget() -> None:
    """Look prices up again; called after every change made in this process."""
    _prices.forget()


def _load(credential_id: uuid.UUID) -> Mapping[str, int]:
    rows = SegmentPrice.objects.filter(credential_id=credential_id).values_list("country", "price")
    return {country: int(price * MILLION) for country, price in rows}


_prices: BriefMemory[uuid.UUID, Mapping[str, int]] = BriefMemory(_load)
