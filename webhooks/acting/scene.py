"""Where a message came in, and what an effect says about it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings

from consent import ledger
from consent.rules import State
from core.brief import BriefMemory
from core.vocabulary import Purpose
from messaging.models import ChannelConfiguration, ChannelStatus
from webhooks.keywords import KeywordRules, Match
from webhooks.models import InboundMessage, OptOutScope, Webhook
from webhooks.replies import channel_of, sender_for


@dataclass
class Scene:
    """A message that was just kept, what was read in it, and the webhook it came through."""

    message: InboundMessage
    match: Match
    webhook: Webhook
    rules: KeywordRules
    channels: list[ChannelConfiguration]

    def __post_init__(self) -> None:
        country = country_of(self.channels)
        self.sender, self.channel = sender_for(self.message.recipient, self.channels, country=country)
        # Another channel may answer, but it never decides what an opt-out stops: in doubt, everything.
        own = channel_of(self.message.recipient, self.channels, country=country)
        narrow = self.webhook.opt_out_scope == OptOutScope.SENDER and own
        self.scope = f"sender:{own.sender}" if narrow and own else "all"

    @property
    def purpose(self) -> str:
        """Which messages a wish is about."""
        return self.webhook.opt_out_purpose

    @cached_property
    def subject_id(self) -> int:
        """The number's place in the ledger."""
        return ledger.subjects_for([self.message.msisdn])[self.message.msisdn]

    def states(self) -> tuple[State, ...]:
        """What holds for the number now."""
        return ledger.states_for([self.subject_id])[self.subject_id]

    def may_get(self, purpose: Purpose, *, require_opt_in: bool = False) -> bool:
        """Whether messages of a purpose may go to the number now, from the sender that would answer."""
        return ledger.decide(
            self.states(), sender=self.sender, purpose=purpose, require_opt_in=require_opt_in
        ).allowed

    @property
    def said(self) -> dict[str, Any]:
        """What goes into the ledger about the message itself."""
        return {
            "text": self.message.text,
            "keyword": self.match.keyword,
            "rule_version": f"{self.match.version}/{self.match.rule}",
            "reference": f"inbound:{self.message.pk}",
            "occurred_at": self.message.occurred_at,
            "evidence": {
                "webhook": self.webhook.name,
                "recipient": self.message.recipient,
                "provider_message_id": self.message.provider_message_id,
            },
        }


@dataclass(frozen=True)
class Effect:
    """What came of it: the reply to give (`own` text, else `standard`; none of both: none), or why there is none.

    `wait_for` is the subject whose messages on the wire the answer waits for; `review_id` the review that the reply
    asks about. `is_first`: the number's first wish ever, so its reply cannot be one of a loop.
    """

    own: str = ""
    standard: str = ""
    purpose: Purpose = Purpose.CONSENT_REPLY
    silence: str = ""
    wait_for: int | None = None
    review_id: int | None = None
    is_first: bool = False


def channels_of(webhook: Webhook) -> list[ChannelConfiguration]:
    """The channel configurations of the webhook's credential, active ones first; shared, a second old at most."""
    return _channels.get(webhook.endpoint.credential_id) or []


def country_of(channels: list[ChannelConfiguration]) -> str:
    """The country of numbers without a country code."""
    named = next((channel.default_country for channel in channels if channel.default_country), "")
    return named or settings.SMSGATEWAY_DEFAULT_COUNTRY


def _load_channels(credential_id: uuid.UUID) -> list[ChannelConfiguration] | None:
    found = ChannelConfiguration.objects.filter(credential_id=credential_id).order_by("name")
    return sorted(found, key=lambda channel: channel.status != ChannelStatus.ACTIVE) or None


_channels: BriefMemory[uuid.UUID, list[ChannelConfiguration]] = BriefMemory(_load_channels)
