"""Forms of the messaging screens."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from phonenumbers import SUPPORTED_REGIONS

from core.errors import NumberInvalid
from core.numbers import parse_number, parse_sender
from messaging.models import ChannelConfiguration


class ChannelConfigurationForm(forms.ModelForm):  # type: ignore[type-arg]
    """Channel configuration: sender and country are checked, the sender is stored in one form."""

    class Meta:
        model = ChannelConfiguration
        fields = (
            "name", "description", "credential", "sender", "purpose", "require_opt_in", "default_country",
        )  # fmt: skip

    def clean_default_country(self) -> str:
        country: str = self.cleaned_data["default_country"].strip().upper()
        if country and country not in SUPPORTED_REGIONS:
            raise forms.ValidationError(
                f"{country!r} is not a country code. Use two letters, such as US or DE."
            )
        return country

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if sender := cleaned.get("sender"):
            country = cleaned.get("default_country") or settings.SMSGATEWAY_DEFAULT_COUNTRY
            try:
                cleaned["sender"] = parse_sender(sender, default_country=country).value
            except NumberInvalid as error:
                self.add_error("sender", error.text)
        return cleaned


class SendForm(forms.Form):
    """One message by hand: to whom, what."""

    number = forms.CharField(
        label="Number", max_length=40, help_text="With country code, such as +1 415 555 0101."
    )
    message = forms.CharField(
        label="Message",
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        initial="Test message from smsgateway.",
    )

    def __init__(self, *args: Any, default_country: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.default_country = default_country or settings.SMSGATEWAY_DEFAULT_COUNTRY

    def clean_number(self) -> str:
        try:
            return parse_number(self.cleaned_data["number"], default_country=self.default_country)
        except NumberInvalid as error:
            raise forms.ValidationError(error.text) from error
