"""`manage.py archive`: write old messages to the archive directory and delete them from the database."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count
from django.db.models.functions import TruncDate

from messaging.retention import old_messages
from operations import retention
from operations.management.commands.retention import deleted

_MESSAGES = retention.KINDS[0]


class Command(BaseCommand):
    """Say which days are due, or archive and delete them."""

    help = "Archive messages older than SMSGATEWAY_MESSAGE_DAYS, one file a day, and delete them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many messages of which days")

    def handle(self, *args: Any, **options: Any) -> None:
        if _MESSAGES.before is None:
            raise CommandError("SMSGATEWAY_MESSAGE_DAYS is 0: all messages are kept.", returncode=2)
        if not settings.SMSGATEWAY_ARCHIVE_DIR:
            raise CommandError("Set SMSGATEWAY_ARCHIVE_DIR to the directory of the archive.", returncode=2)
        if not options["dry_run"]:
            self.stdout.write(deleted((_MESSAGES,)))
            return
        old = old_messages(before=retention.whole_days(_MESSAGES.before))
        days = old.values_list(TruncDate("created_at", tzinfo=UTC)).annotate(Count("id"))
        for day, count in days.order_by(TruncDate("created_at", tzinfo=UTC)):
            self.stdout.write(f"{day}: {count:,} messages")
