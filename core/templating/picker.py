"""What the payload editor offers to insert."""

from __future__ import annotations

from dataclasses import dataclass

from core.templating.functions.catalogue import HELPERS


@dataclass(frozen=True)
class PickerItem:
    """One thing to insert: what it is called, the text to insert, one line of help."""

    label: str
    insert: str
    help: str


@dataclass(frozen=True)
class PickerGroup:
    """A named group of things to insert."""

    label: str
    items: tuple[PickerItem, ...]


def _variable(name: str, text: str) -> PickerItem:
    return PickerItem(name, "{{" + name + "}}", text)


def _function(label: str, use: str, text: str) -> PickerItem:
    # Single quotes: the insert also fits inside a JSON text.
    return PickerItem(label, "{{ " + use + " }}", text)


MESSAGE_VARIABLES: tuple[PickerItem, ...] = (
    _variable("toNumber", "Recipient in international form, e.g. +14155238886"),
    _variable("fromNumber", "Sender: number, short code or name"),
    _variable("message", "The text of the message"),
    _variable("messageId", "Our id of the message; give it to the provider as reference"),
    _variable("part", "Which part of a long message this request sends, from 1"),
    _variable("parts", "How many parts the message has"),
    _variable("partReference", "Our id of this part: the message's, from part 2 on with .2, .3 …"),
    _variable("encoding", "GSM-7 or UCS-2"),
    _variable("length", "How many characters this part has"),
    _variable("segments", "How many SMS this part needs"),
    _variable("priority", "high for one-time codes, else normal"),
    _variable("inReplyTo", "The provider's id of the inbound message that is answered; blank otherwise"),
    _variable("optOutUrl", "The page on which the recipient opts out; for senders that cannot be answered"),
    _variable("now", "The time of the request, as 2026-01-01T00:00:00Z"),
    _variable("statusCallbackUrl", "Where the provider reports delivery"),
    _variable("inboundCallbackUrl", "Where the provider posts replies"),
    _variable("providerAppId", "Provider AppId of the API credential"),
    _variable("apiToken", "API Token of the API credential"),
)

# What a text may name; the variables above are for requests.
OPT_OUT_PAGE = PickerItem("Opt-out page", "{{optOutUrl}}", "The page on which the recipient opts out")
TEXT_VARIABLES: tuple[PickerItem, ...] = (
    PickerItem("toNumber", "{{toNumber}}", "The recipient's number, e.g. +14155550123"),
    PickerItem("fromNumber", "{{fromNumber}}", "The sender: number, short code or name"),
    PickerItem("today", "{{ today | formatDate: 'd MMM yyyy' }}", "The date of sending, in UTC"),
)
CONDITIONS = PickerGroup(
    "Conditions",
    (
        PickerItem("if … else", "{% if profile.NAME %}…{% else %}…{% endif %}", "One text or another"),
        PickerItem("if equal", "{% if profile.NAME == 'gold' %}…{% endif %}", "Only when it has a value"),
        PickerItem("unless", "{% unless profile.NAME %}…{% endunless %}", "Only when there is no value"),
        PickerItem("for each", "{% for item in profile.NAME %}{{ item }} {% endfor %}", "For every item of a list"),
        PickerItem("assign", "{% assign name = profile.NAME | trim %}{{ name }}", "A value kept under a name"),
    ),
)  # fmt: skip

PICKER: tuple[PickerGroup, ...] = (
    PickerGroup("Message variables", MESSAGE_VARIABLES),
    PickerGroup(
        "Profile attributes",
        (
            _variable("profile.firstName", "First name of the recipient"),
            _variable("profile.lastName", "Last name of the recipient"),
            _variable("profile.email", "E-mail address of the recipient"),
            _variable("profile.language", "Language of the recipient"),
            _variable("profile.city", "City of the recipient"),
            PickerItem("any attribute", "{{profile.NAME}}", "Replace NAME by the attribute's name"),
        ),
    ),
    PickerGroup(
        "Helper functions",
        (
            _function("default", "profile.firstName | default: 'friend'", "Used when there is no value"),
            _function("digits", "toNumber | digits", "Only the digits: a number without +"),
            _function("upcase", "message | upcase", "ALL CAPITALS"),
            _function("downcase", "message | downcase", "all small letters"),
            _function("capitalize", "profile.city | capitalize", "First letter large, the rest small"),
            _function("truncate", "message | truncate: 160", "At most so many characters, then ..."),
            _function("date", "now | date: '%d %b %Y'", "A date in the form you write"),
            _function("append", "profile.firstName | append: '!'", "Text added at the end"),
            _function("prepend", "profile.firstName | prepend: 'Dear '", "Text added in front"),
            _function("replace", "message | replace: 'a', 'b'", "Every 'a' becomes 'b'"),
            _function("strip", "profile.firstName | strip", "Blanks removed from both ends"),
            _function("url_encode", "message | url_encode", "For a form or query value (blank becomes +)"),
            _function("urlencode", "message | urlencode", "For any place in a URL (blank becomes %20)"),
            _function("split", "profile.name | split: ' '", "A list of the pieces"),
            _function("first", "profile.name | split: ' ' | first", "The first item of a list"),
            _function("last", "profile.name | split: ' ' | last", "The last item of a list"),
            _function("join", "profile.interests | join: ', '", "A list as one text"),
            _function("size", "message | size", "How many characters or items"),
            _function("round", "profile.balance | round: 2", "A number with so many decimals"),
            _function("plus", "part | plus: 1", "Adds a number"),
            _function("json", "message | json", "As JSON, quotes included (for payloads that are not JSON)"),
            _function("xml", "message | xml", "Escaped for XML"),
        ),
    ),
    PickerGroup(
        "For providers",
        (
            _function("strip_plus", "toNumber | strip_plus", "A number without its +"),
            _function("national", "toNumber | national", "A number without + and country code"),
            _function("hex_ucs2", "message | hex_ucs2", "Unicode text in hexadecimal (UTF-16)"),
            _function("utf16be", "message | utf16be", "Unicode text as raw bytes in a query or form"),
            _function("hex", "message | hex", "UTF-8 in hexadecimal"),
            _function("base64", "message | base64", "Base64"),
            _function("base64url", "message | base64url", "Base64 for URLs, without padding"),
            _function("md5", "message | md5", "MD5 digest, hexadecimal"),
            _function("sha256", "message | sha256: 'base64'", "SHA-256 digest; also sha1, sha512"),
            _function(
                "hmac_sha256",
                "message | hmac_sha256: apiToken",
                "HMAC with a key; also hmac_sha1, hmac_sha512",
            ),
        ),
    ),
)


def helper_groups() -> tuple[PickerGroup, ...]:
    """Every helper function for people who write messages, in its groups."""
    return tuple(
        PickerGroup(
            f"Helper functions: {group.label.lower()}",
            tuple(PickerItem(helper.name, helper.insert, helper.help) for helper in group.helpers),
        )
        for group in HELPERS
    )
