"""The Headers section: rows with name, value and secret; Content-Type and Charset cannot go."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from credentials.headers import (
    DEFAULT_HEADERS,
    default_value_problem,
    is_undeletable,
    name_problem,
    value_problem,
)
from credentials.models import RequestHeader
from credentials.row_forms.base import RowFormSet, SecretRowForm
from credentials.widgets import text_input


class RequestHeaderForm(SecretRowForm):
    """One header row; a secret value is write-only, blank keeps it."""

    noun = "header"
    name = forms.CharField(label="Name", max_length=100, widget=text_input(**{"aria-label": "Header name"}))

    class Meta:
        model = RequestHeader
        fields = ("name", "value", "secret")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_fixed = is_undeletable(self._known_name())
        if self.is_fixed:
            # Not `disabled`, which browsers do not send: a new row is known as fixed by its posted name.
            self.fields["name"].widget.attrs["readonly"] = True

    @property
    def can_go(self) -> bool:
        return not self.is_fixed

    def clean_name(self) -> str:
        """A header name that may be chosen; for a fixed header its own, whatever was posted."""
        if self.is_fixed:
            return _as_offered(self._known_name())
        name: str = self.cleaned_data["name"].strip()
        if problem := name_problem(name):
            raise ValidationError(problem)
        return name

    def clean(self) -> dict[str, Any]:
        """The value: typed, or the secret kept. Fixed headers are no secrets."""
        data = super().clean()
        if self.is_fixed:
            data["secret"] = False
        value = data.get("value") or ""
        if "value" in self.errors:
            return data
        problem = "" if value else "This field is required."
        if value and "{{" not in value and "{%" not in value:
            problem = value_problem(value)
        if not problem and self.is_fixed:
            problem = default_value_problem(data.get("name", ""), value)
        if problem:
            self.add_error("value", problem)
        return data

    def _known_name(self) -> str:
        if not self.is_new:
            return str(self.instance.name)
        return self.posted("name") if self.is_bound else str(self.initial.get("name") or "")


def _as_offered(name: str) -> str:
    return next(offered for offered in DEFAULT_HEADERS if offered.lower() == name.strip().lower())


class RequestHeaderFormSet(RowFormSet):
    """All header rows of a credential; the fixed ones are offered when absent and cannot be deleted."""

    group = "headers"
    add_label = "Add new parameter"
    ordered = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_bound:
            return
        present = set() if self.instance._state.adding else {row.name.lower() for row in self.get_queryset()}
        offered = list(self.initial_extra or ())
        present |= {str(row.get("name", "")).lower() for row in offered}
        missing = [
            {"name": name, "value": value}
            for name, value in DEFAULT_HEADERS.items()
            if name.lower() not in present
        ]
        self.initial_extra = [*missing, *offered]
        self.extra = len(self.initial_extra)

    def clean(self) -> None:
        """One row for each header, whatever the case of its letters."""
        super().clean()
        seen: set[str] = set()
        for _, form in self.kept():
            name = str(getattr(form, "cleaned_data", {}).get("name") or "").lower()
            if name and name in seen:
                form.add_error("name", "This header is there already.")
            seen.add(name)

    def about_to_be_added(self) -> list[str]:
        """Fixed headers that saving this formset writes itself."""
        added: list[Any] = list(self.extra_forms)
        return [form.cleaned_data["name"] for form in added if form.is_fixed and form.has_changed()]
