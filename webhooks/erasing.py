"""Forgetting a number in what came in: messages from it, and every callback, sample, part or report that names it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.db import models, transaction

from webhooks.models import (
    HeldReport,
    InboundMessage,
    InboundRequest,
    InboundRequestKey,
    KeptSample,
    KeywordOutbox,
    PartialMessage,
)

_CHUNK = 500


def erase_number(msisdn: str) -> int:
    """Blank messages from a number (E.164) and the raw callbacks that name it; gives how many rows.

    Raw callbacks are sealed, so each one that is kept is opened and looked at.
    """
    with transaction.atomic():
        messages = InboundMessage.objects.filter(msisdn=msisdn)
        KeywordOutbox.objects.filter(
            message__msisdn=msisdn
        ).delete()  # what waits is not done to the forgotten
        theirs = {pk for pk in messages.values_list("request_id", flat=True) if pk}
        done = messages.update(msisdn="", text="", keyword="")
    naming = (
        raw.pk
        for raw in InboundRequest.objects.order_by("pk").iterator(chunk_size=_CHUNK)
        if raw.pk in theirs or _names(raw, msisdn[1:])
    )
    for request_id in naming:
        InboundRequestKey.objects.filter(request_id=request_id).delete()
        done += InboundRequest.objects.filter(pk=request_id).update(
            query="", body="", headers={}, number_key="", id_key="", reason=_ERASED
        )
    return done + sum(_delete_naming(model, said, msisdn[1:]) for model, said in _KEPT_ASIDE.items())


def _names(raw: InboundRequest, digits: str) -> bool:
    return any(digits in text for text in (raw.query, str(raw.headers), raw.reason)) or (
        digits.encode() in raw.raw_body
    )


def _delete_naming(model: type[models.Model], said: Callable[[models.Model], str], digits: str) -> int:
    """Delete the rows whose words name the number; each is opened, since most are sealed."""
    rows = model._default_manager.order_by("pk").iterator(chunk_size=_CHUNK)
    naming = [row.pk for row in rows if digits in said(row)]
    return model._default_manager.filter(pk__in=naming).delete()[0]


_ERASED: Final = "Erased: a person named in it asked to be forgotten."
# What else keeps the words of callbacks, and those words.
_KEPT_ASIDE: Final[dict[type[models.Model], Callable[..., str]]] = {
    KeptSample: lambda row: f"{row.query} {row.raw_body!r}",
    PartialMessage: lambda row: f"{row.event} {row.parts}",
    HeldReport: lambda row: str(row.report),
}
