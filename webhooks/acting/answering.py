"""The one reply to a message: whether it goes out, and queueing it."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection

from core import prepared
from core.bulk import set_row
from core.clock import now
from core.errors import GatewayError
from core.vocabulary import Purpose
from messaging.accept import Submission, accept
from messaging.models import Message
from messaging.models import Source as MessageSource
from messaging.validity import VALIDITY
from profiles.selectors import attributes_for
from webhooks.acting.scene import Effect, Scene
from webhooks.models import InboundMessage
from webhooks.replies import reply_text

MOST_REPLIES = 20  # to one number in an hour: two gateways answering each other must come to an end


def answer(scene: Scene, effect: Effect) -> str:
    """Queue the reply; why there is none, "" if there is one or none was wanted."""
    if effect.silence or not (effect.own or effect.standard):
        return effect.silence
    reason = _silence(scene, is_first=effect.is_first)
    return reason or _reply(scene, effect)


def _silence(scene: Scene, *, is_first: bool) -> str:
    """Why no message of this kind gets a reply; "" if it gets one."""
    if now() - scene.message.received_at > VALIDITY[Purpose.CONSENT_REPLY]:
        return "No reply: the message came too long ago, a confirmation goes out within five minutes or not at all."
    if not scene.sender:
        return "No reply: no recipient in the callback, no active channel configuration of the credential."
    if not is_first and _replies_in_the_last_hour(scene.message.msisdn) >= MOST_REPLIES:
        return f"No reply: this number got {MOST_REPLIES} replies within the hour."
    return ""


def _replies_in_the_last_hour(msisdn: str) -> int:
    an_hour_ago = connection.ops.adapt_datetimefield_value(now() - timedelta(hours=1))
    rows, _ = prepared.execute(_REPLIES, [msisdn, an_hour_ago], unconcerned=True)
    return int(rows[0][0])


_REPLIES = (
    f"SELECT COUNT(*) FROM {InboundMessage._meta.db_table} "
    "WHERE msisdn = %s AND reply_id IS NOT NULL AND received_at > %s"
)


def _reply(scene: Scene, effect: Effect) -> str:
    message = scene.message
    profile = attributes_for([message.msisdn]).get(message.msisdn, {}) if "profile" in effect.own else {}
    text = reply_text(
        scene.webhook,
        effect.own,
        standard=effect.standard,
        rules=scene.rules,
        msisdn=message.msisdn,
        sender=scene.sender,
        profile=profile,
    )
    if not text:
        return "No reply: its text comes out empty for this person."
    try:
        reply: Message = accept(
            Submission(
                credential=scene.webhook.credential,
                channel=scene.channel,
                sender=scene.sender,
                to=message.msisdn,
                text=text,
                purpose=effect.purpose,
                source=MessageSource.REPLY,
                unique_key=f"inbound:{message.pk}",
                key_is_new=True,
                subject_id=scene.subject_id,
                in_reply_to=message.provider_message_id,
                personalise=False,
                asked_at=message.received_at,
            )
        )
    except GatewayError as error:  # the opt-out itself must stand, whatever is wrong with the reply
        return f"No reply: {error.text}"
    set_row(InboundMessage, {"id": message.pk, "reply_id": reply.pk})
    return ""
