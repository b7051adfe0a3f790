"""Old records go in small batches: messages through the archive, inbound messages and the audit trail without.

Raw callbacks (webhooks.retention) and idempotency records (access.idempotency) have rounds of their own. The consent
ledger is never touched.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings

from access.models import AuditEntry
from access.retention import forget_audit
from campaigns.forgetting import forget_recipients, recipients_due
from conversations.erasing import forget_marks
from conversations.models import Conversation
from core.archive import Archive, Manifest
from core.clock import now
from messaging import retention as messages
from operations.retention_lease import Lease, RetentionRefused, lease
from webhooks.models import InboundMessage
from webhooks.retention import forget_inbound

logger = logging.getLogger(__name__)

BATCH = 1000
BUDGET_SECONDS = 20.0
PAUSE_SECONDS = 0.2  # between batches: other work goes first
_MESSAGES = "messages-"


@dataclass(frozen=True)
class Kind:
    """Records that are kept for some days: the setting, how many are older, and their deletion batch by batch."""

    name: str
    setting: str
    due: Callable[[datetime], int]
    delete: Callable[[Lease, datetime], Iterator[int]]

    @property
    def before(self) -> datetime | None:
        """Records from before this moment go; None: all are kept."""
        days = getattr(settings, self.setting)
        return now() - timedelta(days=days) if days > 0 else None


def _messages(held: Lease, before: datetime) -> Iterator[int]:
    archive = held.archive()
    yield from _through(archive, held, before) if archive else _straight(before)


def _straight(before: datetime) -> Iterator[int]:
    ids = messages.old_messages(before=before).values_list("id", flat=True)
    while some := list(ids[:BATCH]):
        yield messages.delete(some)


def _through(archive: Archive, held: Lease, before: datetime) -> Iterator[int]:
    """Day by day: a complete file first, then the rows that are in it. What was begun before is finished first."""
    for manifest in archive.manifests():
        if manifest.name.startswith(_MESSAGES) and not manifest.deleted:
            yield from _delete_archived(archive, held, manifest)
    midnight = whole_days(before)
    while day := messages.oldest_day(before=midnight):
        rows = messages.records(messages.messages_of_day(day, before=midnight), batch=BATCH)
        name = archive.free_name(f"{_MESSAGES}{day}")
        manifest = archive.write(name, held.while_reading(rows), made_at=now().isoformat())
        yield from _delete_archived(archive, held, manifest)


def whole_days(before: datetime) -> datetime:
    """The midnight (UTC) up to which whole days are from before a moment."""
    return before.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _delete_archived(archive: Archive, held: Lease, manifest: Manifest) -> Iterator[int]:
    ids = (uuid.UUID(one) for one in archive.ids(manifest))
    for some in messages.in_batches(held.while_reading(ids), BATCH):
        yield messages.delete(some)
    archive.mark_deleted(manifest)


def _by(forget: Callable[..., int]) -> Callable[[Lease, datetime], Iterator[int]]:
    def batches(held: Lease, before: datetime) -> Iterator[int]:
        while done := forget(before=before, batch=BATCH):
            held.renew()
            yield done

    return batches


KINDS: tuple[Kind, ...] = (
    Kind(
        "messages",
        "SMSGATEWAY_MESSAGE_DAYS",
        lambda before: messages.old_messages(before=before).count(),
        _messages,
    ),
    Kind(
        "inbound messages",
        "SMSGATEWAY_INBOUND_DAYS",
        lambda before: InboundMessage.objects.filter(received_at__lt=before).count(),
        _by(forget_inbound),
    ),
    Kind(
        "marks of conversations",
        "SMSGATEWAY_INBOUND_DAYS",
        lambda before: Conversation.objects.filter(touched_at__lt=before).count(),
        _by(forget_marks),
    ),
    Kind("recipients of campaigns", "SMSGATEWAY_MESSAGE_DAYS", recipients_due, _by(forget_recipients)),
    Kind(
        "audit entries",
        "SMSGATEWAY_AUDIT_DAYS",
        lambda before: AuditEntry.objects.filter(at__lt=before).count(),
        _by(forget_audit),
    ),
)


def run(*, budget: float | None = None, kinds: tuple[Kind, ...] = KINDS) -> dict[str, int] | None:
    """Delete what is older than the settings say, for `budget` seconds or to the end; gives how many of each kind.

    None: another process is at it. RetentionRefused when messages would go another way than before.
    """
    deadline = time.monotonic() + budget if budget is not None else float("inf")
    with lease() as held:
        if held is None:
            return None
        return {kind.name: _delete(kind, held, deadline) for kind in kinds}


def retain() -> None:
    """One round of every worker, a third of a minute at most; what is left waits for the next."""
    try:
        run(budget=BUDGET_SECONDS)
    except RetentionRefused as refusal:
        logger.warning("%s", refusal)


def _delete(kind: Kind, held: Lease, deadline: float) -> int:
    done, before = 0, kind.before
    if before is None:
        return 0
    for count in kind.delete(held, before):
        done += count
        if count and time.monotonic() >= deadline:
            break
        time.sleep(PAUSE_SECONDS if count else 0.0)
    return done
