"""The profile form: any way of writing a number is taken, one is stored."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextareaWidget

from core.errors import NumberInvalid
from core.numbers import parse_number
from profiles.models import Profile


class AttributesField(forms.JSONField):
    """A JSON object, shown indented; a slip in it is named by line and column."""

    widget = UnfoldAdminTextareaWidget

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except ValidationError as error:
            try:
                json.loads(value)
            except json.JSONDecodeError as slip:
                raise ValidationError(
                    f"This is not JSON: line {slip.lineno}, column {slip.colno}: {slip.msg}."
                ) from error
            raise

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return json.dumps(value, ensure_ascii=False, indent=2)
        return super().prepare_value(value)


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """One recipient."""

    attributes = AttributesField(
        required=False,
        initial=dict,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=Profile._meta.get_field("attributes").help_text,
    )

    class Meta:
        model = Profile
        fields = ("msisdn", "external_id", "attributes", "language", "time_zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # People type blanks and brackets: the limit holds for what is stored, not for what is typed.
        self.fields["msisdn"].validators = []
        self.fields["msisdn"].widget.attrs.pop("maxlength", None)

    def clean_msisdn(self) -> str:
        """The number as +E.164, whatever way it was typed."""
        try:
            return parse_number(
                self.cleaned_data["msisdn"], default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY
            )
        except NumberInvalid as error:
            raise ValidationError(error.text) from error

    def clean_attributes(self) -> dict[str, Any]:
        """An empty field is an empty object."""
        value = self.cleaned_data["attributes"]
        return {} if value is None else value
