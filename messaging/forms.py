"""Forms of the messaging screens."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http.request import validate_host
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from core.editor import PayloadEditor
from core.errors import NumberInvalid
from core.numbers import parse_number, parse_sender
from messaging.country_names import countries
from messaging.models import ChannelConfiguration
from messaging.models.timing import DAYS, TIMING_FIELDS
from messaging.routing.countries import EVERYWHERE
from messaging.routing.forms import clean_countries


def _days(field: str) -> forms.MultipleChoiceField:
    """Days of the week to tick, with the words of the model."""
    told: Any = ChannelConfiguration._meta.get_field(field)
    return forms.MultipleChoiceField(
        label=told.verbose_name,
        help_text=told.help_text,
        required=False,
        choices=DAYS,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )


class ChannelConfigurationForm(forms.ModelForm):  # type: ignore[type-arg]
    """Channel configuration: sender and country are checked, the sender is stored in one form."""

    default_country = forms.ChoiceField(
        label="Default country",
        required=False,
        choices=countries,
        initial=lambda: settings.SMSGATEWAY_DEFAULT_COUNTRY,
        widget=UnfoldAdminSelectWidget,
        help_text="Numbers without + are read as numbers of this country.",
    )

    quiet_days = _days("quiet_days")
    quiet_whole_days = _days("quiet_whole_days")

    class Meta:
        model = ChannelConfiguration
        fields = (
            "name", "description", "credential", "sender", "purpose", "require_opt_in", "default_country", "keep_order",
            "countries_allowed",
            *TIMING_FIELDS,
            "codes_move_on",
            "track_links", "link_domain", "link_days", "link_fallback_url", "link_parameters",
        )  # fmt: skip

    def clean_countries_allowed(self) -> str:
        typed = self.cleaned_data["countries_allowed"]
        return EVERYWHERE if EVERYWHERE in typed else clean_countries(typed)

    def clean_link_domain(self) -> str:
        domain = str(self.cleaned_data["link_domain"])
        if domain:
            ChannelConfiguration._meta.get_field("link_domain").run_validators(domain)
            _check_domain(domain)
        return domain

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # With a default: who makes a channel need not have a say in them.
        for name in ("cap_window", "cap_scope", "when_unknown", "when_unknown_code", "unknown_hours"):
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if sender := cleaned.get("sender"):
            country = cleaned.get("default_country") or settings.SMSGATEWAY_DEFAULT_COUNTRY
            try:
                cleaned["sender"] = parse_sender(sender, default_country=country).value
            except NumberInvalid as error:
                self.add_error("sender", error.text)
        return cleaned


def _check_domain(domain: str) -> None:
    """A short domain that this gateway does not answer would make dead links."""
    host = domain.partition(":")[0]
    if not validate_host(host, settings.ALLOWED_HOSTS):
        raise forms.ValidationError(
            f"The gateway does not answer for {host} yet. Add it to SMSGATEWAY_ALLOWED_HOSTS, restart, then save again."
        )


class SendForm(forms.Form):
    """One message by hand: to whom, what."""

    number = forms.CharField(label="Number", max_length=40)
    message = forms.CharField(
        label="Message",
        max_length=10_000,
        widget=PayloadEditor(
            "admin:messaging_text_check", {"rows": 3, "spellcheck": "true"}, language="text"
        ),
        initial="Test message from smsgateway.",
    )

    def __init__(self, *args: Any, default_country: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.default_country = default_country or settings.SMSGATEWAY_DEFAULT_COUNTRY
        self.fields["number"].help_text = f"With + and country code, or as written in {self.default_country}."

    def clean_number(self) -> str:
        try:
            return parse_number(self.cleaned_data["number"], default_country=self.default_country)
        except NumberInvalid as error:
            raise forms.ValidationError(error.text) from error
