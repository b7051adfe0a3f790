"""What somebody is told of: every kind with its words, and who judges it. One line adds one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final
from uuid import UUID

from consent.reviews import due_count
from core.brief import DearMemory
from core.clock import database_now
from core.made import made_between
from credentials.models import ApiCredential
from messaging.models import Message
from messaging.spending.standing import reached
from messaging.states import State
from operations import pulse
from operations.alerting.runs import number_runs
from reports.alerts import Alert, Level, alerts
from reports.checklist import Target
from reports.dashboard import read_setup

KINDS: Final[dict[str, str]] = {
    "on_hold": "All sending is on hold",
    "credential_paused": "A credential is paused",
    "breaker_open": "A provider does not answer",
    "spend_stop": "A limit of spending or messages is reached",
    "no_worker": "No worker is at work",
    "queue_late": "Messages are due and do not leave",
    "spool_waiting": "A web host has callbacks that nobody has read",
    "spool_unreadable": "Spooled callbacks cannot be opened",
    "reports_silent": "Delivery reports stay away",
    "number_run": "Messages to numbers that follow each other",
    "unknown_piling": "Many answers of a provider were lost",
    "quarantined": "Messages could not start",
    "review_due": "Possible opt-outs wait for a decision",
    "callbacks_refused": "Callbacks were not verified",
    "callbacks_unread": "Callbacks could not be read",
}

GONE_AFTER: Final = timedelta(minutes=1)
SILENT_AFTER: Final = timedelta(hours=2)
_ENOUGH_ACCEPTED: Final = 20
_MANY_UNKNOWN: Final = 50
_REPORTED: Final = (State.DELIVERED, State.UNDELIVERED)


def judged_now() -> list[Alert]:
    """Everything that stands still now and has a kind: what the start page shows, and what it does not look up."""
    return [alert for alert in alerts(read_setup()) if alert.kind] + looked_up()


def looked_up() -> list[Alert]:
    """What the start page does not show, because it takes some looking."""
    return [alert for judge in JUDGES for alert in judge()]


def no_worker() -> Iterator[Alert]:
    """Workers were at work here, and none is any more; web processes tell of it (operations.stand_in)."""
    seen = pulse.worker_seen_at()
    if seen is None or seen > database_now() - GONE_AFTER:
        return
    text = (
        f"No worker has been at work since {seen:%Y-%m-%d %H:%M:%S} UTC: messages, campaigns and callbacks wait. "
        "Start one: celery -A smsgateway worker."
    )
    target = Target("admin:messaging_message_changelist", "messaging.view_message")
    yield Alert(Level.STOPPED, text, "See messages", target, kind="no_worker")


def reviews_due() -> Iterator[Alert]:
    """A possible opt-out lapses to an opt-out within a day."""
    if count := due_count(until=database_now() + timedelta(days=1)):
        text = f"{count} possible opt-outs are due within a day. Undecided, they become opt-outs: decide them now."
        target = Target("admin:consent_consentreview_changelist", "consent.view_consentreview")
        yield Alert(Level.LOOK, text, "Review queue", target, kind="review_due")


def reports_silent() -> Iterator[Alert]:
    """A credential whose messages used to be reported, has accepted some for hours, and none was."""
    for credential in ApiCredential.objects.only("id", "name"):
        if _silences.get(credential.pk):
            hours = int(SILENT_AFTER.total_seconds() // 3600)
            text = (
                f"{credential.name}: no delivery report for messages of the last {4 * hours} hours, though there were "
                "some before. Compare the webhook's URL with what the provider calls, and look at refused callbacks."
            )
            target = Target("admin:webhooks_webhook_changelist", "webhooks.view_webhook")
            yield Alert(
                Level.LOOK, text, "SMS Webhooks", target, kind="reports_silent", about=str(credential.pk)
            )


def _is_silent(credential_id: UUID) -> bool:
    """Whether it was reported in the last week, and nothing since some hours ago, though enough was accepted."""
    moment = database_now()
    begin, end = moment - 4 * SILENT_AFTER, moment - SILENT_AFTER
    mine = Message.objects.filter(credential=credential_id).order_by()
    unreported = mine.filter(made_between(begin, end), state__in=(State.ACCEPTED, State.SENT))
    if unreported.values("pk")[:_ENOUGH_ACCEPTED].count() < _ENOUGH_ACCEPTED:
        return False
    reported = mine.filter(state__in=_REPORTED)
    if reported.filter(made_between(begin)).exists():
        return False
    return reported.filter(made_between(moment - timedelta(days=7), begin)).exists()


# Where a provider never reports, a week of messages is looked through.
_silences: Final = DearMemory(_is_silent)


def unknown_piling() -> Iterator[Alert]:
    """More answers were lost than somebody can be expected to notice."""
    day = Message.objects.filter(made_between(database_now() - timedelta(days=1)), state=State.UNKNOWN)
    if (count := day.order_by().values("pk")[:1000].count()) >= _MANY_UNKNOWN:
        text = (
            f"The provider's answer to {count} messages of the last day was lost. They are not sent again by "
            "themselves: look whether the provider answers slowly, then decide."
        )
        target = Target("admin:messaging_message_changelist", "messaging.view_message")
        query = f"state__exact={State.UNKNOWN}"
        yield Alert(Level.LOOK, text, "See them", target, query, kind="unknown_piling")


def spend_stops() -> Iterator[Alert]:
    """A limit refuses messages until its period ends."""
    for use in reached():
        text = (
            f"The limit {use.limit.name} ({use.limit.words}) is reached: messages are refused until "
            f"{use.ends:%Y-%m-%d %H:%M} UTC. Look whether this traffic is yours, then raise the limit or wait."
        )
        target = Target("admin:messaging_spendlimit_changelist", "messaging.view_spendlimit")
        about = f"{use.limit.name}:{use.target}"
        yield Alert(Level.STOPPED, text, "Spend limits", target, kind="spend_stop", about=about)


JUDGES: Final[tuple[Callable[[], Iterator[Alert]], ...]] = (
    no_worker,
    reviews_due,
    reports_silent,
    unknown_piling,
    spend_stops,
    number_runs,
)
