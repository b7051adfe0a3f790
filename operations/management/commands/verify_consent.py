"""`manage.py verify_consent`: was anything in the consent record changed, removed, inserted or moved?"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from consent import verifying
from consent.checkpoints import problems_of_checkpoints
from consent.models import Checkpoint, ConsentSubject
from consent.sealing import number_hash
from consent.verifying import Finding
from core.errors import NumberInvalid
from core.numbers import parse_number

_EVERY = 50_000


class Command(BaseCommand):
    """Say what is wrong in one line each, then a summary; ends with 1 when something is wrong."""

    help = "Verify the consent record: chains, checkpoints, triggers, disclosure texts and states. Changes nothing."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--number", metavar="NUMBER", help="only this number, in any form")
        parser.add_argument(
            "--recompute", action="store_true", help="only recompute every state from its events, and compare"
        )
        parser.add_argument(
            "--repair", action="store_true", help="with --recompute: write what differs anew from its events"
        )
        parser.add_argument(
            "--anchor", metavar="SEAL", default="", help="a checkpoint's seal that was noted: must be there"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["repair"] and not options["recompute"]:
            raise CommandError("--repair goes with --recompute.", returncode=2)
        subject_id = self._subject(options["number"])
        self.done = 0
        found = 0
        for finding in self._findings(subject_id, options):
            found += 1
            self.stdout.write(str(finding))
        checked = "states" if options["recompute"] else "chains and states"
        what = f"{self.done:,} subjects, {checked} checked"
        if found:
            raise CommandError(f"The consent record does not hold: {found:,} findings, {what}.", returncode=1)
        self.stdout.write(f"The consent record holds: {what}.{self._newest_seal(options)}")

    def _findings(self, subject_id: int | None, options: dict[str, Any]) -> Iterator[Finding]:
        subjects = verifying.subject_findings(
            subject_id=subject_id,
            chains=not options["recompute"],
            repair=options["repair"],
            progress=self._progress,
        )
        if options["recompute"] or subject_id is not None:
            return subjects
        anchored = (Finding(text) for text in problems_of_checkpoints(anchor=options["anchor"]))
        return itertools.chain(verifying.whole_findings(), anchored, subjects)

    def _progress(self, done: int) -> None:
        if done // _EVERY > self.done // _EVERY:
            self.stderr.write(f"{done:,} subjects")
        self.done = done

    def _subject(self, number: str | None) -> int | None:
        if number is None:
            return None
        try:
            msisdn = parse_number(number, default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY)
        except NumberInvalid as error:
            raise CommandError(error.text, returncode=2) from error
        subject = ConsentSubject.objects.filter(number_hash=number_hash(msisdn)).first()
        if subject is None:
            raise CommandError("The consent record has nothing about this number.", returncode=2)
        return subject.pk

    def _newest_seal(self, options: dict[str, Any]) -> str:
        newest = Checkpoint.objects.order_by("-id").first()
        if newest is None or options["number"] or options["recompute"]:
            return ""
        return f" Newest checkpoint: {newest.seal}"
