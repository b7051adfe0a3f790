"""Everything a request's templates may use: the message, the credential, and what follows from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import phonenumbers

from core.clock import now
from core.segments import segment

# Short names as other gateways write them -> what they stand for here.
ALIASES: Final[Mapping[str, str]] = {
    "to": "toNumber",
    "from": "fromNumber",
    "text": "message",
    "uuid": "messageId",
    "id": "messageId",
    "to_no_plus": "toNumber",
    "from_no_plus": "fromNumber",
}
_NO_PLUS: Final = ("to_no_plus", "from_no_plus")
# What a message need not have: blank rather than an error in a template.
_OPTIONAL: Final[Mapping[str, Any]] = {
    "inReplyTo": "",
    "priority": "normal",
    "purpose": "",
    "profile": {},
    "optOutUrl": "",
}


def _as_it_is(number: str) -> str:
    return number


def without_plus(number: str) -> str:
    """A number without its leading +; names and short codes stay as they are."""
    return number.removeprefix("+")


def national(number: str) -> str:
    """The national significant number of an E.164 number; everything else stays as it is."""
    if not number.startswith("+"):
        return number
    try:
        return phonenumbers.national_significant_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return number


NUMBER_FORMATS: Final[Mapping[str, Callable[[str], str]]] = {
    "international": _as_it_is,
    "no_plus": without_plus,
    "national": national,
}


def complete(
    message: Mapping[str, Any],
    *,
    fixed: Mapping[str, Any],
    to_format: str = "international",
    from_format: str = "international",
) -> dict[str, Any]:
    """The whole context of one request: `message` as its owner knows it, `fixed` from the credential.

    A credential's variable of the same name wins over an alias, never over a variable of the message.
    """
    text = str(message.get("message", ""))
    size = segment(text)
    context: dict[str, Any] = {
        "part": 1,
        "parts": 1,
        "messageParts": [text],
        **_OPTIONAL,
        **message,
        "toNumber": NUMBER_FORMATS[to_format](str(message.get("toNumber", ""))),
        "fromNumber": NUMBER_FORMATS[from_format](str(message.get("fromNumber", ""))),
        "encoding": size.encoding.value,
        "length": len(text),
        "units": size.units,
        "segments": size.count,
        "now": now().strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    context.setdefault("partReference", _reference(context))
    aliases = {alias: context.get(name, "") for alias, name in ALIASES.items()}
    aliases |= {name: without_plus(str(aliases[name])) for name in _NO_PLUS}
    return {**aliases, **fixed, **context}


def _reference(context: Mapping[str, Any]) -> str:
    """Our id of one part: the message's for the first, with the part's number for the others."""
    part = context["part"]
    return f"{context.get('messageId', '')}.{part}" if part > 1 else str(context.get("messageId", ""))


MESSAGE_NAMES: Final = frozenset(
    {
        "toNumber", "fromNumber", "message", "messageId", "part", "parts", "partReference", "messageParts",
        "encoding", "length", "units", "segments", "now", "priority", "inReplyTo", "purpose", "profile", "optOutUrl",
        "statusCallbackUrl", "inboundCallbackUrl", "providerAppId", "apiToken",
    }
)  # fmt: skip
