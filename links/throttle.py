"""Callers that try addresses which do not exist are answered without a look-up for a while."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

MOST_MISSES = 30  # within WINDOW_SECONDS, by one address and web process
WINDOW_SECONDS = 60.0
_MOST_CALLERS = 10_000


@dataclass(slots=True)
class _Misses:
    count: int
    until: float  # monotonic seconds


class MissThrottle:
    """Counts misses by caller; IPv6 callers by their /64, which is what one subscriber is given."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callers: OrderedDict[str, _Misses] = OrderedDict()

    def seconds_to_wait(self, address: str) -> int:
        """0 for a caller that may go on, else for how long it gets no answer."""
        with self._lock:
            known = self._callers.get(_caller(address))
            left = known.until - time.monotonic() if known and known.count >= MOST_MISSES else 0.0
        return max(1, round(left)) if left > 0 else 0

    def note_miss(self, address: str) -> None:
        """One more address that does not exist."""
        moment, caller = time.monotonic(), _caller(address)
        with self._lock:
            known = self._callers.pop(caller, None)
            if known is None or known.until <= moment:
                known = _Misses(0, moment + WINDOW_SECONDS)
            known.count += 1
            self._callers[caller] = known
            while len(self._callers) > _MOST_CALLERS:
                self._callers.popitem(last=False)

    def forget(self) -> None:
        """Start anew."""
        with self._lock:
            self._callers.clear()


def _caller(address: str) -> str:
    try:
        read = ip_address(address)
    except ValueError:
        return address
    return address if read.version == 4 else str(ip_network((read, 64), strict=False))


throttle = MissThrottle()
