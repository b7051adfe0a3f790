"""The form of an alert target."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from core.addresses import check_url
from core.errors import GatewayError
from core.forms import SecretField
from operations.alerting.kinds import KINDS
from operations.alerting.telling import addresses_of
from operations.models import AlertTarget, TargetKind


class AlertTargetForm(forms.ModelForm):  # type: ignore[type-arg]
    """Addresses for e-mail, URL and secret for a webhook; no kind ticked means all."""

    secret = SecretField(
        label="Signing secret",
        help_text="Signs every call as Standard Webhooks say (header webhook-signature). Blank: calls are not signed.",
    )
    kinds = forms.MultipleChoiceField(
        label="Told of",
        required=False,
        choices=list(KINDS.items()),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Nothing ticked: everything.",
    )

    class Meta:
        model = AlertTarget
        fields = ("name", "kind", "addresses", "url", "secret", "kinds", "enabled")
        help_texts = {
            "addresses": "One or more, separated by commas or lines.",
            "url": "Gets a POST with JSON. Private addresses only if SMSGATEWAY_PRIVATE_HOSTS names them.",
        }

    def clean(self) -> dict[str, Any]:
        """What the chosen way needs is there and can work."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        by_email = values.get("kind") == TargetKind.EMAIL
        field, check = ("addresses", self._check_addresses) if by_email else ("url", self._check_url)
        if problem := check(str(values.get(field, "")).strip()):
            self.add_error(field, problem)
        values["secret"] = self.fields["secret"].kept(  # type: ignore[attr-defined]
            values.get("secret", ""), self.instance.secret
        )
        return values

    def _check_addresses(self, typed: str) -> str:
        addresses = addresses_of(AlertTarget(addresses=typed))
        if not addresses:
            return "Enter the e-mail address that is told."
        try:
            for address in addresses:
                validate_email(address)
        except ValidationError:
            return "One of these is no e-mail address."
        return ""

    def _check_url(self, typed: str) -> str:
        if not typed:
            return "Enter the URL that is called."
        try:
            check_url(typed, private_hosts=settings.SMSGATEWAY_PRIVATE_HOSTS)
        except GatewayError as error:
            return error.text
        return ""
