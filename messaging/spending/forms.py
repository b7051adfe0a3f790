"""Forms of spend limits and segment prices."""

from __future__ import annotations

from typing import Any

from django import forms

from core.text_lists import words_of
from messaging.models import SegmentPrice, SpendLimit
from messaging.models.spending import Scope
from messaging.routing.forms import clean_countries

# Scope -> the field that names its one target; the others are emptied.
_TARGET_FIELDS = {Scope.CHANNEL: "channel", Scope.COUNTRY: "country", Scope.API_KEY: "api_key"}


def clean_country(text: str) -> str:
    """One country in its stored form, or blank."""
    if len(words_of(text)) > 1:
        raise forms.ValidationError("Name one country, such as US; make a row for each.")
    return clean_countries(text)


class SpendLimitForm(forms.ModelForm):  # type: ignore[type-arg]
    """A limit: whole messages, and only the target that its scope asks for."""

    class Meta:
        model = SpendLimit
        fields = ("name", "active", "scope", "channel", "country", "api_key", "amount", "unit", "period")

    def clean_country(self) -> str:
        return clean_country(self.cleaned_data["country"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for scope, name in _TARGET_FIELDS.items():
            if cleaned.get("scope") != scope:
                cleaned[name] = "" if name == "country" else None
        return cleaned


class SegmentPriceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A price: the country in its stored form."""

    class Meta:
        model = SegmentPrice
        fields = ("credential", "country", "price")

    def clean_country(self) -> str:
        return clean_country(self.cleaned_data["country"])
