"""The list of conversations: numbers that wrote, the newest first, found by index in windows of bounded size.

No table knows which number wrote last; the inbound messages do. They are read from the newest on, and of each number
the newest is kept. However many messages one number has sent, a page reads at most WINDOW * MOST_WINDOWS rows; where
that fills no page, the page is short and says where to go on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from conversations.marks import FOR_PEOPLE, seen_up_to, unread_among, unread_since
from conversations.models import Conversation
from conversations.people import names_of
from webhooks.models import InboundMessage

PER_PAGE: Final = 30
WINDOW: Final = 200
MOST_WINDOWS: Final = 15


@dataclass(frozen=True)
class Row:
    """A conversation in the list: its newest inbound message, and where staff stand."""

    newest: InboundMessage
    name: str
    is_unread: bool
    answered_at: datetime | None
    answered_by: str

    @property
    def is_answered(self) -> bool:
        """Whether staff answered after the newest message came."""
        return self.answered_at is not None and self.answered_at >= self.newest.received_at


@dataclass
class Page:
    """Some conversations; `next_id` is the inbound message from which on older ones stand, None at the end."""

    rows: list[Row] = field(default_factory=list)
    next_id: UUID | None = None


def page_of(*, after: UUID | None = None, only_unread: bool = False) -> Page:
    """The newest conversations, or those that come after an inbound message in the list."""
    ids, next_id = _newest_of_each(_place_of(after), only_unread=only_unread)
    messages = list(InboundMessage.objects.filter(pk__in=ids).select_related("reply"))
    messages.sort(key=lambda message: (message.received_at, message.pk), reverse=True)
    return Page(list(_rows(messages)), next_id)


Place = tuple[datetime, UUID]


def _place_of(inbound_id: UUID | None) -> Place | None:
    if inbound_id is None:
        return None
    return InboundMessage.objects.filter(pk=inbound_id).values_list("received_at", "pk").first()


def _newest_of_each(place: Place | None, *, only_unread: bool) -> tuple[list[UUID], UUID | None]:
    """Ids of the newest message of each number, one page of them; and from where on there may be more."""
    found: dict[str, UUID] = {}
    for _ in range(MOST_WINDOWS):
        window = list(_window(place, only_unread=only_unread))
        for pk, msisdn, received_at, wanted in window:
            place = (received_at, pk)
            if wanted:
                found.setdefault(msisdn, pk)
            if len(found) == PER_PAGE:
                return list(found.values()), pk
        if len(window) < WINDOW:
            return list(found.values()), None
    return list(found.values()), place[1] if place else None


def _window(place: Place | None, *, only_unread: bool) -> Iterable[tuple[Any, ...]]:
    """Rows after a place: id, number, moment, whether it is the newest of its number that the list is about."""
    rows = InboundMessage.objects.exclude(msisdn="").order_by("-received_at", "-pk")
    wanted: Any = ~Exists(_newer(only_unread=only_unread))
    if only_unread:
        rows = rows.filter(received_at__gt=unread_since())
        wanted = wanted & Q(intent__in=FOR_PEOPLE) & ~seen_up_to(OuterRef("msisdn"))
    if place is not None:
        moment, pk = place
        rows = rows.filter(Q(received_at__lt=moment) | Q(pk__lt=pk), received_at__lte=moment)
    return rows.annotate(wanted=wanted).values_list("pk", "msisdn", "received_at", "wanted")[:WINDOW]


def _newer(*, only_unread: bool) -> QuerySet[InboundMessage]:
    """Newer messages of the same number: it stands further up in the list. The first bound is what the index takes."""
    later = Q(received_at__gt=OuterRef("received_at")) | Q(pk__gt=OuterRef("pk"))
    newer = InboundMessage.objects.filter(
        later, msisdn=OuterRef("msisdn"), received_at__gte=OuterRef("received_at")
    )
    return newer.filter(intent__in=FOR_PEOPLE) if only_unread else newer


def _rows(messages: list[InboundMessage]) -> Iterable[Row]:
    numbers = [message.msisdn for message in messages]
    names, marks = (
        names_of(numbers),
        Conversation.objects.filter(msisdn__in=numbers).in_bulk(field_name="msisdn"),
    )
    unread = unread_among([message.pk for message in messages])
    for message in messages:
        mark = marks.get(message.msisdn)
        yield Row(
            newest=message,
            name=names.get(message.msisdn, ""),
            is_unread=message.msisdn in unread,
            answered_at=mark.answered_at if mark else None,
            answered_by=mark.answered_by if mark else "",
        )
