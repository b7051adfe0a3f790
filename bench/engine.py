"""CPU of the outbound engine: rendering + signing + preparing, and a whole request beside a bare `Session.post`."""

from __future__ import annotations

import multiprocessing
import os
import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from bench.targets import SMOKE, verdict

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsgateway.settings")

ROUNDS = 3 if SMOKE else 15
RENDERS = 200 if SMOKE else 2_000
REQUESTS = 50 if SMOKE else 400
RENDER_TARGET_MS = 0.25
_ANSWER_BODY = b'{"id":"m-1","status":"accepted"}'
_ANSWER = (
    b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    % len(_ANSWER_BODY)
) + _ANSWER_BODY
_MESSAGE = {
    "toNumber": "+14155550123",
    "fromNumber": "+15005550006",
    "message": "Hello Ada, your table for 2 is booked: 19:30.",
    "messageId": "01990000-0000-7000-8000-000000000001",
    "part": 1,
    "parts": 1,
}


def serve(ready: Any) -> None:
    """The stub: answers every request on a kept connection, from a process of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    ready.put(listener.getsockname()[1])
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_answer_all, args=(connection,), daemon=True).start()


def _answer_all(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    data = b""
    while received := connection.recv(65_536):
        data += received
        while (end := data.find(b"\r\n\r\n")) >= 0:
            head = data[:end].lower()
            _, _, rest = head.partition(b"content-length:")
            length = int(rest.split(b"\r\n")[0]) if rest else 0
            if len(data) < end + 4 + length:
                break
            data = data[end + 4 + length :]
            connection.sendall(_ANSWER)


def main() -> int:
    """Interleaved rounds; medians and the ratio of medians."""
    context = multiprocessing.get_context("spawn")
    ready = context.Queue()
    stub = context.Process(target=serve, args=(ready,), daemon=True)
    stub.start()
    try:
        return measure(ready.get(timeout=30))
    finally:
        stub.terminate()


def measure(port: int) -> int:
    """Set up the gateway with the stub as its one private host, then time."""
    os.environ["SMSGATEWAY_PRIVATE_HOSTS"] = f"127.0.0.1:{port}"
    import django

    django.setup()
    contenders = _contenders(f"http://127.0.0.1:{port}/messages")
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, (count, run) in contenders.items():
            times[name].append(_cpu_ms(count, run))
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, values in times.items():
        print(f"{name:34} {medians[name]:.3f} ms CPU (best {min(values):.3f}, worst {max(values):.3f})")
    return _verdict(medians)


def _verdict(medians: dict[str, float]) -> int:
    ratio = medians["complete request"] / medians["bare requests.Session.post"]
    rendering = max(value for name, value in medians.items() if name.startswith("render"))
    print(
        f"render + sign + prepare, slowest: {rendering:.3f} ms (target {RENDER_TARGET_MS}); "
        f"complete request: {ratio:.2f} x a bare Session.post (target 1)"
    )
    missed = []
    if rendering > RENDER_TARGET_MS:
        missed.append(f"{rendering:.3f} ms to render, sign and prepare instead of {RENDER_TARGET_MS}")
    if ratio > 1:
        missed.append(f"a complete request costs {ratio:.2f} x a bare Session.post instead of 1")
    return verdict(missed)


def _contenders(url: str) -> dict[str, tuple[int, Callable[[], object]]]:
    import requests

    from credentials.auth import backend_of
    from credentials.building import RequestBuilder
    from credentials.client import ProviderClient
    from credentials.vendors import VENDORS

    found: dict[str, tuple[int, Callable[[], object]]] = {}
    samples = {
        "twilio": {"account_sid": "AC1", "auth_token": "secret-token"},
        "sinch": {"service_plan_id": "p1", "api_token": "secret-token"},
        "infobip": {"api_key": "secret-token"},
        "novo": {"merchant_id": "m1", "merchant_secret": "secret-token"},
        "jasmin": {"send_url": "http://127.0.0.1:1401/send", "username": "u", "password": "secret-token"},
    }
    for slug, inputs in samples.items():
        spec = VENDORS[slug].spec(inputs)
        builder, auth = RequestBuilder(spec), backend_of(spec.auth_type, spec.auth)
        found[f"render + sign + prepare, {slug}"] = (RENDERS, lambda b=builder, a=auth: a(b.build(_MESSAGE)))  # type: ignore[misc]
    client = ProviderClient(_spec_for(url))
    body = RequestBuilder(_spec_for(url)).build(_MESSAGE).body
    session = requests.Session()
    headers = {"Content-Type": "application/json", "Authorization": "Bearer secret-token"}
    found["complete request"] = (REQUESTS, lambda: client.send(_MESSAGE))
    found["bare requests.Session.post"] = (REQUESTS, lambda: session.post(url, data=body, headers=headers))
    assert client.send(_MESSAGE).result.outcome == "accepted", client.send(_MESSAGE)
    return found


def _spec_for(url: str) -> Any:
    from dataclasses import replace

    from credentials.auth.base import AuthConfig
    from credentials.vendors import VENDORS

    spec = VENDORS["custom"].spec({})
    auth = AuthConfig(api_token="secret-token")
    return replace(spec, request=replace(spec.request, url=url), auth_type="bearer", auth=auth)


def _cpu_ms(count: int, run: Callable[[], object]) -> float:
    started = time.process_time()
    for _ in range(count):
        run()
    return (time.process_time() - started) / count * 1000


if __name__ == "__main__":
    sys.exit(main())
