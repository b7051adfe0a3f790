"""`manage.py erase NUMBER`: forget a person, and go on refusing to write to the number."""

from __future__ import annotations

import getpass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import GatewayError
from core.numbers import mask_number, parse_number
from operations import erasing


class Command(BaseCommand):
    """Erase, then say what went; ends with 1 when messages were on the wire and are left."""

    help = "Erase a person: number and texts go everywhere, the opt-out and its proof stay. Cannot be undone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", metavar="NUMBER", help="in any form, for example +14155550123")
        parser.add_argument("--reason", required=True, help="kept for ever; name neither person nor number")
        parser.add_argument("--actor", default="", help="who does it; default: the user of this shell")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            msisdn = parse_number(options["number"], default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY)
        except GatewayError as error:
            raise CommandError(error.text, returncode=2) from error
        if msisdn[1:] in "".join(filter(str.isdigit, options["reason"])):
            raise CommandError("The reason is kept for ever: leave the number out of it.", returncode=2)
        if not options["yes"] and input(f"Erase {mask_number(msisdn)} for ever? [yes/no] ") != "yes":
            raise CommandError("Nothing was erased.", returncode=2)
        actor = options["actor"] or getpass.getuser()
        report = erasing.erase(msisdn=msisdn, actor=actor, reason=options["reason"])
        for place, count in report.counts.items():
            self.stdout.write(f"{count:,} {place}")
        if report.left:
            raise CommandError(
                f"{report.left} messages are being sent right now. Run this again in a minute."
            )
        self.stdout.write("Erased. The number stays refused; its proof is found by the number alone.")
