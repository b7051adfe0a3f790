"""A conversation in order: what was sent, what was written, what changed in the consent; page by page backwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from consent.models import ConsentEvent, ConsentSubject
from consent.sealing import number_hash
from messaging.models import Message, MessageEvent, Source
from webhooks.models import InboundMessage

PER_PAGE: Final = 40
# What stands first where moments are equal: the message, what it did to the consent, the answer to it.
_INBOUND, _CONSENT, _OUTBOUND = range(3)

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Place:
    """A place between items: moment, kind and id of the item after it. Its text form names no number."""

    moment: datetime
    rank: int
    pk: Any

    @classmethod
    def parse(cls, text: str) -> Place | None:
        """From its text form; None for anything else."""
        moment, _, rest = text.partition("~")
        rank, _, pk = rest.partition("~")
        try:
            at = datetime.fromisoformat(moment)
            key: Any = int(pk) if int(rank) == _CONSENT else UUID(pk)
            return cls(at, int(rank), key) if at.tzinfo is not None else None
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.moment.isoformat()}~{self.rank}~{self.pk}"


@dataclass(frozen=True)
class Item(Generic[Row]):
    """One bubble or line. `by` is who of staff wrote it."""

    row: Row
    place: Place
    by: str = ""

    @property
    def moment(self) -> datetime:
        """When it came, or was handed to the gateway."""
        return self.place.moment

    @property
    def kind(self) -> str:
        """Which template shows it."""
        return ("inbound", "consent", "outbound")[self.place.rank]

    @property
    def key(self) -> str:
        """What tells it from all others of the page."""
        return f"{self.kind}-{self.place.pk}"


@dataclass(frozen=True)
class Thread:
    """Some of a conversation, the oldest item first; `earlier`: there is more before the first."""

    items: list[Item[Any]]
    earlier: Place | None


def thread_of(msisdn: str, *, before: Place | None = None, with_consent: bool = True) -> Thread:
    """The newest items of a number (E.164), or those before a place."""
    found: list[Item[Any]] = [*_inbound(msisdn, before), *_outbound(msisdn, before)]
    if with_consent:
        found += _consent(msisdn, before)
    found.sort(key=lambda item: (item.place.moment, item.place.rank, item.place.pk))
    kept = found[-PER_PAGE:]
    return Thread(_with_authors(kept), kept[0].place if len(found) > len(kept) else None)


def newest_inbound(msisdn: str) -> InboundMessage | None:
    """What the person wrote last."""
    rows = InboundMessage.objects.filter(msisdn=msisdn).select_related("webhook__endpoint__credential")
    return rows.order_by("-received_at", "-pk").first()


def _inbound(msisdn: str, before: Place | None) -> Iterable[Item[InboundMessage]]:
    rows = (
        InboundMessage.objects.filter(msisdn=msisdn)
        .select_related("forward", "request")
        .defer("request__query", "request__body", "request__headers")
        .prefetch_related("keyword_actions")
    )
    return _items(rows, "received_at", _INBOUND, before)


def _outbound(msisdn: str, before: Place | None) -> Iterable[Item[Message]]:
    rows = Message.objects.filter(msisdn=msisdn).select_related("channel", "credential").defer("profile")
    return _items(rows, "created_at", _OUTBOUND, before)


def _consent(msisdn: str, before: Place | None) -> Iterable[Item[ConsentEvent]]:
    subject = (
        ConsentSubject.objects.filter(number_hash=number_hash(msisdn)).values_list("pk", flat=True).first()
    )
    if subject is None:
        return []
    return _items(ConsentEvent.objects.filter(subject_id=subject), "received_at", _CONSENT, before)


def _items(rows: QuerySet[Row], moment: str, rank: int, before: Place | None) -> Iterable[Item[Row]]:
    """The last rows of one kind before a place, one more than a page shows."""
    if before is not None:
        rows = rows.filter(_earlier(moment, rank, before))
    newest = rows.order_by(f"-{moment}", "-pk")[: PER_PAGE + 1]
    return [Item(row, Place(getattr(row, moment), rank, row.pk)) for row in newest]


def _earlier(moment: str, rank: int, before: Place) -> Q:
    if rank < before.rank:
        return Q(**{f"{moment}__lte": before.moment})
    earlier = Q(**{f"{moment}__lt": before.moment})
    return earlier | Q(**{moment: before.moment, "pk__lt": before.pk}) if rank == before.rank else earlier


def _with_authors(items: list[Item[Any]]) -> list[Item[Any]]:
    """Messages by hand know who wrote them; one query for all."""
    by_hand = [item.row.pk for item in items if item.kind == "outbound" and item.row.source == Source.ADMIN]
    first = MessageEvent.objects.filter(message_id__in=by_hand, before="").values_list("message_id", "actor")
    authors: Mapping[Any, str] = dict(first) if by_hand else {}
    return [Item(item.row, item.place, authors.get(item.row.pk, "")) for item in items]
