"""What the start page shows: today's numbers, recent messages, facts about the setup."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from consent.models import ConsentEvent
from consent.models import Kind as ConsentKind
from consent.models import Source as ConsentSource
from core.brief import DearMemory
from core.made import made_between
from core.numbers import mask_number
from credentials.models import ApiCredential, CallbackEndpoint
from messaging.models import ChannelConfiguration, ChannelStatus, Message
from messaging.states import UNDER_WAY, Reason, State
from webhooks.models import InboundMessage, Webhook

FAILED_STATES = (State.FAILED, State.UNDELIVERED, State.EXPIRED)
_NO_REPORTS = "No delivery reports configured"


@dataclass(frozen=True)
class MessageNumbers:
    """Counts over the messages submitted since the start of a day."""

    waiting: int = 0
    accepted: int = 0
    delivered: int = 0
    failed: int = 0
    unknown: int = 0
    suppressed: int = 0


@dataclass(frozen=True)
class RecentMessage:
    """One line of the start page's table; the number is masked, the text stays away."""

    id: str
    created_at: dt.datetime
    number: str
    via: str
    state: State
    note: str


@dataclass(frozen=True)
class Setup:
    """What the checklist and the alerts need to know, read once."""

    credentials: tuple[ApiCredential, ...]  # each with .has_reports: an enabled callback URL exists
    channels: tuple[ChannelConfiguration, ...]
    has_webhook: bool
    has_accepted: bool
    has_stop: bool

    @property
    def active_channels(self) -> tuple[ChannelConfiguration, ...]:
        """Channels that send."""
        return tuple(channel for channel in self.channels if channel.status == ChannelStatus.ACTIVE)

    @property
    def without_reports(self) -> tuple[ApiCredential, ...]:
        """Credentials of active channels whose messages end at "accepted"."""
        sending = {channel.credential_id for channel in self.active_channels}
        return tuple(
            credential
            for credential in self.credentials
            if credential.pk in sending and not getattr(credential, "has_reports", True)
        )


def start_of_today() -> dt.datetime:
    """Midnight of the project's time zone."""
    return timezone.make_aware(dt.datetime.combine(timezone.localdate(), dt.time.min))


def message_numbers(*, since: dt.datetime) -> MessageNumbers:
    """The messages submitted since `since`; where counting them takes long, as they stood a moment ago."""
    return _numbers.get(since) or MessageNumbers()


def _count_messages(since: dt.datetime) -> MessageNumbers:
    """One pass over the messages of the day, found by their ids: those sort by time."""

    def having(*states: State) -> Count:
        return Count("pk", filter=Q(state__in=states))

    today = Message.objects.filter(made_between(since))
    counts = today.aggregate(
        waiting=having(*UNDER_WAY),
        accepted=Count("pk", filter=Q(accepted_at__isnull=False)),
        delivered=having(State.DELIVERED),
        failed=having(*FAILED_STATES),
        unknown=having(State.UNKNOWN),
        suppressed=having(State.SUPPRESSED),
    )
    return MessageNumbers(**counts)


_numbers = DearMemory(_count_messages)


def opt_outs(*, since: dt.datetime) -> int:
    """Opt-outs received since `since`, from whatever source."""
    return ConsentEvent.objects.filter(kind=ConsentKind.OPT_OUT, received_at__gte=since).count()


def inbound(*, since: dt.datetime) -> int:
    """Messages of recipients received since `since`."""
    return InboundMessage.objects.filter(received_at__gte=since).count()


def recent_messages(*, limit: int = 10) -> list[RecentMessage]:
    """The newest messages, ready to show."""
    reports = CallbackEndpoint.objects.filter(credential=OuterRef("credential"), enabled=True)
    rows = Message.objects.select_related("channel", "credential").annotate(has_reports=Exists(reports))
    return [_line(message) for message in rows.order_by("-id")[:limit]]


def _line(message: Message) -> RecentMessage:
    note = Reason(message.reason).label if message.reason in Reason.values else message.reason
    if message.state == State.ACCEPTED and not getattr(message, "has_reports", True):
        note = _NO_REPORTS
    return RecentMessage(
        id=str(message.pk),
        created_at=message.created_at,
        number=mask_number(message.msisdn),
        via=message.channel.name if message.channel else message.credential.name,
        state=State(message.state),
        note="" if message.reason == Reason.REPORT else str(note),
    )


def read_setup() -> Setup:
    """Everything the checklist asks, in five small queries."""
    reports = CallbackEndpoint.objects.filter(credential=OuterRef("pk"), enabled=True)
    credentials = ApiCredential.objects.annotate(has_reports=Exists(reports)).order_by("created_at")
    stops = ConsentEvent.objects.filter(kind=ConsentKind.OPT_OUT, source=ConsentSource.KEYWORD)
    return Setup(
        credentials=tuple(
            credentials.select_related("breaker").only(
                "id", "name", "paused_at", "paused_reason", "breaker__reason", "breaker__opened_at"
            )
        ),
        channels=tuple(ChannelConfiguration.objects.order_by("created_at")),
        has_webhook=Webhook.objects.exists(),
        has_accepted=Message.objects.filter(accepted_at__isnull=False).exists(),
        has_stop=stops.exists(),
    )
