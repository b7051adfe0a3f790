"""Back-pressure: applications wait while more messages are due than the gateway should hold."""

from __future__ import annotations

import threading
import time

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from core.errors import QueueFull
from credentials.models import ApiCredential
from messaging.breaker import open_credentials
from messaging.models import ChannelConfiguration, ChannelStatus, Message
from messaging.states import State

_ASK_AFTER_SECONDS = 1.0
_AT_MOST_OF_TIME = 20  # a look that took long is repeated later: at most a twentieth of the time goes into it


class Backlog:
    """Whether more than SMSGATEWAY_QUEUE_LIMIT messages are due; looked up at most once a second in a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ask_at = 0.0
        self._is_full = False

    def check(self) -> None:
        """QueueFull when applications have to wait."""
        with self._lock:
            if time.monotonic() >= self._ask_at:
                self._ask()
            is_full = self._is_full
        if is_full:
            raise QueueFull(
                f"More than {settings.SMSGATEWAY_QUEUE_LIMIT:,} messages are waiting to be sent. Nothing was stored; "
                "send it again later."
            )

    def _ask(self) -> None:
        started = time.monotonic()
        limit = settings.SMSGATEWAY_QUEUE_LIMIT
        due = Message.objects.filter(_able(), state=State.QUEUED, due_at__lte=Now()).order_by()
        self._is_full = bool(due.values_list("id", flat=True)[limit : limit + 1])
        ended = time.monotonic()
        self._ask_at = ended + max(_ASK_AFTER_SECONDS, _AT_MOST_OF_TIME * (ended - started))


def _able() -> Q:
    """Messages that could leave now: what waits for one credential or channel closes the door for nobody else."""
    credentials = ApiCredential.objects.filter(paused_at=None).exclude(pk__in=open_credentials())
    closed = ChannelConfiguration.objects.exclude(status=ChannelStatus.ACTIVE)
    able = Q(credential_id__in=list(credentials.values_list("pk", flat=True)))
    return able & (Q(channel_id=None) | ~Q(channel_id__in=list(closed.values_list("pk", flat=True))))


backlog = Backlog()
