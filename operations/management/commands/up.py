"""`manage.py up`: the whole gateway in one process."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any, NoReturn

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from core.errors import GatewayError
from operations import installation, launch, seed
from operations.embedded import Embedded


class Command(BaseCommand):
    """Keys, migrations, first admin and demo on the first start; then web server, worker, ticker and simulator."""

    help = "Run the whole gateway in one process: web server, worker, ticker and, beside it, the simulator."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        for action in launch.parser()._actions:
            parser._add_action(action)

    def handle(self, *args: Any, **options: Any) -> None:
        _require_one_process()
        _migrate_if_needed()
        try:
            installation.verify()
            simulator = None if options["no_simulator"] else options["simulator_port"] or options["port"] + 1
            first_steps = self._first_steps(with_demo=simulator is not None)
            embedded = Embedded(host=options["host"], port=options["port"], simulator_port=simulator)
            embedded.start()
        except GatewayError as error:
            raise CommandError(error.text, returncode=2) from error
        for line in first_steps:
            self.stdout.write(line)
        self._say_where(simulator)
        _leave(embedded.run())

    def _first_steps(self, *, with_demo: bool) -> list[str]:
        lines = []
        if admin := seed.first_admin():
            lines.append(f"Administrator: {admin.name}   one-time password: {admin.password}")
        if key := seed.first_api_key():
            lines.append(f"API key (shown once): {key}")
        if with_demo:
            seed.demo(settings.SMSGATEWAY_SIMULATOR_URL)
        return lines

    def _say_where(self, simulator: int | None) -> None:
        self.stdout.write(f"Admin:     {settings.SMSGATEWAY_PUBLIC_URL}/admin/")
        self.stdout.write(f"API docs:  {settings.SMSGATEWAY_PUBLIC_URL}/api/docs/")
        if simulator is not None:
            self.stdout.write(f"Simulator: {settings.SMSGATEWAY_SIMULATOR_URL}/")
        self.stdout.write("Ready. Ctrl-C stops.")
        self.stdout.flush()


def _leave(code: int) -> NoReturn:
    """End at once: a request still on the wire must not hold the process; its lease makes it unknown."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _require_one_process() -> None:
    if settings.REDIS_URL:
        raise CommandError(
            "`up` runs everything in one process without Redis. Unset REDIS_URL, or start the web server and "
            "`celery -A smsgateway worker` separately (README, production).",
            returncode=2,
        )


def _migrate_if_needed() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)
