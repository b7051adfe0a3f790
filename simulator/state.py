"""Everything a running simulator consists of, as the handlers see it."""

from __future__ import annotations

import threading

from simulator.accounts import Accounts, Settings
from simulator.auth import Gatekeeper
from simulator.messages import Messages
from simulator.reports import Reports
from simulator.scripting import Script


class State:
    """Accounts, messages, script and reports of one simulator; `closing` ends every wait."""

    def __init__(self, settings: Settings) -> None:
        self.accounts = Accounts(settings)
        self.gate = Gatekeeper(self.accounts)
        self.messages = Messages(keep=settings.keep)
        self.script = Script()
        self.reports = Reports(messages=self.messages, delay=settings.report_delay, workers=settings.workers)
        self.closing = threading.Event()

    def reset(self) -> None:
        """Back to the start, apart from the accounts' settings and callback URLs."""
        self.reports.clear()
        self.script.clear()
        self.messages.reset()
        self.gate.nonces.clear()
        self.gate.tokens.clear()
