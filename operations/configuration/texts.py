"""Message templates as data: what the last version says, in each language. Earlier versions stay where they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from campaigns.authoring import versions
from campaigns.authoring.choosing import DEFAULT
from campaigns.authoring.forms import TemplateForm
from campaigns.authoring.posted import PREFIX
from campaigns.models import MessageTemplate, MissingPolicy
from core.errors import ConfigurationInvalid
from operations.configuration.checked import insist

TEMPLATE_KEYS: Final = ("description", "missing_policy", "fallback_text", "text", "languages")


def template_values(row: MessageTemplate) -> dict[str, Any]:
    """What the file of a template says."""
    texts = versions.latest_texts(row)
    text = texts.pop(DEFAULT, "")
    values = {
        "description": row.description,
        "missing_policy": row.missing_policy,
        "fallback_text": row.fallback_text,
        "text": text,
    }
    return {**values, "languages": texts} if texts else values


def usual_template(values: Mapping[str, Any]) -> dict[str, Any]:
    """A file as it would be exported: with the policy that a new template has."""
    return {"missing_policy": str(MissingPolicy.SKIP), **values}


def template_problem(values: Mapping[str, Any]) -> str:
    """Why a file cannot be one of a template; blank: it can."""
    languages = values.get("languages", {})
    if not isinstance(languages, dict):
        return "languages: write a table, [languages]."
    wrong = next((name for name, text in languages.items() if not isinstance(text, str) or not name), None)
    if wrong is not None:
        return f"languages.{wrong}: write the text of a language, such as de or pt-BR, in quotes."
    return "" if isinstance(values.get("text"), str) else "text: write the default text, in quotes."


def apply_template(name: str, values: Mapping[str, Any], *, actor: str) -> MessageTemplate:
    """Make or change the template of that name; other texts are its next version."""
    texts = {DEFAULT: values["text"], **values.get("languages", {})}
    rows: dict[str, Any] = {f"{PREFIX}-TOTAL": str(len(texts))}
    for index, (language, text) in enumerate(texts.items()):
        rows |= {f"{PREFIX}-{index}-language": language, f"{PREFIX}-{index}-text": text}
    kept = {key: values.get(key, "") for key in ("description", "missing_policy", "fallback_text")}
    form = TemplateForm(
        {**rows, **kept, "name": name}, instance=MessageTemplate.objects.filter(name=name).first()
    )
    if not form.is_valid() and form.text_errors:
        told = (f"{_key(language)}: {' '.join(said)}" for language, said in form.text_errors.items())
        raise ConfigurationInvalid(" ".join(told))
    insist(form)
    template: MessageTemplate = form.save()
    versions.save(template=template, texts=form.texts, actor=actor)
    return template


def _key(language: str) -> str:
    return f"languages.{language}" if language else "text"
