"""Message templates as data: what the last version says, in each language. Earlier versions stay where they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from campaigns.authoring import versions
from campaigns.authoring.choosing import DEFAULT, texts_of
from campaigns.authoring.forms import POLICY, TemplateForm
from campaigns.authoring.posted import PREFIX
from campaigns.models import MessageTemplate, MissingPolicy
from core.errors import ConfigurationInvalid
from operations.configuration.checked import insist

TEMPLATE_KEYS: Final = ("description", *POLICY, "text", "languages")


def template_values(row: MessageTemplate) -> dict[str, Any]:
    """What the file of a template says."""
    last = versions.latest(row)
    texts = texts_of(last) if last else {}
    policy = dict(zip(POLICY, versions.policy_of(last), strict=True)) if last else {}
    values = {"description": row.description, **policy, "text": texts.pop(DEFAULT, "")}
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
    kept = {key: values.get(key, "") for key in ("description", *POLICY)}
    form = TemplateForm(
        {**rows, **kept, "name": name}, instance=MessageTemplate.objects.filter(name=name).first()
    )
    if not form.is_valid() and form.text_errors:
        told = (f"{_key(language)}: {' '.join(said)}" for language, said in form.text_errors.items())
        raise ConfigurationInvalid(" ".join(told))
    insist(form)
    template: MessageTemplate = form.save()
    versions.save(template=template, texts=form.texts, actor=actor, **form.policy)
    return template


def _key(language: str) -> str:
    return f"languages.{language}" if language else "text"
