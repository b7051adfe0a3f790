"""Identifiers that sort by time, so that indexes grow at one end."""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from datetime import datetime, timedelta

# Row and id are dated by clocks of different machines, a moment apart.
ID_MAY_BE_OFF = timedelta(hours=1)
_RANDOM_BITS = 74
_STEP_BITS = 32
_lock = threading.Lock()
_last = (0, 0)


def uuid7() -> uuid.UUID:
    """A version 7 UUID: 48 bits of Unix milliseconds, 74 random bits (RFC 9562, sections 5.7 and 6.2, method 2).

    Ids of one process keep the order they were made in, also within a millisecond and when the clock steps back.
    """
    global _last
    with _lock:
        milliseconds, random_bits = time.time_ns() // 1_000_000, secrets.randbits(_RANDOM_BITS - 1)
        if milliseconds <= _last[0]:
            milliseconds, random_bits = _last[0], _last[1] + 1 + secrets.randbits(_STEP_BITS)
            if random_bits >> _RANDOM_BITS:
                milliseconds, random_bits = milliseconds + 1, secrets.randbits(_RANDOM_BITS - 1)
        _last = (milliseconds, random_bits)
    high, low = random_bits >> 62, random_bits & ((1 << 62) - 1)
    return uuid.UUID(int=(milliseconds & ((1 << 48) - 1)) << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


def first_id_at(moment: datetime) -> uuid.UUID:
    """The lowest id that `uuid7` makes at a moment: ids from it on are not older."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80 | 0x7 << 76 | 0b10 << 62)
