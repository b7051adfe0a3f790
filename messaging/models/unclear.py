"""Messages that the gateway cannot decide about by itself."""

from __future__ import annotations

from django.db import models

from messaging.models.messages import Message
from messaging.states import UNCLEAR


class _Unclear(models.Manager[Message]):
    def get_queryset(self) -> models.QuerySet[Message]:
        return super().get_queryset().filter(state__in=UNCLEAR)


class UnclearMessage(Message):  # type: ignore[django-manager-missing]
    """A message that is unknown or quarantined; a list of its own on screen."""

    objects = _Unclear()  # type: ignore[assignment,misc]

    class Meta:
        proxy = True
        ordering = ["due_at", "id"]
        verbose_name = "Unclear message"
