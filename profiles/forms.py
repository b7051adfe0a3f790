"""The profile form: any way of writing a number is taken, one is stored."""

from __future__ import annotations

import json
import re
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextareaWidget

from core.errors import NumberInvalid
from core.numbers import parse_number
from profiles.entries import MOST_NUMBERS
from profiles.holding import hold_numbers, owners_of
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

    more_numbers = forms.CharField(
        label="Other numbers",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="One a line. The profile is found by each; campaigns write to the number above.",
    )
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
        if "msisdn" in self.fields:  # not for those who may only look
            # People type blanks and brackets: the limit holds for what is stored, not for what is typed.
            self.fields["msisdn"].validators = []
            self.fields["msisdn"].widget.attrs.pop("maxlength", None)
        if "more_numbers" in self.fields and not self.instance._state.adding:
            others = self.instance.other_numbers.values_list("msisdn", flat=True)
            self.fields["more_numbers"].initial = "\n".join(others)

    def clean_msisdn(self) -> str:
        """The number as +E.164, whatever way it was typed."""
        return _parsed(self.cleaned_data["msisdn"])

    def clean_more_numbers(self) -> str:
        """The numbers as +E.164, one a line, each once."""
        typed = re.split(r"[\n,;]", self.cleaned_data["more_numbers"])
        numbers = dict.fromkeys(_parsed(one) for one in typed if one.strip())
        if len(numbers) >= MOST_NUMBERS:
            raise ValidationError(f"A profile has at most {MOST_NUMBERS} numbers.")
        return "\n".join(numbers)

    def clean_attributes(self) -> dict[str, Any]:
        """An empty field is an empty object."""
        value = self.cleaned_data["attributes"]
        return {} if value is None else value

    def clean(self) -> dict[str, Any]:
        """Every number is free or the profile's own, and stays so until the form is saved."""
        values: dict[str, Any] = super().clean() or {}
        hold_numbers()
        numbers = {"msisdn": [values.get("msisdn")], "more_numbers": values.get("more_numbers", "").split()}
        owners = owners_of({number for some in numbers.values() for number in some if number})
        for name, some in numbers.items():
            taken = [one for one in some if one and owners.get(one, self.instance.pk) != self.instance.pk]
            if taken and name in self.fields:
                self.add_error(name, f"{', '.join(taken)}: another profile already exists with this number.")
        return values


def _parsed(text: str) -> str:
    try:
        return parse_number(text, default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY)
    except NumberInvalid as error:
        raise ValidationError(error.text) from error
