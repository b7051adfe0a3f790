"""Reading messages."""

from __future__ import annotations

import uuid

from django.db.models import Q
from django.db.models.functions import Now

from credentials.models import ApiCredential, CallbackEndpoint
from messaging.models import ChannelStatus, Message, Source
from messaging.states import State

# Messages of a draft channel wait in the queue; tests go out all the same.
ON_OPEN_CHANNEL = Q(channel__isnull=True) | Q(channel__status=ChannelStatus.ACTIVE) | Q(source=Source.TEST)


def credentials_with_due_messages() -> list[uuid.UUID]:
    """Credentials that are not paused and have at least one due message: one index probe per credential."""
    due = Message.objects.filter(ON_OPEN_CHANNEL, state=State.QUEUED, due_at__lte=Now())
    credentials = ApiCredential.objects.filter(paused_at__isnull=True).values_list("id", flat=True)
    return [
        credential_id for credential_id in credentials if due.filter(credential_id=credential_id).exists()
    ]


def expects_reports(credential_id: uuid.UUID) -> bool:
    """Whether the credential has an enabled webhook that delivery reports can reach."""
    return CallbackEndpoint.objects.filter(credential_id=credential_id, enabled=True).exists()
