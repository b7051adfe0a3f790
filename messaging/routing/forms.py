"""The form of a route: the admin and configuration files are checked by it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from core.errors import NumberInvalid
from core.numbers import parse_sender
from core.text_lists import joined, unknown_countries, unreadable_prefixes, words_of
from core.vocabulary import Purpose
from messaging.models import PURPOSES, Route

ROUTED_PURPOSES = [(value, label) for value, label in PURPOSES if value != Purpose.CONSENT_REPLY]


class RouteForm(forms.ModelForm):  # type: ignore[type-arg]
    """A route: lists are read with commas or blanks, and stored in one form."""

    purposes = forms.MultipleChoiceField(
        label="Purposes",
        required=False,
        choices=ROUTED_PURPOSES,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="None chosen: every purpose.",
    )

    class Meta:
        model = Route
        fields = (
            "channel", "name", "position", "weight", "active", "credential", "senders", "countries", "prefixes",
            "purposes",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["purposes"] = words_of(self.initial.get("purposes") or "")

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_countries(self) -> str:
        return clean_countries(self.cleaned_data["countries"])

    def clean_prefixes(self) -> str:
        prefixes = words_of(self.cleaned_data["prefixes"])
        if wrong := unreadable_prefixes(prefixes):
            raise forms.ValidationError(
                f"Write each prefix with + and country code, such as +4915; wrong: {joined(wrong)}."
            )
        return joined(prefixes)

    def clean_purposes(self) -> str:
        return joined(self.cleaned_data["purposes"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if senders := cleaned.get("senders"):
            channel = cleaned.get("channel")
            country = getattr(channel, "default_country", "") or settings.SMSGATEWAY_DEFAULT_COUNTRY
            try:
                cleaned["senders"] = joined(_senders(senders, country))
            except NumberInvalid as error:
                self.add_error("senders", error.text)
        return cleaned


def clean_countries(text: str) -> str:
    """A typed list of countries in its stored form; ValidationError names those that do not exist."""
    countries = [word.upper() for word in words_of(text)]
    if wrong := unknown_countries(countries):
        hint = " The United Kingdom is GB." if "UK" in wrong else ""
        raise forms.ValidationError(
            f"Write countries as two letters, such as DE, AT; there is no {joined(wrong)}.{hint}"
        )
    return joined(countries)


def _senders(text: str, country: str) -> list[str]:
    """Senders in their stored form, each once; only commas part them, a name may hold a blank."""
    typed = [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
    return list(dict.fromkeys(parse_sender(part, default_country=country).value for part in typed))
