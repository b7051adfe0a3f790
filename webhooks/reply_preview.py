"""What a reply will look like while it is written: the text for a sample person, and how many SMS it takes."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from core.errors import GatewayError
from core.segments import LIMITS, segment, unicode_culprits
from core.templating import check_text
from credentials.preview import SAMPLE_PROFILE
from webhooks.keywords import KeywordRules
from webhooks.models import Webhook
from webhooks.replies import REPLY_VARIABLES, reply_text

SAMPLE_PERSON: Final = "+14155550123"
SAMPLE_SENDER: Final = "+15005550006"

_LONGEST: Final = 5_000
_FIELDS: Final = ("brand", "help_contact", "opt_in_keywords", "opt_out_keywords", "help_keywords")


def preview(source: str, standard: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """{"text", "line", "culprits", "problem"}: `line` says encoding, parts and room left in words."""
    source = source[:_LONGEST]
    problems = check_text(source, known=REPLY_VARIABLES)
    if problems:
        return {"text": "", "line": "", "culprits": [], "problem": str(problems[0])}
    webhook = Webhook(**{name: str(fields.get(name) or "")[:_LONGEST] for name in _FIELDS})
    text = reply_text(
        webhook,
        source,
        standard=standard,
        rules=_rules(webhook),
        msisdn=SAMPLE_PERSON,
        sender=SAMPLE_SENDER,
        profile=SAMPLE_PROFILE,
    )
    culprits = [{"character": found, "name": _name(found)} for found in unicode_culprits(text)[:8]]
    return {"text": text, "line": size_line(text) if text else "", "culprits": culprits, "problem": ""}


def size_line(text: str) -> str:
    """ "1 part, GSM-7, 120 of 160 characters used"; escapes count twice."""
    found = segment(text)
    single, each = LIMITS[found.encoding]
    room = single if found.count <= 1 else each * found.count
    parts = f"{found.count} part{'s' if found.count != 1 else ''}"
    return f"{parts}, {found.encoding.value}, {found.units} of {room} characters used"


def _rules(webhook: Webhook) -> KeywordRules:
    try:
        return KeywordRules.parse(
            opt_in=webhook.opt_in_keywords, opt_out=webhook.opt_out_keywords, help=webhook.help_keywords
        )
    except GatewayError:  # the form says so at the list; a reply can be judged meanwhile
        return KeywordRules.parse()


def _name(character: str) -> str:
    return unicodedata.name(character, f"U+{ord(character):04X}").lower()
