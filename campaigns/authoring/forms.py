"""Forms of the authoring screens."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from campaigns.authoring import versions
from campaigns.authoring.checking import ERROR, check
from campaigns.authoring.choosing import DEFAULT, texts_of
from campaigns.authoring.posted import Row, rows_from, rows_of, texts_from
from campaigns.models import MessageTemplate, MissingPolicy, StaffNumber
from core.errors import NumberInvalid
from core.numbers import parse_number

POLICY = ("missing_policy", "fallback_text")


class TemplateForm(forms.ModelForm):  # type: ignore[type-arg]
    """A template with what its next version says; the texts are rows of the page, not fields."""

    missing_policy = forms.ChoiceField(
        label="If an attribute is missing",
        choices=MissingPolicy.choices,
        initial=MissingPolicy.SKIP,
        widget=UnfoldAdminSelectWidget,
    )
    fallback_text = forms.CharField(
        label="Fallback text",
        max_length=200,
        required=False,
        help_text="Stands where the attribute would; blank: nothing.",
        widget=UnfoldAdminTextInputWidget,
    )

    class Meta:
        model = MessageTemplate
        fields = ("name", "description")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        last = None if self.instance._state.adding else versions.latest(self.instance)
        stored = texts_of(last) if last else {}
        if last:
            self.initial.update(zip(POLICY, versions.policy_of(last), strict=True))
        self.rows: list[Row] = rows_of(self.data) if self.is_bound else rows_from(stored)
        self.text_errors: dict[str, list[str]] = {}

    @property
    def only_previews(self) -> bool:
        """Whether a button was used that saves nothing."""
        return self.is_bound and "_preview" in self.data

    @property
    def policy(self) -> dict[str, str]:
        """What was chosen for missing attributes, as `versions.save` takes it."""
        return {name: self.cleaned_data[name] for name in POLICY}

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
