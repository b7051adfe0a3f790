"""What staff have seen and answered. Shared: what one of them has read, nobody else needs to."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import DateTimeField, Exists, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Greatest

from conversations.models import Conversation
from core.clock import now
from webhooks.keywords import Intent
from webhooks.models import InboundMessage

# Only for these does somebody have to read a message: a keyword is answered by itself.
FOR_PEOPLE: Final = (Intent.NONE.value, Intent.POSSIBLE_OPT_OUT.value)
# What nobody has read for so long, nobody will: it stays in the list, but is not held against staff.
UNREAD_FOR: Final = timedelta(days=30)
_RECENT: Final = 300  # inbound messages that the menu's number looks at


def unread_since() -> datetime:
    """Older messages do not count as unread."""
    return now() - UNREAD_FOR


def seen_up_to(row: OuterRef) -> Exists:
    """Whether the conversation of the outer query's inbound message was seen up to that message."""
    return Exists(Conversation.objects.filter(msisdn=row, seen_until__gte=OuterRef("received_at")))


def unread_among(inbound_ids: Collection[UUID]) -> set[str]:
    """Which numbers of these messages wrote something that nobody has looked at; one query, a probe for each."""
    since = Value(unread_since(), output_field=DateTimeField())
    mark = Conversation.objects.filter(msisdn=OuterRef("msisdn")).values("seen_until")[:1]
    newer = InboundMessage.objects.filter(
        msisdn=OuterRef("msisdn"),
        intent__in=FOR_PEOPLE,
        received_at__gt=Greatest(Coalesce(OuterRef("seen"), since), since),
    )
    asked = InboundMessage.objects.filter(pk__in=inbound_ids).annotate(seen=Subquery(mark))
    return set(asked.filter(Exists(newer)).order_by().values_list("msisdn", flat=True))


def unread_count() -> int:
    """How many numbers among the newest messages wait to be read: for the menu, so it is cheap before it is exact."""
    recent = InboundMessage.objects.exclude(msisdn="").order_by("-received_at")
    rows = recent.annotate(seen=seen_up_to(OuterRef("msisdn"))).values_list(
        "msisdn", "intent", "received_at", "seen"
    )
    since = unread_since()
    return len(
        {
            msisdn
            for msisdn, intent, received_at, seen in rows[:_RECENT]
            if intent in FOR_PEOPLE and received_at > since and not seen
        }
    )


def mark_seen(*, msisdn: str, until: datetime, actor: str) -> None:
    """Seen up to a moment; never less far than before."""
    mark, made = Conversation.objects.get_or_create(
        msisdn=msisdn, defaults={"seen_until": until, "seen_by": actor}
    )
    if not made:
        further = Q(seen_until__isnull=True) | Q(seen_until__lt=until)
        Conversation.objects.filter(further, pk=mark.pk).update(
            seen_until=until, seen_by=actor, touched_at=now()
        )


def mark_unread(*, msisdn: str) -> None:
    """As if nobody had looked."""
    Conversation.objects.filter(msisdn=msisdn).update(seen_until=None, seen_by="", touched_at=now())


def mark_answered(*, msisdn: str, at: datetime, actor: str) -> None:
    """Staff answered, so they have read what came before."""
    mark_seen(msisdn=msisdn, until=at, actor=actor)
    Conversation.objects.filter(msisdn=msisdn).update(answered_at=at, answered_by=actor, touched_at=now())
