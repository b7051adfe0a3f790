"""A test message: through the same path as every other, at once, with its result shown."""

from __future__ import annotations

import time

from django.conf import settings

from core.errors import ConfigurationInvalid
from core.vocabulary import Purpose
from credentials.models import ApiCredential
from messaging import delivery, gate, staff
from messaging.accept import Submission, accept
from messaging.models import ChannelConfiguration, Message, Source
from messaging.states import Reason, State

_WAIT_SECONDS = 25.0


def send_test(
    *,
    credential: ApiCredential,
    sender: str,
    to: str,
    text: str,
    channel: ChannelConfiguration | None = None,
    personalise: bool = True,
) -> Message:
    """Send now and give the message as it stands afterwards; a failed test is not retried.

    Opt-outs and limits are obeyed. Paused credentials and an open breaker are no hindrance: a test is how staff find
    out whether they work again, and an answer closes the breaker.
    """
    if gate.is_on_hold():
        raise ConfigurationInvalid(
            "All sending is on hold. Release the hold under Send holds, then test again."
        )
    message = accept(
        Submission(
            credential=credential,
            channel=channel,
            sender=sender,
            to=to,
            text=text,
            purpose=Purpose.TRANSACTIONAL,
            default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY,
            source=Source.TEST,
            personalise=personalise,
        ),
        wake=False,
    )
    delivery.deliver_one(message.id)
    _settle(message)
    # A test that could not go now must not go by surprise.
    if staff.take("cancel", [message], actor="test", reason=_why_not(message)):
        message.refresh_from_db()
    return message


def _why_not(message: Message) -> str:
    """Why nothing was sent; what was sent has an attempt that tells."""
    return Reason.BY_STAFF if message.tries else message.reason or Reason.RATE_LIMITED


def _settle(message: Message) -> None:
    """A worker may have been faster: wait until the message has left the states on the way."""
    deadline = time.monotonic() + _WAIT_SECONDS
    message.refresh_from_db()
    while message.state in (State.CLAIMED, State.SENDING) and time.monotonic() < deadline:
        time.sleep(0.05)
        message.refresh_from_db()


def default_sender(credential: ApiCredential) -> str:
    """The sender of the credential's first channel, or nothing."""
    channel = ChannelConfiguration.objects.filter(credential=credential).order_by("created_at").first()
    return channel.sender if channel else ""
