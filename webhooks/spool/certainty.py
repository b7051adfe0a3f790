"""When a caller may be told that its spooled callback was taken.

It may be a STOP, and a sender that can reach the database when we cannot must not send after our 2xx. So the answer
waits until the callback was replayed, or until this host's row is stale for certain and every gate waits
(`messaging.hosts`), a sender's own start within 2 s of its gate included (docs/adr/0022).
"""

from __future__ import annotations

import time

from messaging.hosts import STALE_AFTER
from webhooks.spool.store import Store

_START_AFTER_GATE = 2.0
_MARGIN = 0.5
CERTAIN_AFTER = STALE_AFTER.total_seconds() + _START_AFTER_GATE + _MARGIN
_GIVE_UP_AFTER = CERTAIN_AFTER + 2.5
_LOOK_EVERY = 0.05


def is_certain(store: Store, name: str) -> bool:
    """Wait until nothing can be sent that the callback forbids; False when it cannot be told in time."""
    deadline = time.monotonic() + _GIVE_UP_AFTER
    while time.monotonic() < deadline:
        if not store.has(name):
            return True
        silent = store.seconds_since_beat()
        if silent is not None and silent > CERTAIN_AFTER:
            return True
        time.sleep(_LOOK_EVERY)
    return False
