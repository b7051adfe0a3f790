"""Verification on the webhook's page: its secrets, and the callbacks that were refused."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from access.audit import address_of, record
from core.clock import now
from webhooks import refusals
from webhooks.forms.verification import SECRET_FIELDS
from webhooks.models import Webhook, WebhookSecret
from webhooks.secrets import remove_secret
from webhooks.verification import SCHEMES


@dataclass(frozen=True)
class ShownSecret:
    """A secret as staff see it: everything but its value."""

    row: WebhookSecret
    state: str  # current, ending, ended
    is_last: bool


class VerificationAdmin:
    """Base of the webhook screen: saves a typed secret, shows the list, takes secrets away."""

    admin_site: Any
    has_change_permission: Any

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Somebody who may only look has nothing to type a secret into."""
        found = super().get_fieldsets(request, obj)  # type: ignore[misc]
        if obj is None or self.has_change_permission(request, obj):
            return found
        return [
            (title, {**options, "fields": [name for name in options["fields"] if name not in SECRET_FIELDS]})
            for title, options in found
        ]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The secret belongs to the webhook, which is saved by now."""
        super().save_related(request, form, formsets, change)  # type: ignore[misc]
        if form.save_secret(form.instance):
            obj, address = form.instance, address_of(request)
            record(actor=request.user, action="secret added", obj=obj, address=address)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The page with the panel about verification."""
        webhook = (extra_context or {}).get("webhook")
        panel = _panel(webhook) if webhook is not None else {}
        page: HttpResponse = super().change_view(  # type: ignore[misc]
            request, object_id, form_url, {**(extra_context or {}), **panel}
        )
        return page

    def get_urls(self) -> list[URLPattern]:
        """The page's own and the removal of a secret."""
        remove = path(
            "<uuid:webhook_id>/secrets/<uuid:secret_id>/remove/",
            self.admin_site.admin_view(require_POST(self.remove_secret)),
            name="webhooks_webhook_secret_remove",
        )
        return [remove, *super().get_urls()]  # type: ignore[misc]

    def remove_secret(
        self, request: HttpRequest, webhook_id: uuid.UUID, secret_id: uuid.UUID
    ) -> HttpResponse:
        """Take a secret away; calls signed with it are refused from now on."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        secret = get_object_or_404(
            WebhookSecret.objects.select_related("webhook__endpoint"), pk=secret_id, webhook_id=webhook_id
        )
        webhook, name = secret.webhook, str(secret)
        remove_secret(secret=secret)
        record(actor=request.user, action="secret removed", obj=webhook, address=address_of(request))
        messages.success(request, f"“{name}” is removed. Calls signed with it are refused.")
        return HttpResponseRedirect(reverse("admin:webhooks_webhook_change", args=[webhook_id]))


def _panel(webhook: Webhook) -> dict[str, Any]:
    scheme = SCHEMES[webhook.verify_scheme]
    return {
        "verification_label": scheme.label if webhook.verify_scheme != "none" else "Allowed addresses",
        "verification_needs_secret": bool(scheme.secret_label),
        "verification_is_open": webhook.verify_scheme == "none" and not webhook.verify_addresses.strip(),
        "verification_secrets": list(_secrets(webhook)) if scheme.secret_label else [],
        "refusals": refusals.of_webhook(webhook),
    }


def _secrets(webhook: Webhook) -> Iterator[ShownSecret]:
    moment = now()
    rows = list(webhook.secrets.all())
    live = [row for row in rows if row.valid_until is None or row.valid_until > moment]
    for row in rows:
        state = "ended" if row not in live else "current" if row.valid_until is None else "ending"
        yield ShownSecret(row, state, is_last=live == [row])
