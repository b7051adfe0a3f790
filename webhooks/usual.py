"""The usual report and its callback in one statement, one round trip, one commit (docs/adr/0023)."""

from __future__ import annotations

from core.bulk import insert_where
from messaging.reports import Report, apply_usual
from webhooks.models import InboundRequest, RequestState, Webhook
from webhooks.outcomes import Note
from webhooks.reading import Event, StatusReport


def take_usual(event: Event, raw: InboundRequest, webhook: Webhook) -> Note | None:
    """Apply a report of plain progress and keep its callback with it; None when it is not usual: nothing is done then.

    A report with an error code may concern consent or wait for staff to map it: that is never usual.
    """
    if not isinstance(event, StatusReport) or not event.known or event.code or not raw._state.adding:
        return None
    raw.state, raw.reason = RequestState.PROCESSED, ""
    report = Report(
        status=event.status,
        provider_id=event.provider_id,
        message_id=event.client_reference,
        raw_status=event.raw_status,
    )
    if not apply_usual(credential_id=webhook.endpoint.credential_id, report=report, along=insert_where(raw)):
        return None
    raw._state.adding = False
    return Note(RequestState.PROCESSED)
