"""Opt-outs that a provider tells us of: by a flag, a URL of its own, or a report's code. No reply goes out."""

from __future__ import annotations

from django.db import transaction

from consent import ledger
from consent.models import ConsentEvent, Kind, Source
from core.errors import NumberInvalid
from messaging import suppress
from webhooks import acting
from webhooks.models import InboundRequest, OptOutScope, RequestState, Webhook
from webhooks.outcomes import Note
from webhooks.people import person_of
from webhooks.reading import OptOut
from webhooks.replies import channel_of


def take(event: OptOut, *, raw: InboundRequest, webhook: Webhook, reason: str, scope: str = "") -> Note:
    """Withdraw consent and suppress what waits, in one transaction; said again it changes nothing.

    `scope`: "all" or "sender:…"; left out, the webhook's own setting decides.
    """
    channels = acting.channels_of(webhook)
    country = acting.country_of(channels)
    try:
        msisdn = person_of(event.number, country=country)
    except NumberInvalid as error:
        return Note(RequestState.QUARANTINED, f'Opt-out of "{event.number[:50]}": {error.text}')
    own = channel_of(event.recipient, channels, country=country)
    scope = scope or (
        f"sender:{own.sender}" if webhook.opt_out_scope == OptOutScope.SENDER and own else "all"
    )
    with transaction.atomic():
        if subject_id := _said_already(msisdn, scope=scope, purpose=webhook.opt_out_purpose):
            return Note(RequestState.PROCESSED, "Opted out already.", subject_id)
        recorded = ledger.record(
            msisdn=msisdn,
            kind=Kind.OPT_OUT,
            scope=scope,
            purpose=webhook.opt_out_purpose,
            source=Source.PROVIDER,
            text=event.text,
            reason=reason,
            reference=f"callback:{raw.pk}",
            occurred_at=event.occurred_at or raw.received_at,
            evidence={"webhook": webhook.name, "provider_message_id": event.provider_id},
        )
        taken = suppress.suppress_waiting(
            subject_id=recorded.subject_id, scope=scope, purpose=webhook.opt_out_purpose
        )
    return Note(RequestState.PROCESSED, "", recorded.subject_id if taken.on_the_wire else None)


def _said_already(msisdn: str, *, scope: str, purpose: str) -> int:
    """The subject if its newest choice is this very opt-out of the provider, else 0; it stays locked."""
    kind, sequence = ledger.last_choice(msisdn)
    if kind != Kind.OPT_OUT:
        return 0
    subject_id = ledger.subjects_for([msisdn])[msisdn]
    same = ConsentEvent.objects.filter(
        subject_id=subject_id, sequence=sequence, scope=scope, purpose=purpose, source=Source.PROVIDER
    )
    return subject_id if same.exists() else 0
