"""What changed, in words fit for the audit trail: before and after, with secrets left out."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.db import models

from core.errors import SecretUnreadable
from core.fields import EncryptedTextField
from core.forms import SecretField

CHANGED = "changed"
# A field whose name holds one of these never shows its value, whatever its type.
SECRET_WORDS = ("password", "secret", "token", "digest", "private_key")
_LONGEST_VALUE = 500
_BLANK: tuple[Any, ...] = (None, "", [], {}, ())


def model_label(model: type[models.Model]) -> str:
    """How the trail names a kind of object: "credentials.apicredential"."""
    return model._meta.label_lower


@dataclass
class Recorder:
    """Remembers objects as they were and tells what became of them, for one request and one admin screen."""

    private: frozenset[str] = frozenset()
    _before: dict[str, models.Model] = field(default_factory=dict)

    def remember(self, obj: models.Model) -> None:
        """Keep a copy of the object as it is now."""
        self._before.setdefault(str(obj.pk), copy.copy(obj))

    def changes(self, form: Any, formsets: Iterable[Any], *, add: bool) -> dict[str, Any]:
        """{field: {"before", "after"} or "changed"} of a saved form, with a list per inline that changed."""
        obj = _object_of(form)
        before = self._before.get(str(obj.pk))
        if add:
            found = dict(self._values(obj, "after"))
        elif before is None:
            found = dict(self._by_form(form, form.changed_data))
        else:
            found = dict(self._by_model(before, obj))
        found |= dict(self._by_form(form, filter(_holds_many(form), form.changed_data)))
        for formset in formsets:
            rows = list(self._inline_rows(formset))
            if rows:
                found.setdefault(str(formset.model._meta.verbose_name_plural), []).extend(rows)
        return found

    def values_before_deletion(self, obj: models.Model) -> dict[str, Any]:
        """The filled-in fields of an object about to go."""
        return dict(self._values(obj, "before"))

    def _values(self, obj: models.Model, side: str) -> Iterator[tuple[str, Any]]:
        hidden = self.private | secret_fields(obj)
        for column in _columns(obj):
            raw = obj.__dict__.get(column.attname)
            if raw not in _BLANK and column.editable and not column.primary_key:
                yield column.name, CHANGED if column.name in hidden else {side: _printable(raw)}

    def _by_model(self, before: models.Model, after: models.Model) -> Iterator[tuple[str, Any]]:
        hidden = self.private | secret_fields(before) | secret_fields(after)
        for column in _columns(after):
            old, new = _read(before, column), _read(after, column)
            if old != new and column.editable:
                yield column.name, CHANGED if column.name in hidden else _pair(old, new)

    def _by_form(self, form: Any, names: Iterable[str]) -> Iterator[tuple[str, Any]]:
        hidden = self.private | secret_fields(_object_of(form))
        for name in names:
            secret = name in hidden or isinstance(form.fields.get(name), SecretField) or _sounds_secret(name)
            yield name, CHANGED if secret else _pair(form.initial.get(name), form.cleaned_data.get(name))

    def _inline_rows(self, formset: Any) -> Iterator[dict[str, Any]]:
        changed = {obj.pk for obj, _ in formset.changed_objects}
        for obj in formset.new_objects:
            yield {"object": str(obj), "action": "added", "fields": dict(self._values(obj, "after"))}
        for form in formset.initial_forms:
            if form.instance.pk in changed:
                fields = dict(self._by_form(form, form.changed_data))
                yield {"object": str(form.instance), "action": CHANGED, "fields": fields}
        for obj in formset.deleted_objects:
            yield {"object": str(obj), "action": "deleted", "fields": {}}


def secret_fields(obj: models.Model) -> frozenset[str]:
    """Names of fields whose values never enter the trail: encrypted ones and those that sound secret."""
    return frozenset(
        column.name
        for column in _columns(obj)
        if isinstance(column, EncryptedTextField) or _sounds_secret(column.name)
    )


def _object_of(form: Any) -> models.Model:
    # Django's password form is not a model form; it calls its object `user`.
    obj: models.Model = form.instance if hasattr(form, "instance") else form.user
    return obj


def _holds_many(form: Any) -> Callable[[str], bool]:
    return lambda name: isinstance(form.fields.get(name), forms.ModelMultipleChoiceField)


def _sounds_secret(name: str) -> bool:
    return any(word in name for word in SECRET_WORDS)


def _columns(obj: models.Model) -> Iterable[models.Field[Any, Any]]:
    return obj._meta.concrete_fields


def _read(obj: models.Model, column: models.Field[Any, Any]) -> Any:
    try:
        return getattr(obj, column.attname)
    except SecretUnreadable:
        return obj.__dict__.get(column.attname)


def _pair(before: Any, after: Any) -> dict[str, Any]:
    return {"before": _printable(before), "after": _printable(after)}


def _printable(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return value[:_LONGEST_VALUE]
    if isinstance(value, models.Model):
        return str(value)[:_LONGEST_VALUE]
    if isinstance(value, list | tuple | set | models.QuerySet):
        return sorted(str(item) for item in value)
    return str(value)[:_LONGEST_VALUE]
