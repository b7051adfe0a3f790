from __future__ import annotations

import socket
from pathlib import Path

import pytest

from operations.launch import LaunchRefused, prepare, require_free, require_writable
from tests.services import free_port


def test_simulator_is_the_only_private_host_allowed(tmp_path: Path) -> None:
    port, simulator = free_port(), free_port()
    environ: dict[str, str] = {}
    prepare(["--data-dir", str(tmp_path), "--port", str(port), "--simulator-port", str(simulator)], environ)
    assert environ == {
        "SMSGATEWAY_DATA_DIR": str(tmp_path),
        "SMSGATEWAY_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "SMSGATEWAY_PRIVATE_HOSTS": f"127.0.0.1:{simulator}",
        "SMSGATEWAY_SIMULATOR_URL": f"http://127.0.0.1:{simulator}",
    }


def test_without_simulator_no_private_host_is_allowed(tmp_path: Path) -> None:
    environ: dict[str, str] = {}
    prepare(["--data-dir", str(tmp_path), "--port", str(free_port()), "--no-simulator"], environ)
    assert "SMSGATEWAY_PRIVATE_HOSTS" not in environ


def test_public_url_that_was_set_stays(tmp_path: Path) -> None:
    environ = {"SMSGATEWAY_PUBLIC_URL": "https://sms.example.com"}
    prepare(["--data-dir", str(tmp_path), "--port", str(free_port()), "--no-simulator"], environ)
    assert environ["SMSGATEWAY_PUBLIC_URL"] == "https://sms.example.com"


def test_taken_port_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LaunchRefused, match=f"Port {port}"):
            require_free("127.0.0.1", port)


def test_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    with pytest.raises(LaunchRefused, match="--data-dir"):
        require_writable(in_the_way / "data")
