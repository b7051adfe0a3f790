"""`manage.py demo`: the main job, step by step, on an instance of its own."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from operations import demo


class Command(BaseCommand):
    """Print every step with what was observed; exit non-zero at the step that broke."""

    help = "Start a fresh instance, do the main job over HTTP and print every step."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            seconds = demo.run(self._say)
        except demo.StepFailed as failure:
            raise CommandError(f"main job: broken at {failure}") from failure
        self.stdout.write(f"main job: ok in {seconds:.1f} s")

    def _say(self, step: str, observed: str) -> None:
        self.stdout.write(f"- {step}: {observed}")
        self.stdout.flush()
