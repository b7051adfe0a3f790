"""Long inbound messages whose parts come one by one: put together, or delivered incomplete after five minutes."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from core.clock import now
from core.errors import GatewayError
from core.secrets import keyed_hash
from webhooks import inbound
from webhooks.configuration import configuration_of
from webhooks.models import InboundRequest, PartialMessage, Webhook
from webhooks.reading import InboundText

log = logging.getLogger(__name__)

WAIT = timedelta(minutes=5)
_REMEMBERED = timedelta(hours=24)  # parts that come again are known for so long
_MOST_AT_ONCE = 100
_GAP = " […] "


@dataclass(frozen=True, slots=True)
class Assembled:
    """The whole message, or why there is none yet."""

    message: InboundText | None
    reason: str = ""


@transaction.atomic
def add(event: InboundText, *, raw: InboundRequest, webhook: Webhook) -> Assembled:
    """Keep one part; gives the whole message when it was the last one. Parts of one message wait for each other."""
    group = _locked_group(event, raw=raw, webhook=webhook)
    parts = _parts_of(group)
    if parts.get(event.part) == event.text:
        return Assembled(None, f"Part {event.part} of {event.parts}, received before.")
    if event.part in parts or group.count != event.parts or group.delivered_at:
        # The provider uses the id again: what was begun under it is over.
        parts = {}
        group.received_at, group.delivered_at = now(), None
    parts[event.part] = event.text
    group.request, group.count = raw, event.parts
    group.event = json.dumps(_as_data(event))
    group.parts = json.dumps(parts)
    missing = event.parts - len(parts)
    if not missing:
        group.delivered_at = now()
    group.save()
    if missing:
        return Assembled(
            None, f"Part {event.part} of {event.parts}; it waits for the others, five minutes at most."
        )
    return Assembled(_whole(event, parts))


def deliver_incomplete() -> int:
    """Deliver what has waited long enough, with gaps where parts are missing; gives how many. Twice is harmless."""
    PartialMessage.objects.filter(delivered_at__lt=now() - _REMEMBERED).delete()
    due = PartialMessage.objects.filter(delivered_at=None, received_at__lt=now() - WAIT)
    done = 0
    for pk in due.values_list("pk", flat=True)[:_MOST_AT_ONCE]:
        done += _deliver(pk)
    return done


@transaction.atomic
def _deliver(pk: Any) -> bool:
    group = (
        PartialMessage.objects.select_for_update(of=("self",))
        .select_related("webhook__endpoint__credential", "request")
        .filter(pk=pk, delivered_at=None)
        .first()
    )
    if group is None or group.request is None:
        PartialMessage.objects.filter(pk=pk, delivered_at=None).update(delivered_at=now())
        return False
    parts = _parts_of(group)
    event = _whole(_from_data(json.loads(group.event)), parts)
    try:
        rules = configuration_of(group.webhook).rules
    except GatewayError:  # it waits for a configuration that can be read
        log.warning("webhook %s: a long message waits for a valid configuration", group.webhook_id)
        return False
    inbound.take(event, raw=group.request, webhook=group.webhook, rules=rules, late=True)
    PartialMessage.objects.filter(pk=pk).update(delivered_at=now())
    told = f"Incomplete: {len(parts)} of {group.count} parts came within five minutes."
    InboundRequest.objects.filter(pk=group.request.pk).update(reason=told)
    return True


def _locked_group(event: InboundText, *, raw: InboundRequest, webhook: Webhook) -> PartialMessage:
    key = keyed_hash("\x1f".join((event.number, event.recipient, event.group)), use="parts of a message")
    fresh = PartialMessage(
        webhook=webhook, request=raw, key=key, count=event.parts, event="{}", parts="{}", received_at=now()
    )
    PartialMessage.objects.bulk_create([fresh], ignore_conflicts=True)
    return PartialMessage.objects.select_for_update().get(webhook=webhook, key=key)


def _parts_of(group: PartialMessage) -> dict[int, str]:
    return {int(number): text for number, text in json.loads(group.parts).items()}


def _whole(event: InboundText, parts: dict[int, str]) -> InboundText:
    """The message as one; gaps are marked, and a lone part keeps the id it had."""
    pieces: list[str] = []
    for number in range(1, event.parts + 1):
        if number in parts:
            pieces.append(parts[number])
        elif not pieces or pieces[-1] != _GAP:
            pieces.append(_GAP)
    return replace(
        event,
        text="".join(pieces).strip(" ") if _GAP in pieces else "".join(pieces),
        provider_id="",
        group="",
        part=0,
        parts=0,
    )


def _as_data(event: InboundText) -> dict[str, Any]:
    moment = event.occurred_at.isoformat() if event.occurred_at else None
    return {**asdict(event), "text": "", "occurred_at": moment}


def _from_data(data: dict[str, Any]) -> InboundText:
    moment = data["occurred_at"]
    return InboundText(**{**data, "occurred_at": datetime.fromisoformat(moment) if moment else None})
