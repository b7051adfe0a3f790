"""What a parameter of a sample request stands for, judged by its name and by the look of its value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

TO, FROM, TEXT, CALLBACK, REFERENCE = "to", "from", "text", "callback", "reference"
KEY, SECRET, USER = "key", "secret", "user"

VARIABLE_OF: Final[Mapping[str, str]] = {
    TO: "{{toNumber}}",
    FROM: "{{fromNumber}}",
    TEXT: "{{message}}",
    CALLBACK: "{{statusCallbackUrl}}",
    REFERENCE: "{{messageId}}",
}
WHAT: Final[Mapping[str, str]] = {
    TO: "the recipient's number",
    FROM: "the sender",
    TEXT: "the text",
    CALLBACK: "the URL for delivery reports",
    REFERENCE: "your own id of the message",
}
# Names without case and punctuation, most telling first.
_STRONG: Final[Mapping[str, tuple[str, ...]]] = {
    TO: (
        "to", "tonumber", "msisdn", "recipient", "recipients", "recipientnumber", "recipientaddress", "destination",
        "destinations", "destinationnumber", "destinationaddress", "toaddress", "tophonenumber", "destaddr", "dnis",
        "phonenumber", "phonenumbers", "mobilenumber", "mobilenumbers", "mobileno", "msisdns", "sendto", "receiver",
        "receivers", "gsm", "mobile", "mobiles", "cellphone", "phone", "phones", "da", "dst", "dest", "addressee",
    ),
    FROM: (
        "from", "fromnumber", "sender", "senderid", "sendername", "senderaddress", "fromaddress", "originator",
        "sourceaddress", "sourcenumber", "sourceaddr", "shortcode", "orig", "sa", "oa", "senderidentity", "mask",
    ),
    TEXT: (
        "text", "message", "body", "messagebody", "messagetext", "messagecontent", "smstext", "textmessage", "msg",
        "sms", "txt", "shortmessage", "smscontent", "userdata", "content", "ud",
    ),
    CALLBACK: (
        "statuscallback", "statuscallbackurl", "callbackurl", "callback", "dlrurl", "statusurl", "notifyurl",
        "notificationurl", "deliveryreporturl", "deliveryreceipturl", "reporturl", "webhookurl", "webhook",
        "dlrcallback", "dlrcallbackurl", "deliveryurl", "postbackurl",
    ),
    REFERENCE: (
        "clientreference", "clientref", "reference", "externalid", "clientmessageid", "clientmsgid", "customid",
        "custommessageid", "correlationid", "customerreference", "customerref", "messagereference", "userreference",
        "extid", "foreignid", "externalref", "externalreference", "idempotencykey", "clientcorrelator", "uuid",
        "messageid", "msgid", "smsid", "ref",
    ),
    KEY: ("apikey", "apitoken", "accesskey", "authkey", "accesstoken", "authtoken", "token", "appkey", "key"),
    SECRET: ("apisecret", "password", "passwd", "pass", "pwd", "secret", "clientsecret", "passphrase", "pin"),
    USER: ("username", "user", "login", "userid", "account", "accountid", "clientid", "apiid", "appid"),
}  # fmt: skip
# Names that count only when the value looks the part.
_WEAK: Final[Mapping[str, tuple[str, ...]]] = {
    TO: ("number", "numbers", "contact", "contacts", "address", "addresses", "target", "value", "id"),
    FROM: ("source", "src", "origin", "header", "brand"),
}
_BY_NAME: Final = {name: (role, rank) for role, names in _STRONG.items() for rank, name in enumerate(names)}
_BY_WEAK_NAME: Final = {
    name: (role, 100 + rank) for role, names in _WEAK.items() for rank, name in enumerate(names)
}
# Inside an object of these names a generic member is what the object is.
_GENERIC: Final = frozenset({"value", "number", "address", "phone", "name"})
_ONE_OF_ITS_KIND: Final = (FROM, TEXT)
_NUMBER: Final = re.compile(r"(?:tel:)?(?:\+|00)?[\d(][\d\s().-]{6,20}")
_INTERNATIONAL: Final = re.compile(r"(?:tel:)?\+\d{8,15}")
_URL: Final = re.compile(r"https?://\S+")
_MARKUP: Final = re.compile(r"\{\{.*?\}\}")
_PLACEHOLDER: Final = re.compile(
    r"<[^<>]*>|\{[^{}]*\}|\[[^\[\]]*\]|[x*•.…]{3,}|.*\byour\b.*|your[_-].*|.*_here|"
    r"(?:my[_-])?(?:api|auth|access|app)?[_-]?(?:key|token|secret|password|username)",
    re.IGNORECASE,
)
_SECRET_WORD: Final = re.compile(r"token|secret|key|pass|pwd|auth(?!or)|credential", re.IGNORECASE)


@dataclass(frozen=True)
class Leaf:
    """A value of the sample and the names above it."""

    name: str
    value: Any
    parent: str = ""


def plain(name: str) -> str:
    """A name without case and punctuation."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def looks_secret(name: str) -> bool:
    """Whether a variable of that name is one nobody should read."""
    return bool(_SECRET_WORD.search(name))


