"""Whether this process can reach the database: callbacks need not find out one by one, each waiting for a timeout."""

from __future__ import annotations

import logging
import time

log = logging.getLogger(__name__)

# A beat that takes longer than this hangs, as when packets to the database vanish.
_BEAT_HANGS_AFTER = 5.0
# Renewed by every failed beat; where no keeper runs, a callback tries again after this.
_BELIEVED_FOR = 3.0


class Outage:
    """Begun by whoever meets a dead database, ended by the keeper's next successful beat."""

    def __init__(self) -> None:
        self._until = 0.0
        self._beat_begun: float | None = None

    def begin(self) -> None:
        """The database did not answer."""
        if not self._until:
            log.error("the database does not answer; callbacks go to the spool until it does")
        self._until = time.monotonic() + _BELIEVED_FOR

    def end(self) -> None:
        """The database answered."""
        if self._until:
            log.warning("the database answers again")
        self._until = 0.0

    def beat_begins(self) -> None:
        """The keeper asks the database."""
        self._beat_begun = time.monotonic()

    def beat_ends(self) -> None:
        """The keeper has its answer, or none."""
        self._beat_begun = None

    def is_on(self) -> bool:
        """Whether callbacks go to the spool at once."""
        begun, moment = self._beat_begun, time.monotonic()
        return moment < self._until or (begun is not None and moment - begun > _BEAT_HANGS_AFTER)


outage = Outage()
