"""One message from a person: kept once, its wish put into the ledger, one reply."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from consent import ledger
from consent.models import Kind
from core.bulk import insert_once, new
from core.errors import NumberInvalid
from core.secrets import keyed_hash
from webhooks import acting
from webhooks.keywords import Intent, KeywordRules, Match
from webhooks.models import InboundMessage, InboundRequest, RequestState, Webhook
from webhooks.outcomes import Note
from webhooks.people import person_of
from webhooks.reading import InboundText

_RECORDED = (Intent.OPT_OUT, Intent.OPT_IN, Intent.HELP)  # what comes next is an event in the ledger
_SAME_TEXT_WITHIN = 600  # seconds; for providers that give their messages neither id nor time


def take(
    event: InboundText, *, raw: InboundRequest, webhook: Webhook, rules: KeywordRules, late: bool = False
) -> Note:
    """Keep the message and act on its keyword, in one transaction; the same message again changes nothing.

    `late`: it is processed some time after it came, so its wish dates from then.
    """
    channels = acting.channels_of(webhook)
    try:
        msisdn = person_of(event.number, country=acting.country_of(channels))
    except NumberInvalid as error:
        return Note(RequestState.QUARANTINED, f'From "{event.number[:50]}": {error.text}')
    match = acting.read(event.text, msisdn=msisdn, rules=rules, may_ask=webhook.fuzzy_reply)
    with transaction.atomic(savepoint=False):
        message = _kept(event, msisdn=msisdn, match=match, raw=raw, webhook=webhook)
        if message is None:
            subject_id = _subject_to_wait_for(msisdn) if match.intent is Intent.OPT_OUT else None
            return Note(RequestState.PROCESSED, "Received before; nothing was done again.", subject_id)
        if late and message.occurred_at is None:
            message.occurred_at = raw.received_at
        return acting.act(message, match, webhook=webhook, rules=rules, channels=channels)


def _kept(
    event: InboundText, *, msisdn: str, match: Match, raw: InboundRequest, webhook: Webhook
) -> InboundMessage | None:
    """The message as it is kept now; None if it was kept before."""
    key, certain = _dedupe_key(event, msisdn, raw, webhook)
    if not raw._state.adding and _was_taken(event, msisdn=msisdn, raw=raw):
        return None

    def insert(dedupe_key: str) -> InboundMessage | None:
        return _insert(event, dedupe_key, msisdn=msisdn, match=match, raw=raw, webhook=webhook)

    message = insert(key)
    if message is None and event.provider_id and not _same(event, key, msisdn=msisdn, webhook=webhook):
        # Providers use ids again, and a sample may name a value that is no id at all.
        return insert(f"reused:{_digest_of(event, msisdn, event.provider_id, str(event.occurred_at or ''))}")
    if message is None and match.intent is Intent.OPT_OUT and not certain:
        # STOP, START, STOP: without id and time the second STOP looks like a copy of the first. The opt-in
        # between them tells that it may be a new one, and then it counts.
        kind, sequence = ledger.last_choice(msisdn)
        return insert(f"{key}:{sequence}") if kind == Kind.OPT_IN else None
    return message


def _insert(
    event: InboundText, dedupe_key: str, *, msisdn: str, match: Match, raw: InboundRequest, webhook: Webhook
) -> InboundMessage | None:
    message = new(
        InboundMessage,
        webhook_id=webhook.pk,
        request_id=raw.pk,
        dedupe_key=dedupe_key,
        provider_message_id=event.provider_id,
        msisdn=msisdn,
        recipient=event.recipient,
        text=event.text,
        intent=match.intent.value,
        keyword=match.keyword[:100],
        category=match.category[:60],
        occurred_at=event.occurred_at,
        received_at=raw.received_at,
    )
    asking = ledger.first_question(msisdn) if match.intent in _RECORDED else None
    return message if insert_once(message, asking=asking) else None


def _was_taken(event: InboundText, *, msisdn: str, raw: InboundRequest) -> bool:
    """Whether this very callback already gave this message, perhaps when its id was not read yet."""
    taken = raw.messages.filter(msisdn=msisdn, text=event.text)
    return taken.filter(provider_message_id__in=("", event.provider_id)).exists()


def _dedupe_key(event: InboundText, msisdn: str, raw: InboundRequest, webhook: Webhook) -> tuple[str, bool]:
    """What the same message has again, and whether no other message can have it."""
    if event.provider_id:
        return f"id:{event.provider_id}", True
    if event.occurred_at is not None:
        return f"text:{_digest_of(event, msisdn, str(event.occurred_at))}", True
    spell = int(raw.received_at.timestamp()) // _SAME_TEXT_WITHIN
    key, earlier = (f"text:{_digest_of(event, msisdn, str(number))}" for number in (spell, spell - 1))
    # A copy may come just after the border between two spells.
    lately = raw.received_at - timedelta(seconds=_SAME_TEXT_WITHIN)
    copies = InboundMessage.objects.filter(webhook=webhook, dedupe_key=earlier, received_at__gt=lately)
    return (earlier if copies.exists() else key), False


def _digest_of(event: InboundText, msisdn: str, *more: str) -> str:
    return keyed_hash("\x1f".join((msisdn, event.recipient, event.text, *more)), use="inbound message")


def _same(event: InboundText, key: str, *, msisdn: str, webhook: Webhook) -> bool:
    """Whether what is kept under the key is this very message, and not another one with the same id."""
    kept = InboundMessage.objects.filter(webhook=webhook, dedupe_key=key).first()
    return kept is not None and (kept.msisdn, kept.recipient, kept.text, kept.occurred_at) == (
        msisdn, event.recipient, event.text, event.occurred_at,
    )  # fmt: skip


def _subject_to_wait_for(msisdn: str) -> int:
    return ledger.subjects_for([msisdn])[msisdn]
