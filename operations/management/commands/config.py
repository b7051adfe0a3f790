"""`manage.py config export|diff|apply DIR`: configuration as files."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import GatewayError
from operations.configuration import applying, documents
from operations.configuration.changes import Plan, planned, unnamed

_LONGEST_SHOWN: Final = 100


class Command(BaseCommand):
    """Export, compare and apply credentials, webhooks, channels, spend limits, audiences and message templates."""

    help = "Configuration as files: export it, see what files would change, apply them. Secrets never stand in a file."

    def add_arguments(self, parser: CommandParser) -> None:
        """The action, the directory, and for apply a dry run."""
        parser.add_argument("action", choices=list(_ACTIONS))
        parser.add_argument("directory", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it; faults are told in one line, exit code 1."""
        try:
            _ACTIONS[options["action"]](self, options["directory"])
        except (GatewayError, OSError) as error:
            raise CommandError(str(error)) from error

    def export(self, directory: Path) -> None:
        """Write every record to its file."""
        paths = documents.write(directory, documents.stored())
        self.stdout.write(f"{len(paths)} files written to {directory}. Secrets are left out.")

    def diff(self, directory: Path) -> None:
        """Print what applying would change; exit code 1 when it would."""
        wanted, stored = documents.read(directory), documents.stored()
        plans = [plan for plan in planned(wanted, stored) if plan.is_needed]
        for plan in plans:
            self.stdout.write(f"{'new' if plan.is_new else 'changed'}: {plan.document.path}")
            self._write_changes(plan)
        for document in unnamed(wanted, stored):
            self.stdout.write(f"only here, left alone: {document.path}")
        if plans:
            sys.exit(1)
        self.stdout.write("No differences.")

    def apply(self, directory: Path) -> None:
        """Make the database be what the files say."""
        done = applying.apply(planned(documents.read(directory), documents.stored()), actor="config apply")
        for line in done:
            self.stdout.write(line)
        self.stdout.write(f"{len(done)} applied." if done else "Nothing to do.")

    def _write_changes(self, plan: Plan) -> None:
        for change in plan.changes:
            self.stdout.write(f"  {change.key}: {_shown(change.before)} -> {_shown(change.after)}")


def _shown(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


_ACTIONS: Final[dict[str, Callable[[Command, Path], None]]] = {
    "export": Command.export,
    "diff": Command.diff,
    "apply": Command.apply,
}
