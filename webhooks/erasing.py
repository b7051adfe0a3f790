"""Forgetting a number in what came in: messages from it, and every raw callback that names it."""

from __future__ import annotations

from django.db import transaction

from webhooks.models import InboundMessage, InboundRequest

_CHUNK = 500


def erase_number(msisdn: str) -> int:
    """Blank messages from a number (E.164) and the raw callbacks that name it; gives how many rows.

    Raw callbacks are sealed, so each one that is kept is opened and looked at.
    """
    with transaction.atomic():
        messages = InboundMessage.objects.filter(msisdn=msisdn)
        theirs = {pk for pk in messages.values_list("request_id", flat=True) if pk}
        done = messages.update(msisdn="", text="", keyword="")
    naming = (
        raw.pk
        for raw in InboundRequest.objects.order_by("pk").iterator(chunk_size=_CHUNK)
        if raw.pk in theirs or _names(raw, msisdn[1:])
    )
    for request_id in naming:
        done += InboundRequest.objects.filter(pk=request_id).update(
            query="", body="", headers={}, reason="Erased: a person named in it asked to be forgotten."
        )
    return done


def _names(raw: InboundRequest, digits: str) -> bool:
    return any(digits in text for text in (raw.query, str(raw.headers), raw.reason)) or (
        digits.encode() in raw.raw_body
    )
