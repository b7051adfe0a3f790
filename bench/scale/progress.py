"""What a long run says of itself."""

from __future__ import annotations

import sys
import time

_started = time.monotonic()


def say(text: str) -> None:
    """One line with the seconds since the start."""
    print(f"[{time.monotonic() - _started:6.0f} s] {text}", file=sys.stderr, flush=True)
