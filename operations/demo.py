"""The main job over HTTP against a fresh instance: send, deliver, STOP, suppress, and staff see it."""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from operations.launch import require_free
from operations.seed import ADMIN_NAME, DEMO_CHANNEL

HANDSET = "+14155550101"
_WAIT_SECONDS = 30.0
_ROOT = Path(__file__).resolve().parent.parent


class StepFailed(Exception):
    """A step did not show what it should."""


@dataclass(frozen=True)
class Instance:
    """A running gateway of our own and how to talk to it."""

    url: str
    simulator_url: str
    api_key: str
    password: str
    http: requests.Session
    data_dir: Path


Say = Callable[[str, str], None]


def run(say: Say) -> float:
    """Do every step, telling `say(step, observed)`; gives the seconds it took; StepFailed names the step."""
    with fresh_instance() as instance:
        say("fresh instance", f"{instance.url}, simulator {instance.simulator_url}")
        started = time.monotonic()
        for step in STEPS:
            name = (step.__doc__ or "").rstrip(".")
            try:
                say(name, step(instance))
            except (StepFailed, requests.RequestException, KeyError) as error:
                raise StepFailed(f"{name}: {error}") from error
        return time.monotonic() - started


@contextmanager
def fresh_instance() -> Iterator[Instance]:
    """Start `manage.py up` in a temporary directory on free ports; stopped and removed afterwards."""
    port, simulator_port = _free_port(), _free_port()
    with tempfile.TemporaryDirectory(prefix="smsgateway-demo-") as directory:
        process = subprocess.Popen(  # noqa: S603  our own command
            [
                sys.executable, str(_ROOT / "manage.py"), "up", "--data-dir", directory,
                "--port", str(port), "--simulator-port", str(simulator_port),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        try:
            printed = _until_ready(process)
            session = requests.Session()
            session.trust_env = False
            yield Instance(
                url=f"http://127.0.0.1:{port}",
                simulator_url=f"http://127.0.0.1:{simulator_port}",
                api_key=_found(r"API key \(shown once\): (\S+)", printed),
                password=_found(r"one-time password: (\S+)", printed),
                http=session,
                data_dir=Path(directory),
            )
        finally:
            process.terminate()
            process.wait(timeout=15)


def _until_ready(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Ready"):
            return "".join(lines)
    raise StepFailed(f"the instance did not start (exit code {process.wait()})")


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise StepFailed(f"the start did not print what matches {pattern!r}")
    return match.group(1)


def _free_port() -> int:
    for _ in range(50):
        port = 20_000 + secrets.randbelow(20_000)
        try:
            require_free("127.0.0.1", port)
        except Exception:  # noqa: S112  taken: try the next one
            continue
        return port
    raise StepFailed("no free port found")


def send(instance: Instance) -> str:
    """A message is accepted by the API."""
    answer = _post_message(instance, text="Hello {{profile.firstName}}, your parcel is here.")
    again = _post_message(instance, text="Hello {{profile.firstName}}, your parcel is here.")
    _expect(answer["id"] == again["id"], f"the same idempotency key made a second message {again['id']}")
    return f"202, id {answer['id']}, {answer['segments']} segment, repeated call returned the same id"


def delivered(instance: Instance) -> str:
    """The worker signs and posts it, the delivery report comes back."""
    message = _message_in_state(instance, _first_message_id(instance), "delivered")
    states = [event["state"] for event in message["events"]]
    return " > ".join(states)


def received(instance: Instance) -> str:
    """The handset has the personalised text."""
    texts = _handset_texts(instance)
    _expect(texts == ["Hello Ada, your parcel is here."], f"the handset shows {texts}")
    return repr(texts[0])


def stop(instance: Instance) -> str:
    """The recipient answers STOP, the webhook takes it."""
    answer = instance.http.post(
        f"{instance.simulator_url}/_handset/reply", json={"number": HANDSET, "text": "STOP"}, timeout=30
    )
    _expect(answer.json().get("status") == 200, f"the gateway answered {answer.text}")
    return "the gateway answered 200"


def confirmed(instance: Instance) -> str:
    """One confirmation goes out."""
    texts = _until(lambda: len(_handset_texts(instance)) == 2 and _handset_texts(instance))
    time.sleep(1.0)
    _expect(len(_handset_texts(instance)) == 2, "more than one confirmation arrived")
    return repr(texts[1])


def suppressed(instance: Instance) -> str:
    """The next message to that number is suppressed."""
    answer = _post_message(instance, text="One more thing", key=secrets.token_hex(8))
    message = _message_in_state(instance, answer["id"], "suppressed")
    _expect(message["reason"] == "opted_out", f"the reason is {message['reason']!r}")
    return f"suppressed, reason {message['reason']}"


def seen_by_staff(instance: Instance) -> str:
    """Staff log in with the one-time password, choose their own and see the opt-out."""
    page = _log_in(instance)
    _expect("Opted out" in page, "the consent history shows no opt-out")
    return "consent history shows: Opted out, keyword STOP"


STEPS: tuple[Callable[[Instance], str], ...] = (
    send, delivered, received, stop, confirmed, suppressed, seen_by_staff,
)  # fmt: skip


def _post_message(instance: Instance, *, text: str, key: str = "demo-1") -> dict[str, Any]:
    answer = instance.http.post(
        f"{instance.url}/api/v1/messages",
        json={"to": HANDSET, "channel": DEMO_CHANNEL, "text": text, "profile": {"firstName": "Ada"}},
        headers={"Authorization": f"Bearer {instance.api_key}", "Idempotency-Key": key},
        timeout=10,
    )
    _expect(answer.status_code == 202, f"the API answered {answer.status_code}: {answer.text}")
    body: dict[str, Any] = answer.json()
    return body


def _first_message_id(instance: Instance) -> str:
    return str(_post_message(instance, text="Hello {{profile.firstName}}, your parcel is here.")["id"])


def _message_in_state(instance: Instance, message_id: str, state: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        answer = instance.http.get(
            f"{instance.url}/api/v1/messages/{message_id}",
            headers={"Authorization": f"Bearer {instance.api_key}"},
            timeout=10,
        )
        body: dict[str, Any] = answer.json()
        return body if body["state"] == state else None

    found: dict[str, Any] = _until(look)
    return found


def _handset_texts(instance: Instance) -> list[str]:
    answer = instance.http.get(f"{instance.simulator_url}/_messages", params={"to": HANDSET}, timeout=10)
    return [str(message["content"]) for message in answer.json()["messages"]]


def _log_in(instance: Instance) -> str:
    chosen = secrets.token_urlsafe(16)
    login = f"{instance.url}/admin/login/"
    _submit(instance, login, {"username": ADMIN_NAME, "password": instance.password})
    _submit(
        instance,
        f"{instance.url}/admin/password_change/",
        {"old_password": instance.password, "new_password1": chosen, "new_password2": chosen},
    )
    page = instance.http.get(f"{instance.url}/admin/consent/consentevent/", params={"q": HANDSET}, timeout=10)
    _expect(page.status_code == 200, f"the consent history answered {page.status_code}")
    return page.text


def _submit(instance: Instance, url: str, values: dict[str, str]) -> None:
    instance.http.get(url, timeout=10)
    answer = instance.http.post(
        url,
        data={**values, "csrfmiddlewaretoken": instance.http.cookies["csrftoken"]},
        headers={"Referer": url},
        timeout=10,
        allow_redirects=False,
    )
    _expect(answer.status_code == 302, f"{url} answered {answer.status_code}")


def _until(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.05)
    raise StepFailed(f"nothing to see after {_WAIT_SECONDS:g} s")


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise StepFailed(otherwise)
