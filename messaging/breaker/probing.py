"""Half open: one message of one worker finds out whether the provider answers again."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Sized
from datetime import timedelta

from django.db.models.functions import Now

from core.clock import database_now
from messaging.breaker.standing import forget, standings
from messaging.breaker.telling import tell_waiting
from messaging.models import Breaker, BreakerState

logger = logging.getLogger(__name__)

# Longer than any attempt of one part takes; after it another worker may try.
PROBE_WITHIN = timedelta(seconds=45)
_UNUSED_SECONDS = timedelta(seconds=1)

_lock = threading.Lock()
_won: dict[uuid.UUID, uuid.UUID] = {}  # credential -> token of its row, not yet handed to a message
_sent: dict[uuid.UUID, uuid.UUID] = {}  # lease token of the message that probes -> token of the row


def allowance(credential_id: uuid.UUID, wanted: int) -> int:
    """How many messages may be claimed now: all while the provider answers, else none, or one that tries.

    Whoever claims under an allowance tells `watch` afterwards what came of it.
    """
    standing = standings().get(credential_id)
    if standing is None or standing.state == BreakerState.CLOSED:
        return wanted
    if standing.may_probe and wanted and _win(credential_id):
        return 1
    tell_waiting(credential_id)
    return 0


def watch(credential_id: uuid.UUID, lease_token: uuid.UUID, passed: Sized) -> None:
    """The message of this lease probes, if a probe is ours; when none passed the gate, somebody else may try soon."""
    if not _won:
        return
    with _lock:
        token = _won.pop(credential_id, None)
        if token is not None and passed:
            _sent[lease_token] = token
    if token is not None and not passed:
        give_up(credential_id, token)


def probe_of(lease_token: uuid.UUID) -> uuid.UUID | None:
    """The probe that the message of this lease was, once; None for every other message."""
    if not _sent:
        return None
    with _lock:
        return _sent.pop(lease_token, None)


def give_up(credential_id: uuid.UUID, token: uuid.UUID) -> None:
    """A probe that told nothing: open as before, the next one may go in a second."""
    ours = Breaker.objects.filter(pk=credential_id, state=BreakerState.HALF_OPEN, probe_token=token)
    ours.update(state=BreakerState.OPEN, probe_at=database_now() + _UNUSED_SECONDS, probe_token=None)
    forget()


def _win(credential_id: uuid.UUID) -> bool:
    """Compare-and-set: of all workers that try one gets the probe."""
    token = uuid.uuid4()
    due = Breaker.objects.filter(pk=credential_id, probe_at__lte=Now()).exclude(state=BreakerState.CLOSED)
    won = bool(
        due.update(state=BreakerState.HALF_OPEN, probe_at=database_now() + PROBE_WITHIN, probe_token=token)
    )
    forget()
    if won:
        with _lock:
            _won[credential_id] = token
    return won
