"""The fields of the webhook screen: which there are, what they are called, what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from unfold.widgets import UnfoldAdminTextareaWidget

from core.editor import PayloadEditor
from webhooks.forms import verification
from webhooks.forms.widgets import KeywordInput, ReplyInput
from webhooks.keywords import DEFAULT_HELP, DEFAULT_OPT_IN, DEFAULT_OPT_OUT, Intent
from webhooks.models import VERIFY_FIELDS
from webhooks.replies import STANDARD_FUZZY, STANDARD_MESSAGES, STANDARD_PROMPT

_CHECK: Final = "admin:webhooks_webhook_{}_check"

# Keyword list -> the words that count while it is blank.
KEYWORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "opt_in_keywords": DEFAULT_OPT_IN,
    "opt_out_keywords": DEFAULT_OPT_OUT,
    "help_keywords": DEFAULT_HELP,
    "double_opt_in_keywords": (),
}
# Reply -> the text that is sent while it is blank; "": none is sent.
MESSAGES: Final[Mapping[str, str]] = {
    "opt_in_message": STANDARD_MESSAGES[Intent.OPT_IN],
    "opt_out_message": STANDARD_MESSAGES[Intent.OPT_OUT],
    "help_message": STANDARD_MESSAGES[Intent.HELP],
    "double_opt_in_message": STANDARD_PROMPT,
    "fuzzy_message": STANDARD_FUZZY,
    "default_reply": "",
}
KEYWORD_FIELDS: Final = (
    "opt_in_keywords", "opt_in_message", "opt_out_keywords", "opt_out_message", "help_keywords", "help_message",
)  # fmt: skip
TOP_FIELDS: Final = ("name", "vendor", "credential", "kind", "brand", "help_contact")
RULE_FIELDS: Final = ("honour_required", "opt_out_scope", "opt_out_purpose", "fuzzy_reply", "fuzzy_message")
DOUBLE_FIELDS: Final = ("double_opt_in_keywords", "double_opt_in_message")
MAPPING_FIELDS: Final = ("inbound_mapping", "report_mapping", "lookup_mapping", "status_map")
MODEL_FIELDS: Final = (
    *(name for name in TOP_FIELDS if name != "credential"), *KEYWORD_FIELDS, *RULE_FIELDS, *DOUBLE_FIELDS,
    "default_reply", *MAPPING_FIELDS, *VERIFY_FIELDS,
)  # fmt: skip

WIDGETS: Final[Mapping[str, Any]] = {
    **verification.WIDGETS,
    **{name: KeywordInput(attrs={"placeholder": ", ".join(words)}) for name, words in KEYWORDS.items()},
    **{
        name: ReplyInput(_CHECK.format("message"), attrs={"placeholder": text})
        for name, text in MESSAGES.items()
    },
    "inbound_mapping": PayloadEditor(_CHECK.format("payload")),
    "report_mapping": PayloadEditor(_CHECK.format("report")),
    "lookup_mapping": PayloadEditor(_CHECK.format("report")),
    "status_map": UnfoldAdminTextareaWidget(
        attrs={"rows": 3, "placeholder": '{"DLVRD": "delivered", "4": "expired"}', "spellcheck": "false"}
    ),
}
LABELS: Final[Mapping[str, str]] = {
    "opt_out_scope": "Senders an opt-out stops",
    "opt_out_purpose": "Messages an opt-out stops",
}
_STANDARD: Final = "Leave blank for the standard message shown in grey."
_BLANK_SAMPLE: Final = "Leave blank for the vendor's standard payload, shown in grey."
HELP_TEXTS: Final[Mapping[str, str]] = {
    **verification.HELP_TEXTS,
    "kind": "What your provider sends to this URL: messages of recipients, delivery reports, or both.",
    "brand": "Your name as recipients know it. Standard messages begin with it.",
    "help_contact": "Where people get help: a phone number, an e-mail address or a web page.",
    **dict.fromkeys(KEYWORD_FIELDS[::2], "Separate keywords by commas."),
    **dict.fromkeys(KEYWORD_FIELDS[1::2], _STANDARD),
    "double_opt_in_keywords": (
        "Words that ask for a subscription without making one. Blank: no double opt-in."
    ),
    "double_opt_in_message": (
        f"Asks the person to confirm with an opt-in keyword within 24 hours. {_STANDARD}"
    ),
    "default_reply": "Sent when no keyword matches, at most once an hour to a number. Blank: no reply.",
    "honour_required": (
        "STOP and the other words the law names opt out even when the list above leaves them out. Switched off, "
        "such a word pauses the number and waits for your decision, at most 24 hours."
    ),
    "opt_out_purpose": "One-time codes that a person asks for always arrive.",
    "fuzzy_reply": (
        "Texts such as “stpo” or “no more of this please” pause marketing and wait for your decision either way. "
        "Switched on, the person is also asked to confirm."
    ),
    "fuzzy_message": _STANDARD,
    "inbound_mapping": (
        "Paste an inbound message as your provider sends it. Put {{inboundMessage}}, "
        "{{profileNumber}}, {{inboundNumber}}, {{requestId}} and {{originTimestamp}} in the place of "
        f"the values. Write form fields as a flat JSON object. {_BLANK_SAMPLE}"
    ),
    "report_mapping": (
        "Paste a delivery report as your provider sends it. Put {{feedbackStatus}}, "
        "{{providerMessageId}} or {{client_reference}}, {{failureCode}} and {{originTimestamp}} in "
        f"the place of the values. {_BLANK_SAMPLE}"
    ),
    "lookup_mapping": (
        "Only for credentials with a Status look-up URL: what the provider answers there, with the same variables as "
        "a delivery report. Blank: the vendor's, shown in grey; where it has none, the answer is read like a report."
    ),
    "status_map": (
        "Only for status words the gateway does not know: the provider's word to sent, delivered, "
        'undelivered, expired, failed, or "" for no progress.'
    ),
}
