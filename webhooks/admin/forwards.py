"""Forwarded messages: how far each is, sending one again; and the secret that signs those of a webhook."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from access.audit import address_of, record
from core.admin_links import RowLinks, admin_url
from core.numbers import mask_number
from webhooks import forward_signing, forwarding
from webhooks.admin.pages import webhook_to_change
from webhooks.models import CustomAction, Forward, ForwardState, Webhook

_TONES = {ForwardState.SENT: "good", ForwardState.FAILED: "bad", ForwardState.WAITING: "warn"}


@admin.register(Forward)
class ForwardAdmin(RowLinks, ModelAdmin):  # type: ignore[misc]
    """Written by keywords and workers only; staff may have one sent again."""

    list_display = ("created_at", "keyword", "url", "standing", "tried", "last_answer", "inbound")
    list_filter = ("state", "message__webhook", ("created_at", admin.DateFieldListFilter))
    list_select_related = ("message",)
    list_per_page = 50
    show_full_result_count = False
    section = ("Messages",)
    empty_text = (
        "Nothing was forwarded yet. A custom keyword of a webhook with the action “Forward to a URL” does it."
    )
    fields = (
        "created_at", "category", "url", "standing", "tries", "next_try", "last_answer", "inbound", "id",
    )  # fmt: skip
    readonly_fields = fields
    actions = ("send_again",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> Any:
        """Whoever may change a webhook may have its messages sent again."""
        return super().get_actions(request) if request.user.has_perm("webhooks.change_webhook") else {}

    @admin.display(description="State", ordering="state")
    def standing(self, forward: Forward) -> SafeString:
        tone = _TONES[ForwardState(forward.state)]
        return format_html('<span class="sg-badge {}">{}</span>', tone, forward.get_state_display())

    @admin.display(description="Keyword")
    def keyword(self, forward: Forward) -> str:
        return forward.category

    @admin.display(description="Tries")
    def tried(self, forward: Forward) -> str:
        due = self.next_try(forward)
        return (
            f"{forward.tries}, next {localtime(due):%H:%M:%S}"
            if forward.tries and due
            else str(forward.tries)
        )

    @admin.display(description="Next try", empty_value="None")
    def next_try(self, forward: Forward) -> Any:
        return forward.due_at if forward.state == ForwardState.WAITING else None

    @admin.display(description="From")
    def inbound(self, forward: Forward) -> SafeString:
        message = forward.message
        who = mask_number(message.msisdn)
        return format_html('<a class="sg-link" href="{}">{}</a>', admin_url(message, "change"), who)

    @admin.action(description="Send again")
    def send_again(self, request: HttpRequest, queryset: QuerySet[Forward]) -> None:
        """With the same id, by which the receiver can tell a repeat."""
        chosen = list(queryset)
        count = forwarding.send_again(forward_ids=[forward.pk for forward in chosen])
        for forward in chosen:
            record(actor=request.user, action="sent again", obj=forward, address=address_of(request))
        messages.success(
            request, f"{count} will be sent within seconds. Reload this page to see what the URL answered."
        )


class ForwardingAdmin:
    """Base of the webhook screen: the panel about forwards, and a new signing secret, shown once."""

    admin_site: Any
    opts: Any

    def get_urls(self) -> list[URLPattern]:
        """The page's own and that of a new secret."""
        view = self.admin_site.admin_view(require_POST(self.rotate_forward_secret))
        rotate = path("<uuid:webhook_id>/forward-secret/", view, name="webhooks_webhook_forward_secret")
        return [rotate, *super().get_urls()]  # type: ignore[misc]

    def rotate_forward_secret(self, request: HttpRequest, webhook_id: uuid.UUID) -> HttpResponse:
        """The one page that ever shows the secret; it is not cached, not even by the browser."""
        webhook = webhook_to_change(request, webhook_id)
        secret = forward_signing.rotate_secret(webhook=webhook)
        record(actor=request.user, action="signing secret replaced", obj=webhook, address=address_of(request))
        context = {
            **self.admin_site.each_context(request),
            "title": "New signing secret",
            "opts": self.opts,
            "webhook": webhook,
            "raw": secret,
            "has_older": webhook.forward_secrets.count() > 1,
        }
        response = TemplateResponse(request, "admin/webhooks/forward_secret.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The page with the panel about forwards, where a keyword forwards."""
        webhook = (extra_context or {}).get("webhook")
        panel = _panel(webhook) if webhook is not None else {}
        page: HttpResponse = super().change_view(  # type: ignore[misc]
            request, object_id, form_url, {**(extra_context or {}), **panel}
        )
        return page


def _panel(webhook: Webhook) -> dict[str, Any]:
    secrets = list(webhook.forward_secrets.all())
    forwards = webhook.custom_keywords.filter(action=CustomAction.FORWARD).exists()
    return {"forwards": forwards or bool(secrets), "forward_secret": secrets[0] if secrets else None}
