"""The Headers section: rows with name, value and secret; Content-Type and Charset cannot go."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.formsets import DELETION_FIELD_NAME
from unfold.widgets import UnfoldBooleanSwitchWidget

from core.forms import SecretField, SecretInput
from core.templating import check_text
from credentials.checking import VARIABLES
from credentials.forms import text_input
from credentials.headers import (
    DEFAULT_HEADERS,
    default_value_problem,
    is_undeletable,
    name_problem,
    value_problem,
)
from credentials.models import RequestHeader


class RequestHeaderForm(forms.ModelForm):  # type: ignore[type-arg]
    """One header row; a secret value is write-only, blank keeps it."""

    class Meta:
        model = RequestHeader
        fields = ("name", "value", "secret")

    name = forms.CharField(label="Name", max_length=100, widget=text_input(**{"aria-label": "Header name"}))
    value = forms.CharField(
        label="Value",
        max_length=4000,
        required=False,
        strip=False,
        widget=text_input(**{"aria-label": "Header value"}),
    )
    secret = forms.BooleanField(
        label="Secret",
        required=False,
        widget=UnfoldBooleanSwitchWidget(attrs={"aria-label": "Secret: not shown again"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_new = self.instance._state.adding
        self.stored = "" if self.is_new else self.instance.value
        self.keeps_secret = bool(self.instance.secret and self.stored)
        if self.keeps_secret or (self.is_bound and self.data.get(self.add_prefix("secret"))):
            self.fields["value"] = SecretField(
                label="Value", strip=False, widget=SecretInput(attrs={"aria-label": "Header value"})
            )
        if self.is_new and self.is_bound:
            self.initial = _offered(str(self.data.get(self.add_prefix("name"), "")))
        self.is_fixed = is_undeletable(str(self.instance.name or self.initial.get("name") or ""))
        if self.is_fixed:
            # Not `disabled`, which browsers do not send: a new row is known as fixed by its posted name.
            self.fields["name"].widget.attrs["readonly"] = True

    def clean_name(self) -> str:
        """A header name that may be chosen; for a fixed header its own, whatever was posted."""
        if self.is_fixed:
            return str(self.initial["name"])
        name: str = self.cleaned_data["name"].strip()
        if problem := name_problem(name):
            raise ValidationError(problem)
        return name

    def clean(self) -> dict[str, Any]:
        """The value: typed, or the secret kept. Fixed headers are no secrets."""
        data = super().clean() or self.cleaned_data
        if self.is_fixed:
            data["secret"] = False
        value = data.get("value") or ""
        if not value and self.keeps_secret:
            if not data.get("secret"):
                self.add_error("value", "Type the value again to have it shown from now on.")
                return data
            value = data["value"] = self.stored
        problem = value_problem(value) if value else "This field is required."
        if not problem and "{" in value:
            problem = " ".join(str(found) for found in check_text(value, known=VARIABLES))
        if not problem and self.is_fixed:
            problem = default_value_problem(data.get("name", ""), value)
        if problem:
            self.add_error("value", problem)
        return data


def _offered(posted_name: str) -> dict[str, str]:
    """What a new row looked like before anybody typed: one of the fixed headers, else blank."""
    known = {name.lower(): name for name in DEFAULT_HEADERS}
    name = known.get(posted_name.strip().lower(), "")
    return {"name": name, "value": DEFAULT_HEADERS[name]} if name else {}


def _name_of(form: Any) -> str:
    """The row's name; that of a fixed header also when the row was left as offered."""
    found = form.initial if form.is_fixed else getattr(form, "cleaned_data", {})
    return str(found.get("name") or "")


class RequestHeaderFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]
    """All header rows of a credential; the fixed ones are offered when absent and cannot be deleted."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        present = set() if self.instance._state.adding else {row.name.lower() for row in self.get_queryset()}
        self.initial_extra = [
            {"name": name, "value": value}
            for name, value in DEFAULT_HEADERS.items()
            if name.lower() not in present
        ]
        self.extra = len(self.initial_extra)

    def add_fields(self, form: Any, index: int | None) -> None:
        """Rows of fixed headers have no delete box."""
        super().add_fields(form, index)
        if form.is_fixed:
            form.fields.pop(DELETION_FIELD_NAME, None)

    def _should_delete_form(self, form: Any) -> bool:
        return not form.is_fixed and super()._should_delete_form(form)  # type: ignore[misc]

    def clean(self) -> None:
        """One row for each header, whatever the case of its letters."""
        super().clean()
        seen: set[str] = set()
        for form in self.forms:
            name = _name_of(form).lower()
            if not name or self._should_delete_form(form):
                continue
            if name in seen:
                form.add_error("name", "This header is there already.")
            seen.add(name)

    def about_to_be_added(self) -> list[str]:
        """Fixed headers that saving this formset writes itself."""
        added: list[Any] = list(self.extra_forms)
        return [form.cleaned_data["name"] for form in added if form.is_fixed and form.has_changed()]
