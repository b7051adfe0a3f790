"""The custom keywords of a webhook as plain rows: read, and put in the place of those it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import transaction

from core.errors import ConfigurationInvalid
from webhooks import services
from webhooks.configuration import rules_of
from webhooks.forms.custom import CustomKeywordForm
from webhooks.models import CustomAction, CustomKeyword, Webhook

COLUMNS: Final = ("name", "keywords", "action", "attribute", "value", "forward_url", "target", "message")


def rows_of(webhook: Webhook) -> list[dict[str, str]]:
    """A table for each category, blank columns left out."""
    rows = webhook.custom_keywords.values(*COLUMNS)
    return [{name: str(value) for name, value in row.items() if value} for row in rows]


@transaction.atomic
def replace_rows(*, webhook: Webhook, rows: Sequence[Mapping[str, Any]]) -> None:
    """Make these the webhook's custom keywords; ConfigurationInvalid, KeywordsOverlap: nothing is changed."""
    webhook.custom_keywords.all().delete()
    custom: dict[str, str] = {}
    for position, row in enumerate(rows):
        made = _checked(row, webhook)
        made.position = position
        if made.name.casefold() in (name.casefold() for name in custom):
            raise ConfigurationInvalid(f"custom_keywords: the name {made.name!r} stands twice. Rename one.")
        custom[made.name] = made.keywords
        made.save()
    rules_of(webhook, custom)
    services.touch(webhook=webhook)


def _checked(row: Mapping[str, Any], webhook: Webhook) -> CustomKeyword:
    """The row as the form on the webhook's page would take it."""
    for name in row:
        if name not in COLUMNS:
            raise ConfigurationInvalid(
                f"custom_keywords.{name}: there is no such key. Known: {', '.join(COLUMNS)}."
            )
    form = CustomKeywordForm(
        {"action": CustomAction.REPLY, **row}, instance=CustomKeyword(webhook=webhook), prefix=None
    )
    if not form.is_valid():
        faults = (f"{name}: {' '.join(map(str, texts))}" for name, texts in form.errors.items())
        raise ConfigurationInvalid(f"custom_keywords {row.get('name', '')!r}: {' '.join(faults)}")
    made: CustomKeyword = form.save(commit=False)
    return made
