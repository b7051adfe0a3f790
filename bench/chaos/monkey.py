"""Who kills: what the plan says in random order, at moments spread over the requests the provider sees."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping

from bench.chaos.record import Kill

_LOOK_EVERY = 0.05


class Monkey:
    """Runs `kills` (kind -> how many) of `victims` (kind -> kills it, starts it again, gives its name)."""

    def __init__(
        self,
        *,
        seed: int,
        kills: Mapping[str, int],
        victims: Mapping[str, Callable[[], str]],
        progress: Callable[[], float],
        keep_alive: Callable[[], None],
    ) -> None:
        chances = random.Random(seed)
        self._plan = [kind for kind, count in kills.items() for _ in range(count)]
        chances.shuffle(self._plan)
        # From the first messages to nearly the last; two may fall on the same moment.
        self._moments = sorted(chances.uniform(0.01, 0.97) for _ in self._plan)
        self._victims, self._progress, self._keep_alive = victims, progress, keep_alive
        self.kills: list[Kill] = []
        self.broke: BaseException | None = None
        self.stop = threading.Event()

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def is_done(self) -> bool:
        """Whether the whole plan was carried out, or it cannot be."""
        return not self._thread.is_alive()

    @property
    def planned(self) -> int:
        """How many kills there are to be."""
        return len(self._plan)

    def _run(self) -> None:
        try:
            for kind, moment in zip(self._plan, self._moments, strict=True):
                while self._progress() < moment:
                    if self.stop.is_set():
                        return
                    self._keep_alive()
                    time.sleep(_LOOK_EVERY)
                at = time.time()
                self.kills.append(Kill(at, kind, self._victims[kind]()))
        except BaseException as error:
            self.broke = error
            raise
