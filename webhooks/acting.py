"""What a message from a person brings about: its wish in the ledger, waiting messages taken out, one reply."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import connection

from consent import ledger
from consent.models import ConsentEvent, Kind, Source
from core import prepared
from core.brief import BriefMemory
from core.bulk import update_rows
from core.clock import now
from core.errors import GatewayError
from core.vocabulary import Purpose
from messaging import suppress
from messaging.accept import VALIDITY, Submission, accept
from messaging.models import ChannelConfiguration, ChannelStatus, Message
from messaging.models import Source as MessageSource
from profiles.selectors import attributes_for
from webhooks.keywords import Intent, KeywordRules, Match
from webhooks.models import InboundMessage, OptOutScope, RequestState, Webhook
from webhooks.outcomes import Note
from webhooks.replies import STANDARD_MESSAGES, channel_of, reply_text, sender_for

CONFIRM_AGAIN_AFTER = timedelta(hours=24)
MOST_REPLIES = 20  # to one number in an hour: two gateways answering each other must come to an end
_KINDS = {Intent.OPT_IN: Kind.OPT_IN, Intent.OPT_OUT: Kind.OPT_OUT, Intent.HELP: Kind.HELP}


def act(
    message: InboundMessage,
    match: Match,
    *,
    webhook: Webhook,
    rules: KeywordRules,
    channels: list[ChannelConfiguration],
) -> Note:
    """Act on a message that was just kept, in its transaction."""
    country = country_of(channels)
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
    if now() - message.received_at > VALIDITY[Purpose.CONSENT_REPLY]:
        return "No reply: the message came too long ago, a confirmation goes out within five minutes or not at all."
    if not sender:
        return "No reply: no recipient in the callback, no active channel configuration of the credential."
    if match.intent is Intent.OPT_IN and _still_out(event, sender):
        return "No reply: an opt-out stands that this message does not lift, see the consent history."
    if match.intent is Intent.OPT_OUT and _was_out(event):
        confirmed = InboundMessage.objects.filter(
            msisdn=message.msisdn,
            reply__isnull=False,
            intent=Intent.OPT_OUT.value,
            received_at__gt=now() - CONFIRM_AGAIN_AFTER,
        )
        if confirmed.exists():
            return "No reply: the opt-out was confirmed less than 24 hours ago."
    if _replies_in_the_last_hour(message.msisdn) >= MOST_REPLIES:
        return f"No reply: this number got {MOST_REPLIES} replies within the hour."
    return ""


def _replies_in_the_last_hour(msisdn: str) -> int:
    an_hour_ago = connection.ops.adapt_datetimefield_value(now() - timedelta(hours=1))
    rows, _ = prepared.execute(_REPLIES, [msisdn, an_hour_ago])
    return int(rows[0][0])


_REPLIES = (
    f"SELECT COUNT(*) FROM {InboundMessage._meta.db_table} "
    "WHERE msisdn = %s AND reply_id IS NOT NULL AND received_at > %s"
)


def _still_out(event: ConsentEvent, sender: str) -> bool:
    states = ledger.states_for([event.subject_id])[event.subject_id]
    decision = ledger.decide(states, sender=sender, purpose=Purpose.MARKETING, require_opt_in=False)
    return not decision.allowed


def _was_out(event: ConsentEvent) -> bool:
    """Whether the last word before this event was an opt-out already."""
    if event.sequence == 1:
        return False
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
    own = {
        Intent.OPT_IN: webhook.opt_in_message,
        Intent.OPT_OUT: webhook.opt_out_message,
        Intent.HELP: webhook.help_message,
    }[match.intent]
    profile = attributes_for([message.msisdn]).get(message.msisdn, {}) if "profile" in own else {}
    text = reply_text(
        webhook,
        own,
        standard=STANDARD_MESSAGES[match.intent],
        rules=rules,
        msisdn=message.msisdn,
        sender=sender,
        profile=profile,
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
                asked_at=message.received_at,
            )
        )
    except GatewayError as error:  # the opt-out itself must stand, whatever is wrong with the reply
        return f"No reply: {error.text}"
    update_rows(InboundMessage, [{"id": message.pk, "reply_id": reply.pk}])
    return ""


def channels_of(webhook: Webhook) -> list[ChannelConfiguration]:
    """The channel configurations of the webhook's credential, active ones first; shared, a second old at most."""
    return _channels.get(webhook.endpoint.credential_id) or []


def _load_channels(credential_id: uuid.UUID) -> list[ChannelConfiguration] | None:
    found = ChannelConfiguration.objects.filter(credential_id=credential_id).order_by("name")
    return sorted(found, key=lambda channel: channel.status != ChannelStatus.ACTIVE) or None


_channels: BriefMemory[uuid.UUID, list[ChannelConfiguration]] = BriefMemory(_load_channels)


def country_of(channels: list[ChannelConfiguration]) -> str:
    """The country of numbers without a country code."""
    named = next((channel.default_country for channel in channels if channel.default_country), "")
    return named or settings.SMSGATEWAY_DEFAULT_COUNTRY
