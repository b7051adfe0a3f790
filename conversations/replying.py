"""Answering by hand: back the way the person wrote, within the consent rules, once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from consent import ledger
from consent.models import ConsentSubject
from consent.sealing import number_hash
from conversations.marks import mark_answered
from conversations.threads import newest_inbound
from core.errors import GatewayError, ReplyRefused
from core.secrets import keyed_hash
from core.segments import unicode_culprits
from core.vocabulary import Purpose
from credentials.loading import text_of
from credentials.models import ApiCredential
from messaging.accept import Submission, accept
from messaging.context import count, texts_of
from messaging.models import ChannelConfiguration, ChannelStatus, Message, Source
from webhooks.acting import channels_of, country_of
from webhooks.models import InboundMessage
from webhooks.replies import sender_for

_WHY: Final = {
    "opted_out": (
        "The person has opted out, so nothing may be sent. They can write START, or agree again in another way that "
        "you put on record under Numbers."
    ),
    "suppressed": "The number is on the suppression list. Lift the entry there before you answer.",
    "consent_paused": "A possible opt-out of this person waits in the review queue. Decide it there before you answer.",
}
_NOBODY_WROTE: Final = "Nobody wrote from this number. Send through a channel configuration instead."
_NO_WEBHOOK: Final = (
    "The webhook that the last message came through was deleted, so the way back is gone. Send through a channel "
    "configuration instead."
)
_NO_SENDER: Final = (
    "The provider did not say which number the person wrote to, and its credential has no active channel "
    "configuration. Activate one, then answer."
)


@dataclass(frozen=True)
class Way:
    """How an answer would leave; `refused` says why none can. `sender` and `channel` may be known all the same."""

    refused: str = ""
    sender: str = ""
    channel: ChannelConfiguration | None = None
    credential: ApiCredential | None = None
    answers: InboundMessage | None = None


def way_back(msisdn: str) -> Way:
    """Through the credential and from the number that the person last wrote to."""
    message = newest_inbound(msisdn)
    if message is None or message.webhook is None:
        return Way(refused=_NO_WEBHOOK if message else _NOBODY_WROTE)
    channels = channels_of(message.webhook)
    sender, channel = sender_for(message.recipient, channels, country=country_of(channels))
    way: dict[str, Any] = {
        "sender": sender,
        "channel": channel,
        "credential": message.webhook.credential,
        "answers": message,
    }
    return Way(**way, refused=_why_not(msisdn, sender, channel))


def _why_not(msisdn: str, sender: str, channel: ChannelConfiguration | None) -> str:
    if not sender:
        return _NO_SENDER
    if channel is not None and channel.status != ChannelStatus.ACTIVE:
        return f"The channel configuration {channel} is a draft. Activate it, then answer."
    subject = ConsentSubject.objects.filter(number_hash=number_hash(msisdn)).first()
    states = ledger.standing_for([subject.pk])[subject.pk] if subject else ()
    decision = ledger.decide(states, sender=sender, purpose=Purpose.TRANSACTIONAL, require_opt_in=False)
    return "" if decision.allowed else _WHY.get(decision.reason, f"Not allowed: {decision.reason}.")


def reply(*, msisdn: str, text: str, key: UUID, actor: str) -> Message:
    """Queue an answer; `key` names the form it was typed into: the same text from it again gives the first message.

    ReplyRefused says why nothing may go; the errors of accepting a message say what is wrong with the text. The gate
    looks at the consent once more before it leaves.
    """
    way = way_back(msisdn)
    if way.refused or way.credential is None:
        raise ReplyRefused(way.refused or _NO_WEBHOOK)
    message = accept(
        Submission(
            credential=way.credential,
            channel=way.channel,
            sender=way.sender,
            to=msisdn,
            text=text,
            purpose=Purpose.TRANSACTIONAL,
            source=Source.ADMIN,
            actor=actor,
            unique_key=f"conversation:{key}:{_digest(msisdn, text)}",
            in_reply_to=way.answers.provider_message_id if way.answers else "",
            personalise=False,
            goes_back=True,
        )
    )
    mark_answered(msisdn=msisdn, at=message.created_at, actor=actor)
    return message


def _digest(msisdn: str, text: str) -> str:
    return keyed_hash(f"{msisdn}\x1f{text}", use="conversation reply")[:32]


def counted(*, text: str, credential: ApiCredential | None) -> dict[str, Any]:
    """How many SMS a text needs as the credential sends it, and what makes it Unicode."""
    try:
        texts = texts_of(text, text_of(credential)) if credential else [text]
    except GatewayError as error:  # more parts than can be sent
        return {"problem": error.text}
    sms = count(texts)
    return {
        "segments": sms.count,
        "encoding": sms.encoding.value,
        "culprits": unicode_culprits("".join(texts))[:10],
    }
