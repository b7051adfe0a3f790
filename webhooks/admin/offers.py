"""What the webhook's page offers besides its fields: language packs, URLs for roles."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from core.errors import GatewayError
from credentials import endpoints
from webhooks.configuration import spec_of
from webhooks.keywords import Intent, language_packs
from webhooks.models import Webhook

_TAKES = {
    "message": "Inbound messages",
    "report": "Delivery reports",
    "opt_out": "Opt-outs",
    "ignore": "Calls that say nothing",
    "refuse": "Calls that are refused",
}


@cache
def packs() -> str:
    """Code -> label, words by field, replies by field, as JSON for the script."""
    return json.dumps(
        {
            code: {
                "label": pack.label,
                "words": {
                    "opt_in_keywords": pack.opt_in,
                    "opt_out_keywords": pack.opt_out,
                    "help_keywords": pack.help,
                },
                "replies": {
                    "opt_in_message": pack.replies[Intent.OPT_IN],
                    "opt_out_message": pack.replies[Intent.OPT_OUT],
                    "help_message": pack.replies[Intent.HELP],
                    "double_opt_in_message": pack.replies[Intent.DOUBLE_OPT_IN],
                },
            }
            for code, pack in language_packs().items()
        },
        ensure_ascii=False,
    )


def languages() -> list[tuple[str, str]]:
    """(code, label) in the order of the buttons."""
    return [(code, pack.label) for code, pack in language_packs().items()]


def role_urls(webhook: Webhook) -> list[dict[str, Any]]:
    """The URLs of a webhook whose mapping tells calls apart by what their URL ends with."""
    try:
        rules = spec_of(webhook, webhook.credential).rules
    except GatewayError:
        return []
    found = {rule.role: rule.take for rule in rules if rule.role}
    base = endpoints.url_of(webhook.endpoint) if found else ""
    return [
        {"role": role, "takes": _TAKES.get(take, take), "url": f"{base}{role}/"}
        for role, take in found.items()
    ]
