"""Reading messages."""

from __future__ import annotations

import uuid

from django.db.models import Q, UUIDField
from django.db.models.functions import Now

from core.compiled import Compiled, Slot
from credentials.models import ApiCredential, CallbackEndpoint
from messaging.models import ChannelStatus, Message, Source
from messaging.states import State

# Messages of a draft channel wait in the queue; tests go out all the same.
ON_OPEN_CHANNEL = Q(channel__isnull=True) | Q(channel__status=ChannelStatus.ACTIVE) | Q(source=Source.TEST)


def credentials_with_due_messages() -> list[uuid.UUID]:
    """Credentials that are not paused and have at least one due message: one index probe per credential."""
    return [credential_id for (credential_id,) in _SENDING.rows() if _DUE.rows({"credential": credential_id})]


_SENDING = Compiled(lambda: ApiCredential.objects.filter(paused_at__isnull=True).order_by().values_list("id"))
_DUE = Compiled(
    lambda: (
        Message.objects.filter(ON_OPEN_CHANNEL, state=State.QUEUED, due_at__lte=Now())
        .filter(credential_id=Slot("credential", UUIDField()))
        .order_by()
        .values_list("id")[:1]
    )
)


def expects_reports(credential_id: uuid.UUID) -> bool:
    """Whether the credential has an enabled webhook that delivery reports can reach."""
    return CallbackEndpoint.objects.filter(credential_id=credential_id, enabled=True).exists()
