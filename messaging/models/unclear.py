"""Messages that the gateway cannot decide about by itself."""

from __future__ import annotations

from messaging.models.messages import Message


class UnclearMessage(Message):  # type: ignore[django-manager-missing]
    """A message that is unknown or quarantined; a list of its own on screen."""

    class Meta:
        proxy = True
        ordering = ["due_at", "id"]
        verbose_name = "Unclear message"
