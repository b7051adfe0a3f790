"""`manage.py doctor`: what is wrong, in words."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from operations.doctor import Grade, examine


class Command(BaseCommand):
    """A line for each thing looked at; exit code 1 when something is wrong."""

    help = "Tell what is wrong with this installation and what to do about it."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        worst = 0
        for finding in examine():
            self.stdout.write(str(finding))
            worst += finding.grade is Grade.BAD
        if worst:
            raise CommandError(f"{worst} {'thing is' if worst == 1 else 'things are'} wrong.", returncode=1)
        self.stdout.write("Nothing is wrong.")
