"""The one automatic reply to a keyword: standard texts, personalisation, the number it comes from."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings

from consent import optout
from core.errors import NumberInvalid, TemplateInvalid
from core.numbers import parse_sender
from core.templating import Missing, render_text
from messaging.context import optout_url
from messaging.models import ChannelConfiguration, ChannelStatus
from webhooks.keywords import Intent, KeywordRules
from webhooks.models import Webhook

log = logging.getLogger(__name__)

STANDARD_MESSAGES: Mapping[Intent, str] = {
    Intent.OPT_IN: (
        "{{brand}}: You are subscribed. Reply {{helpKeyword}} for help, {{optOutKeyword}} to unsubscribe. "
        "Msg & data rates may apply."
    ),
    Intent.OPT_OUT: (
        "{{brand}}: You are unsubscribed and will receive no more messages. "
        "Reply {{optInKeyword}} to resubscribe."
    ),
    Intent.HELP: "{{brand}}: For help contact {{helpContact}}. Reply {{optOutKeyword}} to unsubscribe.",
}
STANDARD_PROMPT = (
    "{{brand}}: Please confirm that you want our messages: reply {{optInKeyword}}. "
    "Reply {{optOutKeyword}} for none, {{helpKeyword}} for help."
)
STANDARD_FUZZY = (
    "{{brand}}: Did you want to unsubscribe? Reply {{optOutKeyword}} and you get no more messages. "
    "Reply {{helpKeyword}} for help."
)
FALLBACK_BRAND = "Our service"
FALLBACK_CONTACT = "us directly"
# What a reply may use besides the profile's attributes.
REPLY_VARIABLES = frozenset(
    {
        "brand",
        "helpContact",
        "toNumber",
        "fromNumber",
        "optInKeyword",
        "optOutKeyword",
        "helpKeyword",
        "optOutUrl",
    }
)
_PREFERRED = ("START", "STOP", "HELP")


def reply_text(
    webhook: Webhook,
    source: str,
    *,
    standard: str = "",
    rules: KeywordRules,
    msisdn: str,
    sender: str,
    profile: Mapping[str, Any],
    more: Mapping[str, Any] | None = None,
) -> str:
    """The operator's text, or the standard one, personalised; what is missing stays blank.

    A text that cannot be used as it stands gives way to the standard one: a keyword is always answered.
    """
    context = {
        **(more or {}),
        "brand": webhook.brand.strip() or FALLBACK_BRAND,
        "helpContact": webhook.help_contact.strip() or FALLBACK_CONTACT,
        "toNumber": msisdn,
        "fromNumber": sender,
        "optInKeyword": _shown(rules.opt_in),
        "optOutKeyword": _shown(rules.opt_out),
        "helpKeyword": _shown(rules.help),
        "profile": dict(profile),
    }
    if optout.VARIABLE in source:
        context[optout.VARIABLE] = optout_url(
            msisdn=msisdn, sender=sender, credential_id=webhook.endpoint.credential_id
        )
    return _rendered(source, context, webhook) or _rendered(standard, context, webhook)


def channel_of(
    recipient: str, channels: Iterable[ChannelConfiguration], *, country: str = ""
) -> ChannelConfiguration | None:
    """The channel whose number the person wrote to, however the provider writes it; None: no channel has it."""
    written_to = {_bare(recipient), _bare(_parsed(recipient, country))} - {""}
    return next((channel for channel in channels if _bare(channel.sender) in written_to), None)


def sender_for(
    recipient: str, channels: Iterable[ChannelConfiguration], *, country: str = ""
) -> tuple[str, ChannelConfiguration | None]:
    """Sender and channel of a reply: the number written to if a channel has it, else an active channel's.

    Without an active channel the number written to is used as it came; ("", None): none is known.
    """
    listed = list(channels)
    active = (channel for channel in listed if channel.status == ChannelStatus.ACTIVE)
    channel = channel_of(recipient, listed, country=country) or next(active, None)
    return (channel.sender, channel) if channel else (recipient.strip()[:20], None)


def _parsed(recipient: str, country: str) -> str:
    try:
        return parse_sender(recipient, default_country=country).value
    except NumberInvalid:
        return ""


def _rendered(source: str, context: Mapping[str, Any], webhook: Webhook) -> str:
    if not source.strip():
        return ""
    try:
        text = render_text(source, context, missing=Missing.BLANK).strip()
    except TemplateInvalid as error:
        log.warning("webhook %s: a reply cannot be rendered: %s", webhook.id, error.text)
        return ""
    return text[: settings.SMSGATEWAY_TEXT_LIMIT]


def _shown(words: tuple[str, ...]) -> str:
    return next((word for word in words if word.upper() in _PREFERRED), words[0])


def _bare(number: str) -> str:
    return re.sub(r"[^0-9a-z]", "", number.casefold().removeprefix("tel:"))
