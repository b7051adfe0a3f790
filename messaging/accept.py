"""Accepting a message: one transaction, and the answer follows the commit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.conf import settings
from django.db import transaction

from access.models import ApiKey
from consent import ledger, optout
from core import prepared
from core.bulk import insert, insert_rows, new
from core.clock import now
from core.errors import GatewayError, about
from core.numbers import country_of, parse_number
from core.vocabulary import Purpose
from credentials.loading import text_of
from credentials.models import ApiCredential
from links.drafting import Draft
from links.storing import store
from messaging import events, spending, texts
from messaging.context import asks_for, asks_for_profile, count, optout_url, texts_of, texts_of_parts
from messaging.models import LONGEST_PROVIDER_ID, ChannelConfiguration, Message, MessagePart, Source
from messaging.routing import routed
from messaging.states import PRIORITY_OF, State
from messaging.validity import validity_of
from messaging.wakeups import wake_on_commit
from profiles.selectors import attributes_for

_KNOWN_KEY = f"SELECT id FROM {Message._meta.db_table} WHERE unique_key = %s"


class Write(Protocol):
    """What makes the text of a routed submission, and its tracked links; GatewayError: this recipient gets none."""

    def __call__(
        self, submission: Submission, *, msisdn: str, profile: Mapping[str, Any]
    ) -> tuple[str, Sequence[Draft]]: ...


@dataclass(frozen=True)
class Submission:
    """What to send, to whom and through what; `unique_key` makes a second submission return the first message."""

    credential: ApiCredential
    sender: str
    to: str
    text: str
    purpose: Purpose
    source: Source
    channel: ChannelConfiguration | None = None
    default_country: str = ""
    profile: Mapping[str, Any] = field(default_factory=dict)
    api_key: ApiKey | None = None
    unique_key: str | None = None
    reference: str = ""
    actor: str = ""  # the person, where one submits by hand
    in_reply_to: str = ""  # the provider's id of the inbound message this one answers
    personalise: bool = True  # False: the text is final, whatever braces it contains
    subject_id: int | None = None  # the recipient's consent subject, where it is known already
    route: str = ""  # set by routing
    key_is_new: bool = False  # the caller made `unique_key` in this very transaction: nobody can have used it
    asked_at: datetime | None = None  # when what it answers came in: its validity runs from then
    validity: timedelta | None = None  # how long it may wait; None: as the channel or its purpose says
    write: Write | None = None  # makes the text in place of `text`, which then only tells what it may ask for
    goes_back: bool = False  # staff answer somebody: it leaves the way the question came


def through_channel(channel: ChannelConfiguration, **values: Any) -> Submission:
    """A submission with the channel's credential, sender, purpose and country; `values` may override them."""
    defaults: dict[str, Any] = {
        "channel": channel,
        "credential": channel.credential,
        "sender": channel.sender,
        "purpose": Purpose(channel.purpose),
        "default_country": channel.default_country or settings.SMSGATEWAY_DEFAULT_COUNTRY,
    }
    return Submission(**(defaults | values))


def accept(submission: Submission, *, wake: bool = True) -> Message:
    """Queue one message. Raises what is wrong with number, text or route (core.errors); nothing is kept then."""
    msisdn = number_of(submission)
    submission = routed(submission, msisdn)
    stored = attributes_for([msisdn]).get(msisdn, {}) if wants_profile(submission) else {}
    rendered = render(submission, msisdn=msisdn, stored=stored)
    with transaction.atomic(savepoint=False):
        if submission.unique_key is not None and not submission.key_is_new:
            existing, _ = prepared.execute(_KNOWN_KEY, [submission.unique_key])
            if existing:
                return Message.objects.get(pk=existing[0][0])
        message = _insert(rendered)
        if wake and isinstance(message, Message):
            wake_on_commit(message.credential_id)
    if isinstance(message, GatewayError):  # raised out here: the caller's transaction, if any, stays whole
        raise message
    return message


