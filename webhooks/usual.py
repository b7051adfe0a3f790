"""The usual report and its callback in one statement, one round trip, one commit (docs/adr/0023)."""

from __future__ import annotations

from core.bulk import insert_where
from messaging.reports import apply_usual
from webhooks.models import InboundRequest, RequestState, Webhook
from webhooks.outcomes import Note
from webhooks.reading import Event, StatusReport
from webhooks.taking import NO_CODES, report_of


def take_usual(event: Event, raw: InboundRequest, webhook: Webhook) -> Note | None:
    """Apply a report of plain progress and keep its callback with it; None when it is not usual: nothing is done then.

    A report with an error code may concern consent or wait for staff to map it: that is never usual.
    """
    if not isinstance(event, StatusReport) or not event.known or not raw._state.adding:
        return None
    if event.code not in NO_CODES:
        return None
    raw.state, raw.reason = RequestState.PROCESSED, ""
    if not apply_usual(
        credential_id=webhook.endpoint.credential_id, report=report_of(event), along=insert_where(raw)
    ):
        return None
    raw._state.adding = False
    return Note(RequestState.PROCESSED)
