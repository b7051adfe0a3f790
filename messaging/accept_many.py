"""Accepting many messages in one transaction, with as many statements for a thousand as for a few."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence

from django.db import transaction

from consent import ledger
from core import prepared
from core.bulk import insert_all, insert_rows
from core.clock import now
from core.errors import GatewayError
from messaging import events, spending
from messaging.accept import (
    Rendered,
    Submission,
    message_of,
    number_of,
    part_rows,
    prepare_optout_url,
    render,
    store_links,
    wants_profile,
)
from messaging.models import Message, MessagePart
from messaging.routing import routed
from messaging.states import State
from messaging.wakeups import wake_on_commit
from profiles.selectors import attributes_for

_CHUNK = 100


def accept_many(submissions: Sequence[Submission]) -> list[Message | GatewayError]:
    """For each submission, in order, the queued message, or why it was refused: the errors of `accept`.

    All that can be kept is kept together. Submissions with a `unique_key` are for `accept` (ValueError).
    """
    if any(submission.unique_key is not None for submission in submissions):
        raise ValueError("A submission with a unique key has to be accepted by itself.")
    rendered = rendered_many(submissions)
    good = [one for one in rendered if isinstance(one, Rendered)]
    with transaction.atomic(savepoint=False):
        prepared.walk_indexes()
        stored = iter(_store(good))
    return [next(stored) if isinstance(one, Rendered) else one for one in rendered]


def rendered_many(submissions: Sequence[Submission]) -> list[Rendered | GatewayError]:
    """For each submission, in order, what would be stored, or why it is refused; nothing is stored."""
    addressed = [_addressed_or_error(submission) for submission in submissions]
    profiles = attributes_for(
        {one[1] for one in addressed if not isinstance(one, GatewayError) and wants_profile(one[0])}
    )
    return [
        one
        if isinstance(one, GatewayError)
        else _rendered_or_error(*one, profiles.get(one[1], {}) if wants_profile(one[0]) else {})
        for one in addressed
    ]


def _addressed_or_error(submission: Submission) -> tuple[Submission, str] | GatewayError:
    """The submission as its route has it, and the recipient's number."""
    try:
        msisdn = number_of(submission)
        return routed(submission, msisdn), msisdn
    except GatewayError as error:
        return error


def _rendered_or_error(
    submission: Submission, msisdn: str, stored: dict[str, object]
) -> Rendered | GatewayError:
    try:
        return render(submission, msisdn=msisdn, stored=stored)
    except GatewayError as error:
        return error


def _store(rendered: Sequence[Rendered]) -> list[Message | GatewayError]:
    """Each stored message, or the limit that it would pass."""
    moment = now()
    subjects = ledger.subjects_for({one.msisdn for one in rendered if one.submission.subject_id is None})
    messages = []
    for one in rendered:
        prepare_optout_url(one)
        subject_id = one.submission.subject_id or subjects[one.msisdn]
        messages.append(message_of(one, subject_id=subject_id, moment=moment))
    refused = spending.take(messages)
    outcomes = [refused.get(position, message) for position, message in enumerate(messages)]
    rendered = [one for position, one in enumerate(rendered) if position not in refused]
    messages = [message for position, message in enumerate(messages) if position not in refused]
    insert_all(messages, chunk=_CHUNK)
    parts = [
        row for message, one in zip(messages, rendered, strict=True) for row in part_rows(message, one.texts)
    ]
    for start in range(0, len(parts), _CHUNK):
        insert_rows(MessagePart, parts[start : start + _CHUNK])
    store_links(zip(messages, rendered, strict=True), moment=moment)
    for actor, ids in _by_actor(messages, rendered).items():
        for start in range(0, len(ids), _CHUNK):
            events.record(ids[start : start + _CHUNK], before="", after=State.QUEUED, actor=actor, at=moment)
    for credential_id in {message.credential_id for message in messages}:
        wake_on_commit(credential_id)
    return outcomes


def _by_actor(messages: Sequence[Message], rendered: Sequence[Rendered]) -> dict[str, list[uuid.UUID]]:
    ids: dict[str, list[uuid.UUID]] = defaultdict(list)
    for message, one in zip(messages, rendered, strict=True):
        ids[one.submission.actor or one.submission.source].append(message.id)
    return ids
