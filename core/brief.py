"""A memory of one second: rows that every request needs are looked up once, and a change is seen soon everywhere."""

from __future__ import annotations

import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

KEPT_SECONDS = 1.0
_MOST_KEPT = 1000
_DEAR_SECONDS = 0.05
_TIMES_AS_LONG = 20
_all: weakref.WeakSet[BriefMemory[object, object]] = weakref.WeakSet()


class BriefMemory(Generic[Key, Value]):
    """Remembers what `load` found; what was not found is asked for again each time.

    Code that changes a row calls `forget()`; other processes follow within KEPT_SECONDS. Values are shared between
    threads: nobody changes them.
    """

    def __init__(self, load: Callable[[Key], Value | None]) -> None:
        self._load = load
        self._kept: OrderedDict[Key, tuple[float, Value]] = OrderedDict()
        _all.add(self)  # type: ignore[arg-type]

    def get(self, key: Key) -> Value | None:
        """The value, at most KEPT_SECONDS old; None when there is none."""
        kept = self._kept.get(key)
        if kept is not None and time.monotonic() < kept[0]:
            return kept[1]
        value = self._load(key)
        if value is None:
            self._kept.pop(key, None)
            return None
        self._kept[key] = (time.monotonic() + KEPT_SECONDS, value)
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return value

    def forget(self) -> None:
        """Look everything up again."""
        self._kept.clear()


class DearMemory(BriefMemory[Key, Value]):
    """Remembers what took long to find for _TIMES_AS_LONG as it took, and nothing else: a busy page costs little.

    At 0.1 s to count a day's messages the count is two seconds old at most; at a few milliseconds it is always fresh.
    """

    def get(self, key: Key) -> Value | None:
        """The value, as old as it took to find, times _TIMES_AS_LONG."""
        kept = self._kept.get(key)
        if kept is not None and time.monotonic() < kept[0]:
            return kept[1]
        started = time.monotonic()
        value = self._load(key)
        ended = time.monotonic()
        self._kept.pop(key, None)
        if value is not None and ended - started > _DEAR_SECONDS:
            self._kept[key] = (ended + _TIMES_AS_LONG * (ended - started), value)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return value


def forget_everything() -> None:
    """Empty every memory of this process."""
    for memory in list(_all):
        memory.forget()