@dataclass(frozen=True, slots=True)
class Rendered:
    """A submission that can be stored: number, attributes and text are read and checked."""

    submission: Submission
    msisdn: str
    profile: dict[str, Any]
    text: str
    texts: Sequence[str]  # one for each part that has a request of its own
    links: Sequence[Draft] = ()


def number_of(submission: Submission) -> str:
    """The recipient in E.164; NumberInvalid says what is wrong."""
    with about("to"):
        return parse_number(submission.to, default_country=submission.default_country)


def wants_profile(submission: Submission) -> bool:
    """Whether a template asks for attributes, those of the text or those of the provider's request."""
    return "profile" in submission.text or asks_for_profile(submission.credential)


def render(submission: Submission, *, msisdn: str, stored: Mapping[str, Any]) -> Rendered:
    """Personalise and check; attributes of the submission win over the `stored` ones of the recipient."""
    profile = {**stored, **submission.profile}
    write: Write = submission.write or texts.text_of
    text, links = write(submission, msisdn=msisdn, profile=profile)
    parts = texts_of_parts(text, text_of(submission.credential))
    return Rendered(submission, msisdn, profile, text, parts, links)


def message_of(rendered: Rendered, *, subject_id: int, moment: datetime) -> Message:
    """The message to store, queued and due at `moment`."""
    submission = rendered.submission
    channel, credential = submission.channel, submission.credential
    message = new(
        Message,
        channel_id=channel.pk if channel else None,
        credential_id=credential.pk,
        subject_id=subject_id,
        api_key_id=submission.api_key.pk if submission.api_key else None,
        msisdn=rendered.msisdn,
        sender=submission.sender,
        route=submission.route,
        purpose=submission.purpose.value,
        source=submission.source,
        text=rendered.text,
        profile=rendered.profile,
        reference=submission.reference,
        in_reply_to=submission.in_reply_to[:LONGEST_PROVIDER_ID],
        part_count=len(rendered.texts),
        segments=count(texts_of(rendered.text, text_of(credential))).count,
        country=country_of(rendered.msisdn),
        priority=PRIORITY_OF[submission.purpose],
        unique_key=submission.unique_key,
        due_at=moment,
        created_at=moment,
        valid_until=(submission.asked_at or moment)
        + validity_of(submission.purpose, channel, submission.validity),
    )
    message._state.fields_cache.update(channel=channel, credential=credential)
    return message


def part_rows(message: Message, texts: Sequence[str]) -> list[dict[str, Any]]:
    """Rows for the parts of a message."""
    return [
        {"message_id": message.id, "number": number, "text": part}
        for number, part in enumerate(texts, start=1)
    ]


def prepare_optout_url(rendered: Rendered) -> None:
    """Made now where the provider's request wants it, so that sending only reads it."""
    submission = rendered.submission
    if asks_for(submission.credential, optout.VARIABLE):
        optout_url(msisdn=rendered.msisdn, sender=submission.sender, credential_id=submission.credential.pk)


def _insert(rendered: Rendered) -> Message | GatewayError:
    """The stored message, or the limit that it would pass."""
    submission, moment = rendered.submission, now()
    prepare_optout_url(rendered)
    subject_id = submission.subject_id or ledger.subjects_for([rendered.msisdn])[rendered.msisdn]
    message = message_of(rendered, subject_id=subject_id, moment=moment)
    if refused := spending.take([message]):
        return refused[0]
    with prepared.together():
        insert(message)
        insert_rows(MessagePart, part_rows(message, rendered.texts))
        events.record(
            [message.id],
            before="",
            after=State.QUEUED,
            actor=submission.actor or submission.source,
            at=moment,
        )
    store_links([(message, rendered)], moment=moment)
    return message


def store_links(accepted: Iterable[tuple[Message, Rendered]], *, moment: datetime) -> None:
    """Make the links of accepted messages real."""
    if drafts := [(draft, message.id) for message, rendered in accepted for draft in rendered.links]:
        store(drafts, moment=moment)
