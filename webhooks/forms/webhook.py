"""The webhook screen as it is documented: fields, labels, order, and every check on the server."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from core.editor import PayloadEditor
from core.errors import GatewayError, MappingInvalid
from core.segments import segment
from core.templating import check_text
from credentials.models import ApiCredential
from credentials.vendors import VENDORS
from webhooks.keywords import (
    DEFAULT_HELP,
    DEFAULT_OPT_IN,
    DEFAULT_OPT_OUT,
    Intent,
    KeywordRules,
    missing_required,
)
from webhooks.models import Webhook
from webhooks.preview import place_of
from webhooks.reading import inbound_sample, report_sample
from webhooks.replies import FALLBACK_BRAND, REPLY_VARIABLES, STANDARD_MESSAGES
from webhooks.samples import samples_of
from webhooks.services import save_webhook
from webhooks.statuses import parse_status_map

_KEYWORDS = {
    "opt_in_keywords": DEFAULT_OPT_IN,
    "opt_out_keywords": DEFAULT_OPT_OUT,
    "help_keywords": DEFAULT_HELP,
}
_MESSAGES = {
    "opt_in_message": Intent.OPT_IN,
    "opt_out_message": Intent.OPT_OUT,
    "help_message": Intent.HELP,
}
_SAMPLES: dict[str, Callable[[str], object]] = {
    "inbound_mapping": inbound_sample,
    "report_mapping": report_sample,
}
_KEYWORDS_HELP = "Separate keywords by commas. Leave blank for the standard ones shown in grey."
_MESSAGE_HELP = (
    "Leave blank for the standard message shown in grey. You can use {{profile.firstName}} and other profile "
    "attributes, {{brand}}, {{helpContact}}, {{fromNumber}}, {{toNumber}} and helper functions."
)
_BLANK_SAMPLE = "Leave blank for the vendor's standard payload, shown in grey."
_EDITOR = "admin:webhooks_webhook_{}_check"


class CredentialSelect(UnfoldAdminSelectWidget):  # type: ignore[misc]
    """A list of credentials that tells the browser the vendor of each."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Each option carries `data-vendor`."""
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        credential = getattr(value, "instance", None)
        if isinstance(credential, ApiCredential):
            option["attrs"]["data-vendor"] = credential.vendor
        return option


class WebhookForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name, vendor, credential, brand, keywords with their messages, and the samples of the payload."""

    credential = forms.ModelChoiceField(
        label="Select API credentials",
        queryset=ApiCredential.objects.order_by("name"),
        widget=CredentialSelect(attrs={"data-credentials": ""}),
        help_text="Only credentials of the chosen vendor are offered.",
    )

    class Meta:
        model = Webhook
        fields = (
            "name", "vendor", "brand", "help_contact",
            "opt_in_keywords", "opt_in_message", "opt_out_keywords", "opt_out_message",
            "help_keywords", "help_message",
            "inbound_mapping", "report_mapping", "status_map", "opt_out_scope", "opt_out_purpose",
        )  # fmt: skip
        widgets = {
            **dict.fromkeys(_KEYWORDS, UnfoldAdminTextInputWidget),
            **{name: UnfoldAdminTextareaWidget(attrs={"rows": 3}) for name in _MESSAGES},
            "inbound_mapping": PayloadEditor(_EDITOR.format("payload")),
            "report_mapping": PayloadEditor(_EDITOR.format("report")),
            "status_map": UnfoldAdminTextareaWidget(
                attrs={
                    "rows": 3,
                    "placeholder": '{"DLVRD": "delivered", "4": "expired"}',
                    "spellcheck": "false",
                }
            ),
        }
        labels = {
            "credential": "Select API credentials",
            "opt_out_scope": "Senders an opt-out stops",
            "opt_out_purpose": "Messages an opt-out stops",
        }
        help_texts = {
            "brand": "Your name as recipients know it. Standard messages begin with it.",
            "help_contact": "Where people get help: a phone number, an e-mail address or a web page.",
            **dict.fromkeys(_KEYWORDS, _KEYWORDS_HELP),
            **dict.fromkeys(_MESSAGES, _MESSAGE_HELP),
            "opt_out_purpose": "One-time codes that a person asks for always arrive.",
            "inbound_mapping": (
                "Paste an inbound message as your provider sends it. Put {{inboundMessage}}, "
                "{{profileNumber}}, {{inboundNumber}}, {{requestId}} and {{originTimestamp}} in the place of "
                f"the values. Write form fields as a flat JSON object. {_BLANK_SAMPLE}"
            ),
            "report_mapping": (
                "Paste a delivery report as your provider sends it. Put {{feedbackStatus}}, "
                "{{providerMessageId}} or {{client_reference}}, {{failureCode}} and {{originTimestamp}} in "
                f"the place of the values. {_BLANK_SAMPLE}"
            ),
            "status_map": (
                "Only for status words the gateway does not know: the provider's word to sent, delivered, "
                'undelivered, expired, failed, or "" for no progress.'
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.warnings: list[str] = []
        if "vendor" not in self.fields:  # shown to somebody who may only look
            return
        self.fields["brand"].widget.attrs["placeholder"] = FALLBACK_BRAND
        samples = _samples_by_vendor()
        self.fields["vendor"].widget.attrs["data-samples"] = json.dumps(samples)
        for name, words in _KEYWORDS.items():
            self.fields[name].widget.attrs["placeholder"] = ", ".join(words)
        for name, intent in _MESSAGES.items():
            self.fields[name].widget.attrs["placeholder"] = STANDARD_MESSAGES[intent]
        for name, text in samples[self._vendor()].items():
            self.fields[name].widget.attrs["placeholder"] = text
        if not self.instance._state.adding:
            self.fields["credential"].initial = self.instance.endpoint.credential_id

    def _vendor(self) -> str:
        """The vendor that the form shows: as posted, as given for a new webhook, or as stored."""
        shown = str(self["vendor"].value() or "")
        return shown if shown in VENDORS else self.instance.vendor

    def clean(self) -> dict[str, Any]:
        """Checks that need several fields; each error stands at its field."""
        cleaned = super().clean() or {}
        self._check_credential(cleaned)
        self._check_keywords(cleaned)
        for name in _MESSAGES:
            self._check_message(name, cleaned.get(name, ""))
        for name, read in _SAMPLES.items():
            self._check_sample(name, cleaned.get(name, ""), read)
        self._try("status_map", lambda: parse_status_map(cleaned.get("status_map", "")))
        return cleaned

    def save(self, commit: bool = True) -> Webhook:
        """Save through the service, which gives a new webhook its URL; the admin saves by itself."""
        webhook: Webhook = super().save(commit=False)
        if commit:
            save_webhook(webhook=webhook, credential=self.cleaned_data["credential"])
        return webhook

    def _check_credential(self, cleaned: dict[str, Any]) -> None:
        credential, vendor = cleaned.get("credential"), cleaned.get("vendor")
        if credential and vendor and credential.vendor != vendor:
            own, chosen = credential.get_vendor_display(), VENDORS[vendor].label
            self.add_error(
                "credential",
                f"“{credential}” are credentials of {own}, not of {chosen}. Choose credentials of {chosen}.",
            )

    def _check_keywords(self, cleaned: dict[str, Any]) -> None:
        lists = {name.removesuffix("_keywords"): cleaned.get(name, "") for name in _KEYWORDS}
        try:
            KeywordRules.parse(**lists)
        except GatewayError as error:
            self.add_error(error.param or None, error.text)
        if missing := missing_required(lists["opt_out"]):
            self.warnings.append(
                f"The Opt-out Keywords leave out {', '.join(missing)}. The law counts these words as an "
                "opt-out, so this webhook honours them as well."
            )

    def _check_message(self, name: str, source: str) -> None:
        limit = settings.SMSGATEWAY_TEXT_LIMIT
        if len(source) > limit:
            self.add_error(
                name, f"The message has {len(source):,} characters; at most {limit:,} can be sent."
            )
            return
        for problem in check_text(source, known=REPLY_VARIABLES):
            self.add_error(name, str(problem))
        parts = segment(source).count if source else 1
        if parts > 1:
            label = self.fields[name].label
            self.warnings.append(f"{label} takes {parts} parts before personalisation; one part is cheaper.")

    def _check_sample(self, name: str, source: str, read: Callable[[str], object]) -> None:
        if source.strip():
            try:
                read(source)
            except MappingInvalid as error:
                self.add_error(name, str(place_of(source, error)))

    def _try(self, name: str, check: Callable[[], object]) -> None:
        try:
            check()
        except GatewayError as error:
            self.add_error(name, error.text)


def _samples_by_vendor() -> dict[str, dict[str, str]]:
    return {
        vendor: {"inbound_mapping": samples_of(vendor).inbound, "report_mapping": samples_of(vendor).report}
        for vendor in VENDORS
    }
