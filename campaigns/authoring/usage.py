"""What uses a message template, so that nobody deletes it under a campaign."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db import models

from campaigns.models import MessageTemplate, TemplateText, TemplateVersion

_PARTS = (TemplateVersion, TemplateText)  # of the template itself
_MOST_NAMED = 20


def used_by(templates: Iterable[MessageTemplate]) -> dict[Any, list[str]]:
    """Template id -> names of what points at it or at one of its versions; one query for each kind of user."""
    ids = [template.pk for template in templates]
    found: dict[Any, list[str]] = defaultdict(list)
    for relation, path in _relations():
        model = relation.related_model
        field = relation.field.name
        rows = model._default_manager.filter(**{f"{field}{path}__in": ids}).distinct()
        for template_id, row in _named(rows, f"{field}{path}"):
            found[template_id].append(row)
    return dict(found)


def _relations() -> list[tuple[Any, str]]:
    """(relation, path from its field to the template's id)."""
    targets = ((MessageTemplate, "_id"), (TemplateVersion, "__template_id"))
    return [
        (relation, path)
        for model, path in targets
        for relation in model._meta.get_fields(include_hidden=True)
        if (relation.one_to_many or relation.one_to_one)
        and relation.auto_created
        and relation.related_model not in _PARTS
    ]


def _named(rows: models.QuerySet[Any], path: str) -> list[tuple[Any, str]]:
    annotated = rows.annotate(template_of=models.F(path)).order_by("pk")
    return [(row.template_of, str(row)) for row in annotated[: _MOST_NAMED * 50]]
