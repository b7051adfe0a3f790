"""The callbacks of a webhook that stand in quarantine, processed again all at once."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from access.audit import address_of, record
from webhooks.admin.pages import webhook_to_change
from webhooks.reprocessing import backlog_of, process_quarantined_again


class QuarantineAdmin:
    """Base of the webhook screen: how many stand in quarantine or wait for a worker, and the button."""

    admin_site: Any

    def get_urls(self) -> list[URLPattern]:
        """The page's own and the button's."""
        view = self.admin_site.admin_view(require_POST(self.process_quarantined))
        again = path("<uuid:webhook_id>/quarantined/again/", view, name="webhooks_webhook_process_again")
        return [again, *super().get_urls()]  # type: ignore[misc]

    def process_quarantined(self, request: HttpRequest, webhook_id: uuid.UUID) -> HttpResponse:
        """Leave all of them to the workers; the page then says how many still wait."""
        webhook = webhook_to_change(request, webhook_id)
        count = process_quarantined_again(webhook=webhook)
        if count:
            record(
                actor=request.user,
                action="quarantined callbacks processed again",
                obj=webhook,
                changes={"callbacks": f"{count} left to the workers"},
                address=address_of(request),
            )
            messages.success(
                request,
                f"{count:,} callbacks are left to the workers, oldest first. This page says how many still wait; "
                "one that cannot be read now either goes back to quarantine.",
            )
        else:
            messages.info(request, "Nothing of this webhook stands in quarantine.")
        return HttpResponseRedirect(reverse("admin:webhooks_webhook_change", args=[webhook.pk]))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The page with both figures."""
        webhook = (extra_context or {}).get("webhook")
        panel = {"backlog": backlog_of(webhook)} if webhook is not None else {}
        page: HttpResponse = super().change_view(  # type: ignore[misc]
            request, object_id, form_url, {**(extra_context or {}), **panel}
        )
        return page