def is_placeholder(value: str) -> bool:
    """Whether the documentation only says that something goes here."""
    return not value.strip() or bool(_PLACEHOLDER.fullmatch(value.strip()))


def looks_like_number(value: Any) -> bool:
    """Whether a value has the shape of a phone number."""
    return not isinstance(value, bool) and bool(_NUMBER.fullmatch(str(value).strip()))


def roles_of(leaves: Sequence[Leaf]) -> dict[int, str]:
    """Index of a leaf -> what it stands for; at most one sender and one text, recipients of one name."""
    ranked = {index: found for index, leaf in enumerate(leaves) if (found := _judged(leaf))}
    roles: dict[int, str] = {}
    for role in _STRONG:
        candidates = sorted((rank, index) for index, (kind, rank) in ranked.items() if kind == role)
        if candidates:
            roles |= dict.fromkeys(_chosen(role, candidates, leaves), role)
    if TO not in roles.values():
        roles |= dict.fromkeys(_by_shape(leaves, roles), TO)
    return roles


def _judged(leaf: Leaf) -> tuple[str, int] | None:
    name, value = plain(leaf.name), leaf.value
    if isinstance(value, bool) or value is None:
        return None
    found = _BY_NAME.get(name)
    if name in _GENERIC and (above := _BY_NAME.get(plain(leaf.parent))) and above[0] in VARIABLE_OF:
        found = above
    found = found or _BY_WEAK_NAME.get(name)
    if found is None or not _fits(found, value):
        return None
    return found


def _fits(found: tuple[str, int], value: Any) -> bool:
    role, rank = found
    text = str(value)
    if role == CALLBACK:
        return bool(_URL.match(text)) or is_placeholder(text) or bool(_MARKUP.search(text))
    if rank >= 100:
        return looks_like_number(value)
    if role == TO:
        return looks_like_number(value) or is_placeholder(text) or not text.isalpha() or text.isupper()
    return role != TEXT or isinstance(value, str)


def _chosen(role: str, candidates: list[tuple[int, int]], leaves: Sequence[Leaf]) -> Iterable[int]:
    best = leaves[candidates[0][1]]
    if role in _ONE_OF_ITS_KIND:
        return [index for _, index in candidates if leaves[index].value == best.value]
    if role == TO:
        return [
            index
            for _, index in candidates
            if plain(leaves[index].name) == plain(best.name) or leaves[index].value == best.value
        ]
    return [index for _, index in candidates]


def _by_shape(leaves: Sequence[Leaf], roles: Mapping[int, str]) -> list[int]:
    """The first value that can only be a phone number."""
    shaped = (
        index
        for index, leaf in enumerate(leaves)
        if index not in roles and _INTERNATIONAL.fullmatch(str(leaf.value).strip())
    )
    return list(shaped)[:1]


def number_format(value: Any) -> str:
    """How a sample number is written: international, no_plus, national, or "" when it does not tell."""
    text = str(value).removeprefix("tel:").strip()
    if text.startswith("+"):
        return "international"
    digits = re.sub(r"[\s().-]", "", text)
    if not digits.isdigit() or len(digits) < 7:
        return ""
    if digits.startswith("0") and not digits.startswith("00"):
        return "national"
    return "no_plus"


def number_template(value: Any, variable: str) -> str:
    """What replaces a sample number, whatever stands before the country code kept."""
    text = str(value).strip()
    prefix = next((start for start in ("tel:+", "tel:", "00") if text.startswith(start)), "")
    return {"tel:+": "tel:", "tel:": "tel:", "00": "00", "": ""}[prefix] + variable
