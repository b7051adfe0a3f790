"""The sections of a credential's page: what stands in each, and in a line what is set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from core import sections
from core.sections import Part, Section
from credentials.forms.tables import (
    ANSWER_FIELDS,
    BODY_FIELDS,
    LIMIT_FIELDS,
    TEXT_FIELDS,
    default_of,
)
from credentials.models import ApiCredential

TOP_FIELDS: Final = ("vendor", "name")
REQUEST_FIELDS: Final = ("provider_app_id", "provider_name", ("provider_url", "method"), "auth_type")
CERTIFICATE_ROWS: Final = (
    "client_certificate", "client_certificate_file", "client_key", "client_key_file", "remove_certificate",
)  # fmt: skip
_HEADERS_AT_MOST: Final = 4


def _names(section: Section) -> str:
    """The rows by name."""
    forms = [form for inline in section.formsets for form in inline.formset.forms]
    names = [str(form["name"].value() or "") for form in forms if not getattr(form, "is_input", False)]
    names = [name for name in names if name]
    more = f" and {len(names) - _HEADERS_AT_MOST} more" if len(names) > _HEADERS_AT_MOST else ""
    return ", ".join(names[:_HEADERS_AT_MOST]) + more or "None"


def _texts(section: Section) -> str:
    length, unicode_length = section.values("max_length"), section.values("max_length_unicode")
    parts = [f"Numbers as {_label(section, 'to_format')}"]
    parts += [f"sender as {_label(section, 'from_format')}"] if _is_set(section, "from_format") else []
    parts += ["typographic characters replaced"] if _is_set(section, "text_encoding") else []
    parts += [f"split at {length} characters" if length else "the provider splits long texts"]
    parts += [f"Unicode at {unicode_length}"] if unicode_length else []
    return ", ".join(parts)


def _answers(section: Section) -> str:
    rules = sum(len(inline.formset.forms) for inline in section.formsets)
    path = section.values("message_id_path")
    parts = [f"Message id at {path}" if path else "Message id at the usual places"]
    parts += [f"{rules} response rule{'s' if rules > 1 else ''}"] if rules else ["HTTP status decides"]
    return ", ".join(parts)


def _certificate(section: Section) -> str:
    return "A client certificate is shown" if section.values("client_certificate") else "Off"


def _check(section: Section) -> str:
    return str(section.values("check_url") or "Not set")


def _lookup(section: Section) -> str:
    return str(section.values("lookup_url") or "Not set")


def _limits(section: Section) -> str:
    named = (
        ("messages_per_second", "messages/s"),
        ("segments_per_second", "segments/s"),
        ("at_once", "at once"),
    )
    parts = [f"{value} {unit}" for name, unit in named if (value := section.values(name))]
    return ", ".join(parts) or "None"


def _label(section: Section, name: str) -> str:
    column: Any = ApiCredential._meta.get_field(name)
    choices = dict(column.flatchoices)
    return str(choices.get(section.values(name), section.values(name)))


def _is_set(section: Section, name: str) -> bool:
    return bool(section.values(name) != default_of(name))


PARTS: Final = (
    Part("top", fields=TOP_FIELDS, folds=False),
    Part("request", fields=REQUEST_FIELDS, folds=False),
    Part(
        "variables", "Credential variables", groups=("variables",), summary=_names,
        about="Values of your own, usable as {{name}} in URL, rows, headers, payload and auth fields.",
    ),
    Part("headers", "Headers", groups=("headers",), folds=False),
    Part(
        "query", "Query parameters", groups=("query",), summary=_names,
        about="Added to the Provider URL, each value percent-encoded.",
    ),
    Part("payload", "Provider Payload", fields=BODY_FIELDS, folds=False),
    Part(
        "fields", "Body fields", groups=("fields",), summary=_names,
        about="Added to the payload, or the whole body when the payload is blank. A name is a path, such as "
        "messages[0].text (JSON) or message/@id (XML).",
    ),
    Part("texts", "Texts", fields=TEXT_FIELDS, summary=_texts),
    Part(
        "answers", "Answers", fields=ANSWER_FIELDS, groups=("rules",), summary=_answers,
    ),
    Part(
        "mtls", "Mutual TLS", fields=CERTIFICATE_ROWS, summary=_certificate,
        about="For a provider that wants to see a client certificate, with any Auth Type or alone.",
    ),
    Part(
        "limits", "Limits", fields=LIMIT_FIELDS, summary=_limits,
        about="How much the provider takes. What is over a limit waits in the queue, the most urgent leaves first.",
    ),
    Part("check", "Connection check", fields=("check_url",), summary=_check),
    Part("lookup", "Status look-up", fields=("lookup_url",), summary=_lookup),
)  # fmt: skip


def fieldsets_of(
    auth: Sequence[Any], *, without: Iterable[str] = ()
) -> list[tuple[str | None, dict[str, Any]]]:
    """The fieldsets of the page, a part each, in the documented order; those of the auth type end the request."""
    return sections.fieldsets_of(PARTS, more={"request": auth}, without=without)


def sections_of(adminform: Any, inlines: Iterable[Any]) -> dict[str, Section]:
    """Slug -> section with its fieldset and rows."""
    return sections.sections_of(PARTS, adminform, inlines)
