"""The sections of a webhook's page: what stands in each, and in a line what is set."""

from __future__ import annotations

from typing import Final

from core.sections import Part, Section
from webhooks.forms.tables import DOUBLE_FIELDS, KEYWORD_FIELDS, MAPPING_FIELDS, RULE_FIELDS, TOP_FIELDS
from webhooks.forms.verification import VERIFICATION_FIELDS
from webhooks.models import OptOutPurpose, OptOutScope
from webhooks.verification import SCHEMES

# Sections about messages of people: a webhook for delivery reports has no use for them.
ABOUT_PEOPLE: Final = ("keywords", "rules", "double", "custom", "default")
_NAMES_AT_MOST: Final = 4


def _rules(section: Section) -> str:
    scope = OptOutScope(section.values("opt_out_scope") or OptOutScope.ALL).label
    purpose = OptOutPurpose(section.values("opt_out_purpose") or OptOutPurpose.ALL).label
    words = "always honoured" if section.values("honour_required") else "wait for a decision"
    asks = "; unclear texts are asked" if section.values("fuzzy_reply") else ""
    return f"{scope}, {purpose.lower()}; required words {words}{asks}"


def _double(section: Section) -> str:
    return str(section.values("double_opt_in_keywords") or "Off")


def _custom(section: Section) -> str:
    forms = [form for inline in section.formsets for form in inline.formset.forms]
    names = [name for form in forms if (name := str(form["name"].value() or ""))]
    more = f" and {len(names) - _NAMES_AT_MOST} more" if len(names) > _NAMES_AT_MOST else ""
    return ", ".join(names[:_NAMES_AT_MOST]) + more or "None"


def _default(section: Section) -> str:
    return str(section.values("default_reply") or "None")[:80]


def _payload(section: Section) -> str:
    own = [section.values(name) for name in ("inbound_mapping", "report_mapping", "lookup_mapping")]
    return "Your own samples" if any(own) else "The vendor's standard payload"


def _verification(section: Section) -> str:
    scheme = SCHEMES.get(str(section.values("verify_scheme")))
    addresses = " from allowed addresses" if section.values("verify_addresses") else ""
    return f"{scheme.label if scheme else 'None'}{addresses}"


PARTS: Final = (
    Part("top", fields=TOP_FIELDS, folds=False),
    Part("keywords", "Keywords and replies", fields=KEYWORD_FIELDS, folds=False),
    Part("rules", "Opt-out rules", fields=RULE_FIELDS, summary=_rules),
    Part("double", "Double opt-in", fields=DOUBLE_FIELDS, summary=_double),
    Part(
        "custom", "Custom keywords", groups=("custom",), summary=_custom,
        about="Words of your own, each with a reply, a tag on the profile, or a URL that gets the message. They "
        "change no consent; a word of the lists above wins.",
    ),
    Part("default", "Default reply", fields=("default_reply",), summary=_default),
    Part("verification", "Verification", fields=VERIFICATION_FIELDS, summary=_verification),
    Part("payload", "Payload", fields=MAPPING_FIELDS, starts_open=True, summary=_payload),
)  # fmt: skip
