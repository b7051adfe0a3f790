"""What the tool pages of a webhook have in common: permission, page, webhook."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from webhooks.models import InboundRequest, Webhook


def webhook_to_change(request: HttpRequest, webhook_id: uuid.UUID) -> Webhook:
    """The webhook, for staff who may change it; PermissionDenied or 404 otherwise."""
    if not request.user.has_perm("webhooks.change_webhook"):
        raise PermissionDenied
    return get_object_or_404(Webhook.objects.select_related("endpoint__credential"), pk=webhook_id)


def kept_callback(request: HttpRequest, webhook: Webhook, callback_id: str) -> InboundRequest | None:
    """A callback of this webhook for staff who may see raw callbacks; None for anything else."""
    if not request.user.has_perm("webhooks.view_inboundrequest"):
        return None
    try:
        return webhook.requests.filter(pk=uuid.UUID(callback_id)).first()
    except ValueError:
        return None


def page(request: HttpRequest, name: str, webhook: Webhook, title: str, **context: Any) -> HttpResponse:
    """One of the templates in admin/webhooks/tools, as an admin page under the webhook's own."""
    shared = {
        **admin.site.each_context(request),
        "opts": Webhook._meta,
        "webhook": webhook,
        "title": title,
        "tool_title": title,
        "may_see_callbacks": request.user.has_perm("webhooks.view_inboundrequest"),
    }
    return render(request, f"admin/webhooks/tools/{name}.html", {**shared, **context})


def back_to(name: str, webhook: Webhook, query: str = "") -> HttpResponseRedirect:
    """On to another page of the webhook, such as "change" or "map"."""
    return HttpResponseRedirect(reverse(f"admin:webhooks_webhook_{name}", args=[webhook.pk]) + query)
