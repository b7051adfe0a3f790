"""The web server of production beside a database of its own: started, killed and called by tests and benchmarks."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.services import free_port

ROOT = Path(__file__).resolve().parents[1]
SENDER = "+14155550100"
_SETUP = """
import json, django
django.setup()
from credentials.models import ApiCredential
from messaging.models import ChannelConfiguration, ChannelStatus
from webhooks.services import create_webhook
credential = ApiCredential.objects.create(
    name="Provider", provider_url=PROVIDER, api_token="token-1234",
    payload='{"to": "{{toNumber}}", "content": "{{message}}"}',
)
ChannelConfiguration.objects.create(
    name="shop", credential=credential, sender=SENDER, purpose="transactional", status=ChannelStatus.ACTIVE
)
webhook = create_webhook(credential=credential, name="Shop", brand="Acme", help_contact="help@acme.test")
print(json.dumps({"token": webhook.endpoint.token, "credential": str(credential.pk)}))
"""


@dataclass
class Gateway:
    """granian serving smsgateway on a database and data directory; `token` and `credential` after `set_up`."""

    database_url: str
    data_dir: Path
    provider_url: str = "http://127.0.0.1:9/"
    workers: int = 1
    threads: int = 8
    application: str = "smsgateway.wsgi:application"
    extra: dict[str, str] = field(default_factory=dict)
    token: str = ""
    credential: str = ""
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """A fresh machine's, with this gateway's settings."""
        dropped = ("SMSGATEWAY_", "DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "PYTEST_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        return kept | {
            "DATABASE_URL": self.database_url,
            "SMSGATEWAY_DATA_DIR": str(self.data_dir),
            "DJANGO_SETTINGS_MODULE": "smsgateway.settings",
            "SMSGATEWAY_PRIVATE_HOSTS": self.provider_url.split("/")[2],
            "SMSGATEWAY_LOG_LEVEL": "CRITICAL",
            **self.extra,
        }

    @property
    def pid(self) -> int:
        """Of the running server's first process."""
        assert self._process is not None, "the server does not run"
        return self._process.pid

    def set_up(self) -> None:
        """Migrate, and make a credential, an active channel and a webhook."""
        self.run("-m", "django", "migrate", "-v0")
        made = json.loads(self.script(_SETUP, PROVIDER=self.provider_url, SENDER=SENDER))
        self.token, self.credential = made["token"], made["credential"]

    def script(self, text: str, **values: str) -> str:
        """What a Python text prints in a process of its own; `values` are its globals."""
        names = "\n".join(f"{name} = {value!r}" for name, value in values.items())
        return self.run("-c", f"{names}\n{text}")

    def run(self, *arguments: str) -> str:
        """Python with these arguments in this gateway's environment; gives its output."""
        done = subprocess.run(
            [sys.executable, *arguments], env=self.environment, cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> None:
        """Start the server in a process group of its own and wait until it answers."""
        self._process = subprocess.Popen(
            [
                sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(self.port), "--no-log",
                "--workers", str(self.workers), "--blocking-threads", str(self.threads), self.application,
            ],
            env=self.environment,
            cwd=ROOT,
            start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + 30
        while self.call("GET", "/healthz") != 200:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.1)

    def kill(self) -> None:
        """End every process of the server as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask the server to end and wait for it."""
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, number) if number == signal.SIGKILL else self._process.send_signal(
                number
            )
            self._process.wait(timeout=20)
            self._process = None

    def call(self, method: str, path: str, body: bytes = b"", **headers: str) -> int:
        """One request on a connection of its own; its status, 0 when nobody answered."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()
        return answer.status

    def tell(self, text: str, number: str, provider_id: str) -> int:
        """An inbound message as the provider posts it; the status of the answer."""
        message: dict[str, Any] = {
            "type": "inbound_message", "id": provider_id, "from": number, "to": SENDER, "text": text,
        }  # fmt: skip
        body = json.dumps(message).encode()
        return self.call("POST", f"/hooks/{self.token}/", body, **{"Content-Type": "application/json"})
