"""Short-lived tokens kept in this process: one fetch at a time for each key, its result for all who wait."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field

from core.errors import GatewayError


@dataclass(frozen=True)
class Token:
    """A token and the epoch second from which it is no longer used; one already past is used once."""

    value: str = field(repr=False)
    renew_at: float
    kind: str = "bearer"

    def fresh(self) -> bool:
        """Whether it may sign another request."""
        return self.renew_at > time.time()


class _Slot:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.flights = 0
        self.token: Token | None = None
        self.error: GatewayError | None = None


class TokenCache:
    """Tokens by key, bounded; the least recently used key goes first."""

    def __init__(self, *, size: int = 512) -> None:
        self._size = size
        self._guard = threading.Lock()
        self._slots: OrderedDict[str, _Slot] = OrderedDict()

    def get(self, key: str, fetch: Callable[[], Token]) -> Token:
        """The kept token, or one from `fetch`; threads that wait for a fetch share its token or its error."""
        slot = self._slot(key)
        flights, token = slot.flights, slot.token
        if token is not None and token.fresh():
            return token
        with slot.lock:
            if slot.flights != flights:
                if slot.token is not None and slot.token.fresh():
                    return slot.token
                if slot.error is not None:
                    raise copy(slot.error) from slot.error
            return self._fly(slot, fetch)

    def drop(self, key: str, value: str) -> None:
        """Forget the token if it still is `value`; a newer one stays."""
        slot = self._slot(key)
        with slot.lock:
            if slot.token is not None and slot.token.value == value:
                slot.token = None

    def peek(self, key: str) -> Token | None:
        """The kept token, fresh or not."""
        return self._slot(key).token

    def clear(self) -> None:
        """Forget everything."""
        with self._guard:
            self._slots.clear()

    def _fly(self, slot: _Slot, fetch: Callable[[], Token]) -> Token:
        slot.token, slot.error = None, None
        try:
            slot.token = fetch()
        except GatewayError as error:
            slot.error = error
            raise
        finally:
            slot.flights += 1
        return slot.token

    def _slot(self, key: str) -> _Slot:
        with self._guard:
            slot = self._slots.setdefault(key, _Slot())
            self._slots.move_to_end(key)
            while len(self._slots) > self._size:
                self._slots.popitem(last=False)
            return slot


TOKENS = TokenCache()
