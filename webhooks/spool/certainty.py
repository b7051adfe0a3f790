"""When a caller may be told that its spooled callback was taken.

It may be a STOP, and a sender that can reach the database when we cannot must not send after our 2xx. So the answer
waits until the callback was replayed, or until every gate waits for certain (`messaging.hosts`), because this host's
row is stale or says that its spool is not empty; a sender's own start within 2 s of its gate included (docs/adr/0022).
"""

from __future__ import annotations

import time

from messaging.hosts import STALE_AFTER
from webhooks.spool.store import Store

_START_AFTER_GATE = 2.0 + 0.5  # seconds, with a margin
CERTAIN_AFTER = STALE_AFTER.total_seconds() + _START_AFTER_GATE
_GIVE_UP_AFTER = CERTAIN_AFTER + 4.5
_LOOK_EVERY = 0.05


def is_certain(store: Store, name: str) -> bool:
    """Wait until nothing can be sent that the callback forbids; False when it cannot be told in time."""
    put_at = time.monotonic()
    announced: float | None = None  # since when the row says that callbacks wait, this one among them
    while (moment := time.monotonic()) < put_at + _GIVE_UP_AFTER:
        if not store.has(name):
            return True
        if beat := store.last_beat():
            counted_at, noted_at = beat
            if announced is None and counted_at > put_at:
                announced = noted_at
            # After a reboot the clock starts anew: a beat from before is no beat of the future.
            if moment - min(noted_at, moment) > CERTAIN_AFTER:
                return True
        if announced is not None and moment - announced > _START_AFTER_GATE:
            return True
        time.sleep(_LOOK_EVERY)
    return False
