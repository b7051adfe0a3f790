"""What keywords ask of audiences and campaigns, done exactly once: the deed and "done" are one transaction."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from typing import Final

from django.db import transaction

from campaigns.audiences.members import add_ids, remove_ids
from campaigns.models import Audience, Campaign
from campaigns.triggering import exclusion_words, trigger
from core.errors import GatewayError, KeywordTargetUnknown
from profiles.holding import owners_of
from profiles.tagging import whose
from webhooks import outbox
from webhooks.models import KeywordOutbox, OutboxKind

log = logging.getLogger(__name__)

_MOST_AT_ONCE: Final = 200
_OVERTAKEN: Final = "Not done: a later message of the person decided otherwise"
_ERASED: Final = "Not done: the person was erased"


def run_keyword_actions() -> int:
    """Do what is due, in the order in which it came; gives how many were done. Any number of workers may run it."""
    return sum(_run(row_id) for row_id in outbox.due(_MOST_AT_ONCE))


def _run(row_id: uuid.UUID) -> bool:
    try:
        with transaction.atomic():
            row = outbox.locked(row_id)
            if row is None:
                return False
            outbox.finish(row, _do(row))
            return True
    except GatewayError as error:
        outbox.fail(row_id, error.text, again=error.retryable)
    except Exception:  # one row that cannot be done must not keep the others from their turn
        log.exception("keyword action %s failed", row_id)
        outbox.fail(row_id, "An error of the gateway; its log says more.", again=True)
    return False


def _do(row: KeywordOutbox) -> str:
    """Do it, and say what came of it."""
    if not row.message.msisdn:
        return _ERASED
    if outbox.is_overtaken(row):
        return _OVERTAKEN
    return _DOES[OutboxKind(row.kind)](row)


def _add(row: KeywordOutbox) -> str:
    audience = _audience(row.target)
    added = add_ids(audience=audience, profile_ids=[whose(row.message.msisdn).pk])
    return "Added" if added else "Was in it already"


def _remove(row: KeywordOutbox) -> str:
    audience, owner = _audience(row.target), owners_of([row.message.msisdn])
    return "Removed" if remove_ids(audience=audience, profile_ids=owner.values()) else "Was not in it"


def _campaign(row: KeywordOutbox) -> str:
    """Who may not be written to is noted with the campaign, and no fault of the keyword."""
    campaign = Campaign.objects.select_related("channel__credential").filter(name=row.target).first()
    if campaign is None:
        raise _no("campaign", row.target)
    said = {"keyword": row.message.keyword, "text": row.message.text, "category": row.category}
    outcome = trigger(
        campaign=campaign, msisdn=row.message.msisdn, context=said, unique_key=f"keyword:{row.pk}"
    )
    if outcome.message_id:
        return "Sent"
    if outcome.reason:
        return f"Not sent: {exclusion_words(outcome.reason).lower()}"
    raise outcome.error or _no("campaign", row.target)


def _audience(name: str) -> Audience:
    found = Audience.objects.filter(name=name).first()
    if found is None:
        raise _no("audience", name)
    return found


def _no(kind: str, name: str) -> KeywordTargetUnknown:
    return KeywordTargetUnknown(
        f"There is no {kind} named “{name}”. Create it, or put the name right on the webhook; then try again."
    )


_DOES: Final[Mapping[OutboxKind, Callable[[KeywordOutbox], str]]] = {
    OutboxKind.ADD: _add,
    OutboxKind.REMOVE: _remove,
    OutboxKind.CAMPAIGN: _campaign,
}
