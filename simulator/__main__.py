"""`python -m simulator`: runs until Ctrl-C or SIGTERM. Every option is also a SIMULATOR_ variable."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import fields

from simulator.accounts import ACCOUNTS, Settings, check_callback_url
from simulator.server import Simulator
from simulator.wire import Refusal

DEFAULT_PORT = 8090
TYPES: dict[str, type] = {"int": int, "float": float, "str": str}


def parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    """The command line: address, quiet, and an option for each field of Settings."""
    result = argparse.ArgumentParser(prog="simulator", description="A fake SMS provider and handset.")
    result.add_argument("--host", default=environment.get("SIMULATOR_HOST", "127.0.0.1"))
    result.add_argument("--port", type=int, default=environment.get("SIMULATOR_PORT", str(DEFAULT_PORT)))
    result.add_argument("--quiet", action="store_true", help="say nothing unless something is wrong")
    result.add_argument(
        "--exit-with-stdin",
        action="store_true",
        help="end when standard input closes, as with a parent's pipe",
    )
    for field in fields(Settings):
        result.add_argument(
            "--" + field.name.replace("_", "-"),
            type=TYPES[str(field.type)],
            default=environment.get(f"SIMULATOR_{field.name.upper()}", field.default),
            choices=("header", "query", "body") if field.name == "api_key_in" else None,
            help="default: %(default)s",
        )
    for kind, label in ACCOUNTS.items():
        result.add_argument(
            f"--{kind}-callback-url",
            default=environment.get(f"SIMULATOR_{kind.upper()}_CALLBACK_URL", ""),
            help=f"where reports and replies of the {label} account go",
        )
    return result


def main(arguments: Sequence[str] | None = None, *, stop: threading.Event | None = None) -> int:
    """Runs the simulator until `stop` is set or a signal comes; 2 when it cannot start."""
    options = parser(os.environ).parse_args(arguments)
    settings = Settings(**{field.name: getattr(options, field.name) for field in fields(Settings)})
    urls = {kind: getattr(options, f"{kind}_callback_url") for kind in ACCOUNTS}
    try:
        for url in (settings.callback_url, *urls.values()):
            check_callback_url(url)
        simulator = Simulator(settings, host=options.host, port=options.port)
    except (OSError, OverflowError) as error:
        sys.stderr.write(
            f"simulator: cannot listen on {options.host}:{options.port}: "
            f"{getattr(error, 'strerror', None) or str(error).rstrip('.')}. Choose another --port.\n"
        )
        return 2
    except Refusal as refusal:
        sys.stderr.write(f"simulator: {refusal.text}\n")
        return 2
    simulator.state.accounts.update({kind: {"callbackUrl": url} for kind, url in urls.items() if url})
    stop = stop or threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
    if options.exit_with_stdin:
        threading.Thread(target=_stop_at_end_of_input, args=(stop,), daemon=True).start()
    simulator.start()
    if not options.quiet:
        sys.stdout.write(f"Simulator ready: {simulator.url}/\n")
        sys.stdout.flush()
    stop.wait()
    simulator.stop()
    return 0


def _stop_at_end_of_input(stop: threading.Event) -> None:
    # Straight from the descriptor: a buffered read would hold a lock the interpreter wants at its end.
    while os.read(0, 4096):
        pass
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
