"""`manage.py retention`: delete what is older than the settings say, now and to the end."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.archive import ArchiveDamaged
from operations import retention
from operations.retention_lease import RetentionRefused, forget_archive


class Command(BaseCommand):
    """Say how many records are due, or delete them."""

    help = "Delete old records in small batches, messages through the archive. Workers do it by themselves, bit by bit."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many would go")
        parser.add_argument(
            "--without-archive", action="store_true", help="from now on delete messages without an archive"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            for kind in retention.KINDS:
                self.stdout.write(f"{kind.name}: {_due(kind)} ({kind.setting})")
            return
        if options["without_archive"]:
            forget_archive()
        self.stdout.write(deleted(retention.KINDS))


def deleted(kinds: tuple[retention.Kind, ...]) -> str:
    """Delete, and say what went."""
    try:
        counts = retention.run(kinds=kinds)
    except (RetentionRefused, ArchiveDamaged) as refusal:
        raise CommandError(str(refusal), returncode=2) from refusal
    if counts is None:
        raise CommandError("A worker deletes old records right now. Run this again in a minute.")
    return "\n".join(f"{count:,} {name} deleted" for name, count in counts.items())


def _due(kind: retention.Kind) -> str:
    return f"{kind.due(kind.before):,} would go" if kind.before else "all are kept"
