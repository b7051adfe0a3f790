"""Pausing a credential: its messages wait until somebody resumes it."""

from __future__ import annotations

import uuid

from core.clock import now
from credentials.models import ApiCredential


def pause(*, credential_id: uuid.UUID, reason: str, revision: int | None = None) -> bool:
    """Pause the credential unless it is paused already; True when this call did it.

    With `revision`: only as long as the credential has not been changed since.
    """
    running = ApiCredential.objects.filter(pk=credential_id, paused_at__isnull=True)
    if revision is not None:
        running = running.filter(revision=revision)
    return bool(running.update(paused_at=now(), paused_reason=reason))


def resume(*, credential: ApiCredential) -> bool:
    """Let the credential send again; True when it was paused."""
    paused = ApiCredential.objects.filter(pk=credential.pk, paused_at__isnull=False)
    resumed = bool(paused.update(paused_at=None, paused_reason=""))
    credential.paused_at, credential.paused_reason = None, ""
    return resumed
