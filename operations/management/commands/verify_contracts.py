"""`manage.py verify_contracts`: recorded cases of provider APIs against presets, through the real engine."""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

import credentials.vendors
from operations.contracts.cases import SIDES, CasesInvalid, Contract, load_contracts
from operations.contracts.runner import NEED_A_DATABASE, Row, run_all, summary
from operations.contracts.scratch import quiet, scratch_database

_SHIPPED = Path(credentials.vendors.__file__).parent


class Command(BaseCommand):
    """A row for each provider, then the totals; ends with 1 when a case fails, with 2 when nothing could be run."""

    help = "Run recorded cases of provider APIs against preset files. Nothing is sent, nothing is stored."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("cases", metavar="CASES.json", type=Path, help="the recorded cases")
        parser.add_argument(
            "--presets",
            metavar="DIR",
            type=Path,
            default=_SHIPPED,
            help="directory of SLUG.toml; default: ours",
        )
        parser.add_argument("--provider", metavar="SLUG", help="only this provider")
        _verbosity_without_a_number(parser)
        parser.add_argument("--side", choices=SIDES, help="only this side; default: all")

    def handle(self, *args: Any, **options: Any) -> None:
        sides = [options["side"]] if options["side"] else list(SIDES)
        contracts = self._contracts(options["cases"], options["provider"])
        if not options["presets"].is_dir():
            raise CommandError(f"There is no directory {options['presets']}.", returncode=2)
        rows = []
        with quiet("webhooks"), nullcontext() if NEED_A_DATABASE.isdisjoint(sides) else scratch_database():
            for row in run_all(contracts, options["presets"], sides):
                rows.append(row)
                self._show(row, verbose=options["verbosity"] > 1 or options["provider"] is not None)
        self.stdout.write(summary(rows))
        if not all(row.passed for row in rows):
            raise CommandError("Not every case passed; -v shows what differed.", returncode=1)

    def _contracts(self, path: Path, provider: str | None) -> list[Contract]:
        try:
            found = load_contracts(path)
        except CasesInvalid as error:
            raise CommandError(error.text, returncode=2) from error
        chosen = [contract for contract in found if provider in (None, contract.provider)]
        if not chosen:
            raise CommandError(f"{path} holds no cases of {provider or 'any provider'}.", returncode=2)
        return chosen

    def _show(self, row: Row, *, verbose: bool) -> None:
        self.stdout.write(str(row))
        for failure in row.failures if verbose else ():
            self.stdout.write(f"  {failure.side} {failure.case}")
            for text in failure.differences:
                self.stdout.write(f"    {text}")


def _verbosity_without_a_number(parser: argparse.ArgumentParser) -> None:
    """Django's -v wants a number; here a bare -v tells what differed."""
    action = next(action for action in parser._actions if action.dest == "verbosity")
    action.nargs, action.const = "?", 2
