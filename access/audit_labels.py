"""What the audit trail calls a field: the label of the form it was changed in, not the name in the code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.text import capfirst


@dataclass(frozen=True)
class Labels:
    """The labels of one kind of object; without a model, that of an app no longer installed, the plain names."""

    model: type[models.Model] | None = None

    @classmethod
    def of(cls, object_type: str) -> Labels:
        """Labels of a kind of object as the trail names it: "credentials.apicredential"."""
        try:
            return cls(apps.get_model(object_type))
        except (LookupError, ValueError):
            return cls()

    def of_field(self, name: str) -> str:
        """The form's label, else the field's own name in words: "api_token" is "API Token"."""
        label = self._of_form(name) or self._of_model(name) or name.replace("_", " ")
        return capfirst(label).rstrip(":")

    def of_rows(self, plural: str) -> Labels:
        """Labels of the rows that belong to the object, by their plural name: "headers"."""
        related = self.model._meta.related_objects if self.model is not None else ()
        found = (row.related_model for row in related)
        return Labels(next((row for row in found if str(row._meta.verbose_name_plural) == plural), None))

    def _of_form(self, name: str) -> str:
        screen = admin.site._registry.get(self.model) if self.model is not None else None
        fields: Mapping[str, Any] = getattr(screen.form, "base_fields", {}) if screen else {}
        return str(getattr(fields.get(name), "label", None) or "")

    def _of_model(self, name: str) -> str:
        try:
            field = self.model._meta.get_field(name) if self.model is not None else None
        except FieldDoesNotExist:
            return ""
        return str(getattr(field, "verbose_name", ""))
