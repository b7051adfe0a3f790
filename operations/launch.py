"""What `manage.py up` settles before Django loads its settings: directory, port, addresses. No Django in here."""

from __future__ import annotations

import argparse
import os
import socket
import sys
import tempfile
from collections.abc import MutableMapping, Sequence
from pathlib import Path

from core.errors import InstallationInvalid
from core.keyfile import load_or_create

DEFAULT_PORT = 8000


class LaunchRefused(Exception):
    """The gateway cannot start; the text is one line for the operator."""


def port_number(text: str) -> int:
    """A port as typed; argparse tells the operator what is wrong."""
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; choose a number from 1 to 65535")
    return int(text)


def parser() -> argparse.ArgumentParser:
    """The options of `manage.py up`."""
    options = argparse.ArgumentParser(prog="manage.py up", add_help=False)
    options.add_argument("--host", default="127.0.0.1", help="address to listen on")
    options.add_argument("--port", type=port_number, default=DEFAULT_PORT, help="port to listen on")
    options.add_argument("--data-dir", default=None, help="where keys and database live (default: var/)")
    options.add_argument(
        "--simulator-port", type=port_number, default=0, help="default: the port after --port"
    )
    options.add_argument("--no-simulator", action="store_true", help="start without the fake provider")
    return options


def prepare(arguments: Sequence[str], environ: MutableMapping[str, str]) -> None:
    """Check the ground and put what settings need into the environment; LaunchRefused with one clear line."""
    options, _ = parser().parse_known_args(arguments)
    if options.data_dir:
        environ["SMSGATEWAY_DATA_DIR"] = str(Path(options.data_dir).expanduser().resolve())
    default_dir = Path(__file__).resolve().parent.parent / "var"
    directory = Path(environ.get("SMSGATEWAY_DATA_DIR", str(default_dir)))
    require_writable(directory)
    require_readable_keys(directory)
    require_free(options.host, options.port)
    shown = f"[{options.host}]" if ":" in options.host else options.host
    here = "127.0.0.1" if options.host in ("0.0.0.0", "::") else shown  # noqa: S104  compared, not bound
    environ.setdefault("SMSGATEWAY_PUBLIC_URL", f"http://{here}:{options.port}")
    if not options.no_simulator:
        port = simulator_port(options)
        require_free("127.0.0.1", port)
        hosts = [host for host in environ.get("SMSGATEWAY_PRIVATE_HOSTS", "").split(",") if host]
        environ["SMSGATEWAY_PRIVATE_HOSTS"] = ",".join([*hosts, f"127.0.0.1:{port}"])
        environ["SMSGATEWAY_SIMULATOR_URL"] = f"http://127.0.0.1:{port}"


def simulator_port(options: argparse.Namespace) -> int:
    """Where the simulator listens: beside the gateway unless told otherwise."""
    return int(options.simulator_port or options.port + 1)


def require_writable(directory: Path) -> None:
    """Make the data directory if needed and write a byte into it."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory) as probe:
            probe.write(b"x")
    except OSError as error:
        raise LaunchRefused(
            f"Cannot write to the data directory {directory} ({error.strerror}). "
            "Make it writable or choose another with --data-dir."
        ) from error


def require_readable_keys(directory: Path) -> None:
    """Make sure that the keys, made here on the first start, can be read."""
    try:
        load_or_create(directory)
    except InstallationInvalid as error:
        raise LaunchRefused(error.text) from error


def require_free(host: str, port: int) -> None:
    """Make sure nobody listens there yet."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise LaunchRefused(
            f"Port {port} on {host} cannot be used ({error.strerror}). Stop what listens there or choose --port."
        ) from error


def prepare_or_exit(arguments: Sequence[str]) -> None:
    """`prepare` for the command line: one line on stderr and exit code 2 when it cannot go on."""
    try:
        prepare(arguments, os.environ)
    except LaunchRefused as refusal:
        sys.stderr.write(f"smsgateway: {refusal}\n")
        raise SystemExit(2) from refusal
