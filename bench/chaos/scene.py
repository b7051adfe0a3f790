"""What every run needs: a directory, a gateway's environment, a credential, a channel and an API key."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from bench.chaos.cast import ROOT
from tests import ready
from tests.services import free_port

CHANNEL = "shop"
# Seconds. Short, so that what a kill leaves behind shows within the run; the ratios are those of the defaults.
TIMEOUT, CLAIM_LEASE, SENDING_LEASE = 3.0, 5.0, 9.0
_SETUP = """
import django
django.setup()
from django.db import connection
from access.keys import issue_key
from access.models import Scope
from credentials.models import ApiCredential
from messaging.models import ChannelConfiguration, ChannelStatus
credential = ApiCredential.objects.create(
    name="Provider", provider_url=PROVIDER, api_token="token-1234",
    payload='{"id": "{{messageId}}", "to": "{{toNumber}}", "text": "{{message}}"}',
)
ChannelConfiguration.objects.create(
    name=CHANNEL, credential=credential, sender="+14155550100", purpose="transactional", status=ChannelStatus.ACTIVE
)
if connection.vendor == "postgresql":
    connection.cursor().execute(WATCH)
print(issue_key(name="Chaos", scopes=[Scope.SEND, Scope.READ])[1])
"""


@dataclass
class Scene:
    """Where a run takes place; `api_key` after `set_up`."""

    directory: Path
    settings: dict[str, str] = field(default_factory=dict)
    provider_port: int = field(default_factory=free_port)
    port: int = field(default_factory=free_port)
    api_key: str = ""

    def environment(self) -> dict[str, str]:
        """A fresh machine's, with this gateway's settings."""
        dropped = ("SMSGATEWAY_", "DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "PYTEST_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        return kept | {
            "DJANGO_SETTINGS_MODULE": "smsgateway.settings",
            "SMSGATEWAY_DATA_DIR": str(self.directory / "data"),
            "SMSGATEWAY_PRIVATE_HOSTS": f"127.0.0.1:{self.provider_port}",
            "SMSGATEWAY_PROVIDER_TIMEOUT_SECONDS": str(TIMEOUT),
            "SMSGATEWAY_CLAIM_LEASE_SECONDS": str(CLAIM_LEASE),
            "SMSGATEWAY_SENDING_LEASE_SECONDS": str(SENDING_LEASE),
            **self.settings,
        }

    def set_up(self) -> None:
        """Migrate, and make what messages need."""
        from bench.chaos.evidence import WATCH

        if "DATABASE_URL" not in self.settings:
            ready.give_tables(self.directory / "data")
        self._python("-m", "django", "migrate", "-v0")
        values = {
            "PROVIDER": f"http://127.0.0.1:{self.provider_port}/send", "CHANNEL": CHANNEL, "WATCH": WATCH,
        }  # fmt: skip
        names = "\n".join(f"{name} = {value!r}" for name, value in values.items())
        self.api_key = self._python("-c", f"{names}\n{_SETUP}").strip()

    def enter(self) -> None:
        """Set Django up in this very process, to look into the gateway's database."""
        os.environ.update(self.environment())
        import django

        django.setup()

    def _python(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], env=self.environment(), cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout
