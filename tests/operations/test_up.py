from __future__ import annotations

import base64
import json
import signal
import socket
import stat
from pathlib import Path

import pytest
import requests

from tests.operations.processes import manage, up
from tests.services import free_port


def test_first_start_prints_secrets_once_and_the_second_keeps_the_data(tmp_path: Path) -> None:
    with up(tmp_path, from_nothing=True) as first:
        assert "one-time password: " in first.printed
        assert "API key (shown once): sgw_" in first.printed
        assert requests.get(f"http://127.0.0.1:{first.port}/healthz", timeout=5).ok
        code, seconds = first.stop()
    assert (code, seconds < 5) == (0, True)
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600
    with up(tmp_path) as second:
        assert "password" not in second.printed
        assert "sgw_" not in second.printed
        code, seconds = second.stop(signal.SIGINT)
    assert (code, seconds < 5) == (0, True)


def test_simulator_ends_with_a_killed_gateway(tmp_path: Path) -> None:
    with up(tmp_path) as gateway:
        gateway.process.kill()
        gateway.process.wait()
        assert _ends(gateway.simulator_port)


def test_taken_port_is_one_line_and_an_exit_code(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code, output = _run("up", "--data-dir", str(tmp_path), "--port", str(port))
    assert (code, len(output.splitlines())) == (2, 1)
    assert f"Port {port}" in output


def test_unwritable_directory_is_one_line_and_an_exit_code(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, output = _run("up", "--data-dir", str(tmp_path / "file" / "data"), "--port", str(free_port()))
    assert (code, len(output.splitlines())) == (2, 1)
    assert "--data-dir" in output


def test_wrong_key_is_one_line_and_an_exit_code(tmp_path: Path) -> None:
    with up(tmp_path, "--no-simulator") as first:
        first.stop()
    keys = json.loads((tmp_path / "keys.json").read_text())
    keys["master_keys"] = {"k1": base64.b64encode(bytes(32)).decode()}
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    code, output = _run("up", "--data-dir", str(tmp_path), "--port", str(free_port()), "--no-simulator")
    assert (code, len(output.splitlines())) == (2, 1)
    assert "keys do not belong to this database" in output


@pytest.mark.parametrize("content", ["", "not json", "{}"])
def test_broken_key_file_is_one_line_and_an_exit_code(tmp_path: Path, content: str) -> None:
    (tmp_path / "keys.json").write_text(content)
    code, output = _run("up", "--data-dir", str(tmp_path), "--port", str(free_port()), "--no-simulator")
    assert (code, len(output.splitlines())) == (2, 1)
    assert "keys.json" in output


def _run(*arguments: str) -> tuple[int, str]:
    process = manage(*arguments)
    output, _ = process.communicate(timeout=60)
    return process.returncode, output


def _ends(port: int) -> bool:
    import time

    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return True
        time.sleep(0.1)
    return False


def test_message_that_had_to_wait_goes_out_by_itself(tmp_path: Path) -> None:
    with up(tmp_path) as gateway:
        key = gateway.printed.split("API key (shown once): ")[1].split()[0]
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {key}"
        url = f"http://127.0.0.1:{gateway.port}/api/v1/messages"
        # The simulator answers 503 to the first try of a number ending so, and takes the second.
        body = {"to": "+14155990503", "channel": "demo", "text": "Hello"}
        message_id = session.post(url, json=body, timeout=10).json()["id"]
        message = _wait_for_state(session, f"{url}/{message_id}", "delivered")
        assert [event["state"] for event in message["events"]].count("sending") == 2


def _wait_for_state(session: requests.Session, url: str, state: str) -> dict[str, object]:
    import time

    deadline = time.monotonic() + 30
    while True:
        message: dict[str, object] = session.get(url, timeout=10).json()
        if message["state"] == state:
            return message
        assert time.monotonic() < deadline, message
        time.sleep(0.1)


def test_request_that_hangs_holds_the_end_for_less_than_half_a_minute(tmp_path: Path) -> None:
    with up(tmp_path) as gateway:
        key = gateway.printed.split("API key (shown once): ")[1].split()[0]
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {key}"
        url = f"http://127.0.0.1:{gateway.port}/api/v1/messages"
        body = {"to": "+14155990408", "channel": "demo", "text": "Hello"}
        message_id = session.post(url, json=body, timeout=10).json()["id"]
        _wait_for_state(session, f"{url}/{message_id}", "sending")
        code, seconds = gateway.stop()
    assert (code, seconds < 30) == (0, True)


def test_port_out_of_range_is_one_clear_error(tmp_path: Path) -> None:
    code, output = _run("up", "--data-dir", str(tmp_path), "--port", "70000")
    assert code == 2
    assert "is no port" in output
    assert "Traceback" not in output
