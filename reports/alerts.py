"""What needs somebody's attention, most urgent first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.utils import timezone

from core.made import made_between
from core.text_lists import joined
from credentials.models import ApiCredential
from messaging.hosts import known_hosts
from messaging.lateness import stands_still
from messaging.models import Breaker, Message, SendHold
from messaging.spending.unpriced import unpriced_under_limits
from messaging.states import State
from reports.checklist import Target
from reports.dashboard import Setup
from webhooks import refusals
from webhooks.models import InboundRequest, RequestState

COUNT_LIMIT = 100
LATE_AFTER = dt.timedelta(minutes=2)
LOOK_BACK = dt.timedelta(days=7)


class Level(StrEnum):
    """How loud an alert is."""

    STOPPED = "stopped"
    LOOK = "look"
    NOTE = "note"


@dataclass(frozen=True)
class Alert:
    """One line at the top of the start page."""

    level: Level
    text: str
    link_text: str
    target: Target
    query: str = ""
    kind: str = (
        ""  # one of operations.alerting.kinds, where somebody may be told of it; `about` whom it concerns
    )
    about: str = ""


def alerts(setup: Setup) -> list[Alert]:
    """All alerts; [] on a quiet day."""
    holds = [*_holds()]
    paused = [*_paused(setup)]
    late = [] if holds else [*_late(setup)]
    look = [*_quarantined_messages(), *_refused_callbacks(), *_unread_callbacks(), *_unpriced()]
    return [*holds, *_hosts(), *paused, *_silent(setup), *late, *look, *_no_reports(setup)]


def _holds() -> Iterator[Alert]:
    target = Target("admin:messaging_sendhold_changelist", "messaging.view_sendhold")
    for hold in SendHold.objects.filter(released_at__isnull=True):
        since = timezone.localtime(hold.placed_at)
        text = f"All sending is on hold since {since:%d %b %H:%M}: {hold.reason}"
        yield Alert(Level.STOPPED, text, "Release", target, kind="on_hold", about=str(hold.pk))


def _hosts() -> Iterator[Alert]:
    target = Target("admin:webhooks_inboundrequest_changelist", "webhooks.view_inboundrequest")
    for host in known_hosts():
        since = f"It was last heard of at {timezone.localtime(host.seen_at):%d %b %H:%M:%S}."
        if host.is_overdue:
            text = (
                f"Web host {host.name} may hold callbacks that nobody has read, {host.spooled} by its last count. "
                f"{since} Sending goes on without them: start its web server."
            )
            yield Alert(
                Level.STOPPED, text, "Raw callbacks", target, kind="spool_waiting", about=str(host.id)
            )
        elif host.waiting_since is not None and host.may_hold_callbacks:
            text = f"Sending waits until web host {host.name} has handed over its callbacks. {since}"
            yield Alert(
                Level.STOPPED, text, "Raw callbacks", target, kind="spool_waiting", about=str(host.id)
            )
        if host.set_aside:
            text = f"Web host {host.name} set aside {_counted(host.set_aside, 'callback')} that cannot be opened."
            yield Alert(
                Level.LOOK, text, "Raw callbacks", target, kind="spool_unreadable", about=str(host.id)
            )


def _paused(setup: Setup) -> Iterator[Alert]:
    for credential in setup.credentials:
        if credential.paused_at:
            reason = credential.paused_reason.rstrip(".") or "no reason given"
            text = f"{credential.name} is paused: {reason}. Its messages wait."
            target = _credential(str(credential.pk))
            yield Alert(
                Level.STOPPED,
                text,
                "Check and resume",
                target,
                kind="credential_paused",
                about=str(credential.pk),
            )


def _silent(setup: Setup) -> Iterator[Alert]:
    for credential in setup.credentials:
        if silence := _silence_of(credential):
            text = (
                f"The provider of {credential.name} does not answer: {silence.reason.rstrip('.')}. "
                "Its messages wait; it is tried again by itself."
            )
            target = _credential(str(credential.pk))
            yield Alert(
                Level.STOPPED,
                text,
                "Open the credential",
                target,
                kind="breaker_open",
                about=str(credential.pk),
            )


def _silence_of(credential: ApiCredential) -> Breaker | None:
    """The breaker of a credential whose provider does not answer."""
    found: Breaker | None = getattr(credential, "breaker", None)
    return found if found is not None and found.opened_at is not None else None


def _late(setup: Setup) -> Iterator[Alert]:
    running = [row.pk for row in setup.credentials if not row.paused_at and not _silence_of(row)]
    since = timezone.now() - LATE_AFTER
    if any(stands_still(credential_id, since=since) for credential_id in running):
        text = "Messages have been due for more than two minutes. Is a worker running?"
        target = Target("admin:messaging_message_changelist", "messaging.view_message")
        yield Alert(
            Level.STOPPED, text, "See them", target, f"state__exact={State.QUEUED}", kind="queue_late"
        )


def _quarantined_messages() -> Iterator[Alert]:
    recent = Message.objects.filter(made_between(timezone.now() - LOOK_BACK), state=State.QUARANTINED)
    if count := recent[:COUNT_LIMIT].count():
        text = f"{_counted(count, 'message')} could not be sent after three tries to start."
        target = Target("admin:messaging_message_changelist", "messaging.view_message")
        yield Alert(
            Level.LOOK, text, "Decide", target, f"state__exact={State.QUARANTINED}", kind="quarantined"
        )


def _refused_callbacks() -> Iterator[Alert]:
    for webhook, count in refusals.recent():
        text = f"{webhook.name} refused {_counted(count, 'callback')} in the last 24 hours: not verified."
        target = Target("admin:webhooks_webhook_change", "webhooks.view_webhook", str(webhook.pk))
        yield Alert(Level.LOOK, text, "See why", target, kind="callbacks_refused", about=str(webhook.pk))


def _unread_callbacks() -> Iterator[Alert]:
    recent = InboundRequest.objects.filter(
        state=RequestState.QUARANTINED, received_at__gte=timezone.now() - LOOK_BACK
    )
    if count := recent[:COUNT_LIMIT].count():
        text = f"{_counted(count, 'callback')} of a provider could not be read in the last seven days."
        target = Target("admin:webhooks_inboundrequest_changelist", "webhooks.view_inboundrequest")
        yield Alert(
            Level.LOOK,
            text,
            "See why",
            target,
            f"state__exact={RequestState.QUARANTINED}",
            kind="callbacks_unread",
        )


def _unpriced() -> Iterator[Alert]:
    if names := unpriced_under_limits():
        text = (
            f"A limit counts money, and {joined(names[:3])}{' and others' if names[3:] else ''} "
            f"{'has' if len(names) == 1 else 'have'} no segment prices: those messages count as free."
        )
        yield Alert(
            Level.LOOK,
            text,
            "Segment prices",
            Target("admin:messaging_segmentprice_changelist", "messaging.view_segmentprice"),
        )


def _no_reports(setup: Setup) -> Iterator[Alert]:
    target = Target("admin:webhooks_webhook_changelist", "webhooks.view_webhook")
    for credential in setup.without_reports:
        text = f"{credential.name}: no delivery reports configured. Its messages stay at “accepted”."
        yield Alert(Level.NOTE, text, "SMS Webhooks", target)


def _credential(object_id: str) -> Target:
    return Target("admin:credentials_apicredential_change", "credentials.view_apicredential", object_id)


def _counted(count: int, noun: str) -> str:
    number = f"{COUNT_LIMIT} or more" if count >= COUNT_LIMIT else str(count)
    return f"{number} {noun}{'' if count == 1 else 's'}"
