"""What an operator's own keywords do, and the reply to what says nothing known. No consent changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from core.clock import now
from core.errors import GatewayError
from core.vocabulary import Purpose
from profiles.tagging import set_attribute
from webhooks import forwarding, outbox
from webhooks.acting.scene import Effect, Scene
from webhooks.models import CustomAction, CustomKeyword, InboundMessage

DEFAULT_AGAIN_AFTER = timedelta(hours=1)
_OPTED_OUT = "No reply: the person has opted out."


def custom(scene: Scene) -> Effect:
    """Tag, forward, hand on, reply: as the category's row says."""
    row = scene.webhook.custom_keywords.filter(name=scene.match.category).first()
    if row is None:  # deleted meanwhile
        return Effect()
    problem = _do(row, scene)
    if problem or not row.message.strip():
        return Effect(silence=problem)
    if not scene.may_get(Purpose.TRANSACTIONAL):
        return Effect(silence=_OPTED_OUT)
    return Effect(own=row.message, purpose=Purpose.TRANSACTIONAL)


def nothing_known(scene: Scene) -> Effect:
    """The default reply, if there is one; once an hour, so that two machines do not talk for ever."""
    if not scene.webhook.default_reply.strip():
        return Effect()
    if not scene.may_get(Purpose.TRANSACTIONAL):
        return Effect(silence=_OPTED_OUT)
    lately = InboundMessage.objects.filter(
        msisdn=scene.message.msisdn,
        intent="",
        reply__isnull=False,
        received_at__gt=now() - DEFAULT_AGAIN_AFTER,
    )
    if lately.exists():
        return Effect(silence="No reply: this number got the default reply less than an hour ago.")
    return Effect(own=scene.webhook.default_reply, purpose=Purpose.TRANSACTIONAL)


def _do(row: CustomKeyword, scene: Scene) -> str:
    """Do what the row says besides replying; why it could not be done, "" if it was."""
    does = _DOES.get(CustomAction(row.action))
    return does(row, scene) if does else ""


def _forward(row: CustomKeyword, scene: Scene) -> str:
    forwarding.enqueue(message=scene.message, category=row.name, url=row.forward_url)
    return ""


def _tag(row: CustomKeyword, scene: Scene) -> str:
    try:
        set_attribute(msisdn=scene.message.msisdn, name=row.attribute, value=row.value or scene.match.keyword)
    except GatewayError as error:
        return f"The profile could not be tagged: {error.text}"
    return ""


def _upstairs(row: CustomKeyword, scene: Scene) -> str:
    outbox.enqueue(message=scene.message, category=row.name, kind=row.action, target=row.target)
    return ""


_DOES: Final[Mapping[CustomAction, Callable[[CustomKeyword, Scene], str]]] = {
    CustomAction.FORWARD: _forward,
    CustomAction.TAG: _tag,
    CustomAction.ADD: _upstairs,
    CustomAction.REMOVE: _upstairs,
    CustomAction.CAMPAIGN: _upstairs,
}
