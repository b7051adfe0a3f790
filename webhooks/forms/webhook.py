"""The webhook screen as it is documented: fields, labels, order, and every check on the server."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings

from core.errors import GatewayError, MappingInvalid
from core.segments import segment
from core.templating import check_text
from credentials.models import ApiCredential
from credentials.vendors import VENDORS
from webhooks.forms.tables import HELP_TEXTS, KEYWORDS, LABELS, MESSAGES, MODEL_FIELDS, WIDGETS
from webhooks.forms.verification import VerificationForm
from webhooks.forms.widgets import CredentialSelect
from webhooks.keywords import KeywordRules, missing_required, split_keywords
from webhooks.models import Webhook
from webhooks.preview import place_of
from webhooks.reading import inbound_sample, report_sample
from webhooks.replies import FALLBACK_BRAND, REPLY_VARIABLES
from webhooks.samples import samples_of
from webhooks.services import save_webhook
from webhooks.statuses import parse_status_map

_SAMPLES: dict[str, Callable[[str], object]] = {
    "inbound_mapping": inbound_sample,
    "report_mapping": report_sample,
    "lookup_mapping": report_sample,
}


class WebhookForm(VerificationForm):
    """Name, vendor, credential, brand, keywords with their messages, and the samples of the payload."""

    credential = forms.ModelChoiceField(
        label="Select API credentials",
        queryset=ApiCredential.objects.order_by("name"),
        widget=CredentialSelect(attrs={"data-credentials": ""}),
        help_text="Only credentials of the chosen vendor are offered.",
    )

    class Meta:
        model = Webhook
        fields = MODEL_FIELDS
        widgets = WIDGETS
        labels = LABELS
        help_texts = HELP_TEXTS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.warnings: list[str] = []
        if "vendor" not in self.fields:  # shown to somebody who may only look
            return
        self.fields["kind"].required = False
        self.fields["brand"].widget.attrs["placeholder"] = FALLBACK_BRAND
        samples = _samples_by_vendor()
        self.fields["vendor"].widget.attrs["data-samples"] = json.dumps(samples)
        for name, words in KEYWORDS.items():
            # What counts is what one sees: a blank list shows the words it stands for.
            self.initial[name] = self.initial.get(name) or ", ".join(words)
            self.fields[name].widget.attrs["data-standard"] = ", ".join(words)
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
        cleaned["kind"] = cleaned.get("kind") or self.instance.kind
        self._check_credential(cleaned)
        for name, words in KEYWORDS.items():
            cleaned[name] = _as_stored(cleaned.get(name, ""), standard=words)
        self._check_keywords(cleaned)
        for name in MESSAGES:
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
            self.save_secret(webhook)
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
        lists = {name.removesuffix("_keywords"): cleaned.get(name, "") for name in KEYWORDS}
        self._try("opt_out_keywords", lambda: KeywordRules.parse(**lists))
        if missing := missing_required(lists["opt_out"]):
            self.warnings.append(
                f"The Opt-out Keywords leave out {', '.join(missing)}. The law counts these words as an "
                f"opt-out{_WHAT_THEN[bool(cleaned.get('honour_required'))]}"
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
            self.add_error(error.param if error.param in self.fields else name, error.text)


_WHAT_THEN = {
    True: ", so this webhook honours them as well.",
    False: ": when one arrives, everything but one-time codes pauses for that number until you decide.",
}


def _as_stored(listed: str, *, standard: tuple[str, ...]) -> str:
    """The list as it was typed; blank when it is the standard one, so that it follows the standard."""
    words = {word.casefold() for word in split_keywords(listed)}
    return "" if words == {word.casefold() for word in standard} else listed.strip()


def _samples_by_vendor() -> dict[str, dict[str, str]]:
    return {
        vendor: {
            "inbound_mapping": samples.inbound,
            "report_mapping": samples.report,
            "lookup_mapping": samples.lookup,
        }
        for vendor, samples in ((vendor, samples_of(vendor)) for vendor in VENDORS)
    }
