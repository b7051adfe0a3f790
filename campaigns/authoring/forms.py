"""Forms of the authoring screens."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from campaigns.authoring import versions
from campaigns.authoring.checking import ERROR, check
from campaigns.authoring.choosing import DEFAULT
from campaigns.authoring.posted import Row, rows_from, rows_of, texts_from
from campaigns.models import MessageTemplate, StaffNumber
from core.errors import NumberInvalid
from core.numbers import parse_number


class TemplateForm(forms.ModelForm):  # type: ignore[type-arg]
    """A template with its texts; the texts are rows of the page, not fields."""

    class Meta:
        model = MessageTemplate
        fields = ("name", "description", "missing_policy", "fallback_text")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = versions.latest_texts(self.instance) if not self.instance._state.adding else {}
        self.rows: list[Row] = rows_of(self.data) if self.is_bound else rows_from(stored)
        self.text_errors: dict[str, list[str]] = {}

    @property
    def only_previews(self) -> bool:
        """Whether a button was used that saves nothing."""
        return self.is_bound and "_preview" in self.data

    @property
    def texts(self) -> dict[str, str]:
        """Language -> text."""
        return texts_from(self.rows)

    def is_valid(self) -> bool:
        """A preview shows the page again, whatever is in it."""
        return super().is_valid() and not self.only_previews

    def clean(self) -> dict[str, Any]:
        """Every text must be one that can be sent."""
        cleaned = super().clean() or {}
        for row in self.rows:
            problems = [row.error] if row.error else self._problems(row)
            if problems:
                self.text_errors[row.language] = problems
        if DEFAULT not in self.texts:
            self.text_errors[DEFAULT] = [
                "Write the default text: it is for everybody whose language has none."
            ]
        if self.text_errors and not self.only_previews:
            label = ", ".join(language or "default" for language in self.text_errors)
            raise ValidationError(f"The text cannot be saved yet ({label}). What is wrong stands below it.")
        return cleaned

    def _problems(self, row: Row) -> list[str]:
        findings = check(row.text, limit=settings.SMSGATEWAY_TEXT_LIMIT)
        return [
            f"Line {one.line}, column {one.column}: {one.message} {one.hint}".strip()
            for one in findings
            if one.level == ERROR
        ]


class StaffNumberForm(forms.ModelForm):  # type: ignore[type-arg]
    """A colleague's number, however it is typed."""

    class Meta:
        model = StaffNumber
        fields = ("name", "msisdn")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["msisdn"].validators = []
        self.fields["msisdn"].widget.attrs.pop("maxlength", None)
        self.fields[
            "msisdn"
        ].help_text = f"With + and country code, or as written in {settings.SMSGATEWAY_DEFAULT_COUNTRY}."

    def clean_msisdn(self) -> str:
        """The number as +E.164."""
        try:
            return parse_number(
                self.cleaned_data["msisdn"], default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY
            )
        except NumberInvalid as error:
            raise ValidationError(error.text) from error
