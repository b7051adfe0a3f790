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
    prices = _prices.get(message.credential_id) or {}
    country = country_or_main(message.msisdn)
    return message.segments * prices.get(country, prices.get("", max(prices.values(), default=0)))


def forget() -> None:
    """Look prices up again; called after every change made in this process."""
    _prices.forget()


def _load(credential_id: uuid.UUID) -> Mapping[str, int]:
    rows = SegmentPrice.objects.filter(credential_id=credential_id).values_list("country", "price")
    return {country: int(price * MILLION) for country, price in rows}


_prices: BriefMemory[uuid.UUID, Mapping[str, int]] = BriefMemory(_load)
