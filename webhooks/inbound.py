"""One message from a person: kept once, its wish put into the ledger, one reply."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction

from consent import ledger
from consent.models import ConsentEvent, Kind, Source
from core.clock import now
from core.errors import GatewayError, NumberInvalid
from core.secrets import keyed_hash
from core.vocabulary import Purpose
from messaging import suppress
from messaging.accept import Submission, accept
from messaging.models import ChannelConfiguration, ChannelStatus, Message
from messaging.models import Source as MessageSource
from profiles.selectors import attributes_for
from webhooks.keywords import Intent, KeywordRules, Match
from webhooks.models import InboundMessage, InboundRequest, OptOutScope, RequestState, Webhook
from webhooks.outcomes import Note
from webhooks.people import person_of
from webhooks.reading import InboundText
from webhooks.replies import channel_of, reply_text, sender_for

CONFIRM_AGAIN_AFTER = timedelta(hours=24)
MOST_REPLIES = 20  # to one number in an hour: two gateways answering each other must come to an end
_SAME_TEXT_WITHIN = 600  # seconds; for providers that give their messages neither id nor time
_KINDS = {Intent.OPT_IN: Kind.OPT_IN, Intent.OPT_OUT: Kind.OPT_OUT, Intent.HELP: Kind.HELP}


def take(
    event: InboundText, *, raw: InboundRequest, webhook: Webhook, rules: KeywordRules, late: bool = False
) -> Note:
    """Keep the message and act on its keyword, in one transaction; the same message again changes nothing.

    `late`: it is processed some time after it came, so its wish dates from then.
    """
    channels = _channels(webhook)
    try:
        msisdn = person_of(event.number, country=_country(channels))
    except NumberInvalid as error:
        return Note(RequestState.QUARANTINED, f'From "{event.number[:50]}": {error.text}')
    match = rules.match(event.text)
    with transaction.atomic():
        message = _kept(event, msisdn=msisdn, match=match, raw=raw, webhook=webhook)
        if message is None:
            subject_id = _subject_to_wait_for(msisdn) if match.intent is Intent.OPT_OUT else None
            return Note(RequestState.PROCESSED, "Received before; nothing was done again.", subject_id)
        if match.intent not in _KINDS:  # kept with what was read in it
            return Note(RequestState.PROCESSED)
        if late and message.occurred_at is None:
            message.occurred_at = raw.received_at
        return _act(message, match, webhook=webhook, rules=rules, channels=channels)


def _act(
    message: InboundMessage,
    match: Match,
    *,
    webhook: Webhook,
    rules: KeywordRules,
    channels: list[ChannelConfiguration],
) -> Note:
    country = _country(channels)
    sender, channel = sender_for(message.recipient, channels, country=country)
    # Another channel may answer, but it never decides what an opt-out stops: in doubt, everything.
    own = channel_of(message.recipient, channels, country=country)
    scope = f"sender:{own.sender}" if webhook.opt_out_scope == OptOutScope.SENDER and own else "all"
    # The subject's row is locked here, before any message row: the order every writer keeps.
    event = _record(message, match, webhook=webhook, scope=scope)
    wait_for = None
    if match.intent is Intent.OPT_OUT:
        suppress.suppress_waiting(subject_id=event.subject_id, scope=scope, purpose=webhook.opt_out_purpose)
        wait_for = event.subject_id
    reason = _silence(message, match, event, sender)
    if not reason:
        reason = _reply(message, match, webhook=webhook, rules=rules, sender=sender, channel=channel)
    return Note(RequestState.PROCESSED, reason, wait_for)


def _kept(
    event: InboundText, *, msisdn: str, match: Match, raw: InboundRequest, webhook: Webhook
) -> InboundMessage | None:
    """The message as it is kept now; None if it was kept before."""
    key, certain = _dedupe_key(event, msisdn, raw)

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
    message = InboundMessage(
        webhook=webhook,
        request=raw,
        dedupe_key=dedupe_key,
        provider_message_id=event.provider_id,
        msisdn=msisdn,
        recipient=event.recipient,
        text=event.text,
        intent=match.intent.value,
        keyword=match.keyword[:100],
        occurred_at=event.occurred_at,
    )
    # The database decides who was first: a parallel copy waits here for the first one's commit.
    InboundMessage.objects.bulk_create([message], ignore_conflicts=True)
    return message if InboundMessage.objects.filter(pk=message.pk).exists() else None


def _dedupe_key(event: InboundText, msisdn: str, raw: InboundRequest) -> tuple[str, bool]:
    """What the same message has again, and whether no other message can have it."""
    if event.provider_id:
        return f"id:{event.provider_id}", True
    moment = event.occurred_at or int(raw.received_at.timestamp()) // _SAME_TEXT_WITHIN
    return f"text:{_digest_of(event, msisdn, str(moment))}", event.occurred_at is not None


def _digest_of(event: InboundText, msisdn: str, *more: str) -> str:
    return keyed_hash("\x1f".join((msisdn, event.recipient, event.text, *more)), use="inbound message")


def _same(event: InboundText, key: str, *, msisdn: str, webhook: Webhook) -> bool:
    """Whether what is kept under the key is this very message, and not another one with the same id."""
    kept = InboundMessage.objects.filter(webhook=webhook, dedupe_key=key).first()
    return kept is not None and (kept.msisdn, kept.recipient, kept.text, kept.occurred_at) == (
        msisdn, event.recipient, event.text, event.occurred_at,
    )  # fmt: skip


def _record(message: InboundMessage, match: Match, *, webhook: Webhook, scope: str) -> ConsentEvent:
    return ledger.record(
        msisdn=message.msisdn,
        kind=_KINDS[match.intent],
        scope=scope,
        purpose=webhook.opt_out_purpose,
        source=Source.KEYWORD,
        text=message.text,
        keyword=match.keyword,
        rule_version=f"{match.version}/{match.rule}",
        reference=f"inbound:{message.pk}",
        occurred_at=message.occurred_at,
        evidence={
            "webhook": webhook.name,
            "recipient": message.recipient,
            "provider_message_id": message.provider_message_id,
        },
    )


def _silence(message: InboundMessage, match: Match, event: ConsentEvent, sender: str) -> str:
    """Why this message gets no reply; "" if it gets one."""
    if not sender:
        return "No reply: no recipient in the callback, no active channel configuration of the credential."
    if match.intent is Intent.OPT_IN and _still_out(event, sender):
        return "No reply: an opt-out stands that this message does not lift, see the consent history."
    answered = InboundMessage.objects.filter(msisdn=message.msisdn, reply__isnull=False)
    if match.intent is Intent.OPT_OUT and _was_out(event):
        recent = answered.filter(intent=Intent.OPT_OUT.value, received_at__gt=now() - CONFIRM_AGAIN_AFTER)
        if recent.exists():
            return "No reply: the opt-out was confirmed less than 24 hours ago."
    if answered.filter(received_at__gt=now() - timedelta(hours=1)).count() >= MOST_REPLIES:
        return f"No reply: this number got {MOST_REPLIES} replies within the hour."
    return ""


def _still_out(event: ConsentEvent, sender: str) -> bool:
    states = ledger.states_for([event.subject_id])[event.subject_id]
    decision = ledger.decide(states, sender=sender, purpose=Purpose.MARKETING, require_opt_in=False)
    return not decision.allowed


def _was_out(event: ConsentEvent) -> bool:
    """Whether the last word before this event was an opt-out already."""
    before = ConsentEvent.objects.filter(subject_id=event.subject_id, sequence__lt=event.sequence)
    last = before.exclude(kind=Kind.HELP).order_by("-sequence").values_list("kind", flat=True).first()
    return last == Kind.OPT_OUT


def _reply(
    message: InboundMessage,
    match: Match,
    *,
    webhook: Webhook,
    rules: KeywordRules,
    sender: str,
    channel: ChannelConfiguration | None,
) -> str:
    profile = attributes_for([message.msisdn]).get(message.msisdn, {})
    text = reply_text(
        webhook, match.intent, rules=rules, msisdn=message.msisdn, sender=sender, profile=profile
    )
    try:
        reply: Message = accept(
            Submission(
                credential=webhook.credential,
                channel=channel,
                sender=sender,
                to=message.msisdn,
                text=text,
                purpose=Purpose.CONSENT_REPLY,
                source=MessageSource.REPLY,
                unique_key=f"inbound:{message.pk}",
                in_reply_to=message.provider_message_id,
                personalise=False,
            )
        )
    except GatewayError as error:  # the opt-out itself must stand, whatever is wrong with the reply
        return f"No reply: {error.text}"
    InboundMessage.objects.filter(pk=message.pk).update(reply=reply)
    return ""


def _channels(webhook: Webhook) -> list[ChannelConfiguration]:
    found = ChannelConfiguration.objects.filter(credential_id=webhook.endpoint.credential_id).order_by("name")
    return sorted(found, key=lambda channel: channel.status != ChannelStatus.ACTIVE)


def _country(channels: list[ChannelConfiguration]) -> str:
    named = next((channel.default_country for channel in channels if channel.default_country), "")
    return named or settings.SMSGATEWAY_DEFAULT_COUNTRY


def _subject_to_wait_for(msisdn: str) -> int:
    return ledger.subjects_for([msisdn])[msisdn]
