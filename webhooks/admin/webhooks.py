"""SMS Webhooks: the documented form, the URL to paste at the provider, the latest callbacks."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from access.audit import AuditedAdmin, address_of, record
from core.admin_links import RowLinks
from core.sections import fieldsets_of, sections_of
from credentials import endpoints
from credentials.models import ApiCredential
from credentials.vendors import preset_of
from webhooks import reply_preview, services
from webhooks.admin import offers
from webhooks.admin.bench import bench
from webhooks.admin.custom import CustomKeywordInline
from webhooks.admin.forwards import ForwardingAdmin
from webhooks.admin.mapping import live, map_page
from webhooks.admin.pages import webhook_to_change
from webhooks.admin.quarantine import QuarantineAdmin
from webhooks.admin.secrets import VerificationAdmin
from webhooks.admin.sections import ABOUT_PEOPLE, PARTS
from webhooks.forms import WebhookForm
from webhooks.forms.custom import CustomKeywordFormSet
from webhooks.forms.tables import MESSAGES
from webhooks.models import InboundRequest, Webhook
from webhooks.preview import KINDS, Kind, check
from webhooks.replies import FALLBACK_BRAND

_STANDING = {
    True: mark_safe('<span class="sg-badge good">Enabled</span>'),
    False: mark_safe('<span class="sg-badge">Disabled</span>'),
}
_SHOWN_CALLBACKS = 5


@admin.register(Webhook)
class WebhookAdmin(VerificationAdmin, QuarantineAdmin, ForwardingAdmin, AuditedAdmin, RowLinks, ModelAdmin):  # type: ignore[misc]
    """How callbacks of a credential are read and answered."""

    form = WebhookForm
    inlines = (CustomKeywordInline,)
    fieldsets = fieldsets_of(PARTS)
    list_display = ("name", "vendor_label", "kind", "credential_name", "standing", "last_callback")
    list_filter = ("vendor", ("endpoint__enabled", admin.BooleanFieldListFilter))
    list_select_related = ("endpoint__credential",)
    search_fields = ("name", "brand", "endpoint__credential__name")
    search_help_text = "A webhook's name, its brand or its API credentials"
    section = ("Administration", "Channels", "SMS settings")
    add_label = "Create Webhook"
    submit_label = "Submit"
    empty_text = (
        "No webhooks yet. A webhook gives you the URL at which your provider delivers replies and reports."
    )
    change_form_outer_before_template = "admin/webhooks/webhook_url.html"

    class Media:
        css = {"all": ["credentials/credential.css", "webhooks/webhook.css", "webhooks/keywords.css"]}
        js = [
            "credentials/rows.js",
            forms.Script("webhooks/webhook.js", defer=True),
            forms.Script("webhooks/chips.js", defer=True),
            forms.Script("webhooks/replies.js", defer=True),
            forms.Script("webhooks/packs.js", defer=True),
            "webhooks/verification.js",
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Webhook]:
        """Each row with the time of its latest callback."""
        latest = InboundRequest.objects.filter(webhook=OuterRef("pk")).order_by("-received_at")
        webhooks: QuerySet[Webhook] = super().get_queryset(request)
        return webhooks.annotate(last_callback_at=Subquery(latest.values("received_at")[:1]))

    @admin.display(description="SMS vendor", ordering="vendor")
    def vendor_label(self, webhook: Webhook) -> str:
        return preset_of(webhook.vendor).label

    @admin.display(description="API credentials", ordering="endpoint__credential__name")
    def credential_name(self, webhook: Webhook) -> str:
        return webhook.credential.name

    @admin.display(description="Status", ordering="endpoint__enabled")
    def standing(self, webhook: Webhook) -> SafeString:
        return _STANDING[webhook.enabled]

    @admin.display(description="Last callback", empty_value="None yet", ordering="last_callback_at")
    def last_callback(self, webhook: Webhook) -> datetime | None:
        return getattr(webhook, "last_callback_at", None)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new webhook starts with brand and contact of the latest one; `?credential=<id>` chooses that."""
        given: dict[str, Any] = super().get_changeform_initial_data(request)
        credential = _credential(given.pop("credential", ""))
        email = getattr(request.user, "email", "")
        return {**services.initial_values(email=email, credential=credential), **given}

    def save_model(self, request: HttpRequest, obj: Webhook, form: WebhookForm, change: bool) -> None:
        """Save through the service, then say what is worth a second look."""
        services.save_webhook(webhook=obj, credential=form.cleaned_data["credential"])
        for warning in form.warnings:
            messages.warning(request, warning)
        if obj.brand.strip() in ("", FALLBACK_BRAND):
            messages.warning(
                request, f"Standard messages call you “{FALLBACK_BRAND}” until you fill in Brand name."
            )

    def get_inline_instances(self, request: HttpRequest, obj: Webhook | None = None) -> list[Any]:
        """A request that says nothing of the rows, as a script may send it, leaves them as they are."""
        if request.method == "POST" and f"{CustomKeywordFormSet.group}-TOTAL_FORMS" not in request.POST:
            return []
        return list(super().get_inline_instances(request, obj))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Rows belong to what is read once and remembered."""
        super().save_related(request, form, formsets, change)
        services.touch(webhook=form.instance)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """The form in sections."""
        original = context["original"]
        sections = sections_of(PARTS, context["adminform"], context["inline_admin_formsets"])
        context = {
            **context,
            "sections": sections.values(),
            "about_people": ABOUT_PEOPLE,
            "packs": offers.packs(),
            "languages": offers.languages(),
            "may_edit": original is None or self.has_change_permission(request, original),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def response_post_save_add(self, request: HttpRequest, obj: Webhook) -> HttpResponse:
        """After "Submit" of a new webhook: its page, where the URL is; else the list as usual."""
        if not self.has_change_permission(request, obj):
            answer: HttpResponse = super().response_post_save_add(request, obj)
            return answer
        messages.info(request, "Copy this URL now and paste it at your provider.")
        return _page_of(obj)

    def delete_model(self, request: HttpRequest, obj: Webhook) -> None:
        services.delete_webhook(webhook=obj)

    def delete_queryset(self, request: HttpRequest, queryset: Iterable[Webhook]) -> None:
        for webhook in queryset:
            services.delete_webhook(webhook=webhook)

    def get_urls(self) -> list[URLPattern]:
        def guarded(view: Any) -> Any:
            return self.admin_site.admin_view(require_POST(view))

        def checked(name: str, kind: Kind) -> URLPattern:
            view = guarded(lambda request: self.check_sample(request, kind))
            url: URLPattern = path(f"check/{name}/", view, name=f"webhooks_webhook_{name}_check")
            return url

        return [
            checked("payload", KINDS["inbound"]),
            checked("report", KINDS["report"]),
            path("check/message/", guarded(self.check_message), name="webhooks_webhook_message_check"),
            path(
                "<uuid:webhook_id>/bench/", self.admin_site.admin_view(bench), name="webhooks_webhook_bench"
            ),
            path("<uuid:webhook_id>/map/", self.admin_site.admin_view(map_page), name="webhooks_webhook_map"),
            path(
                "<uuid:webhook_id>/map/live/",
                self.admin_site.admin_view(live),
                name="webhooks_webhook_map_live",
            ),
            path("<uuid:webhook_id>/rotate/", guarded(self.rotate), name="webhooks_webhook_rotate"),
            path("<uuid:webhook_id>/enabled/", guarded(self.set_enabled), name="webhooks_webhook_enabled"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        webhook = self.get_object(request, object_id)
        panel = self._panel(request, webhook) if webhook else {}
        answer: HttpResponse = super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **panel}
        )
        return answer

    def check_sample(self, request: HttpRequest, kind: Kind) -> HttpResponse:
        """The payload editor asks what a sample would read."""
        posted = self._asked(request)
        return JsonResponse(check(kind, str(posted.get("source") or "")))

    def check_message(self, request: HttpRequest) -> HttpResponse:
        """A reply as it is written: what a sample person would get, and how many SMS that is."""
        posted = self._asked(request)
        fields = posted.get("fields")
        standard = MESSAGES.get(str(posted.get("field") or ""), "")
        return JsonResponse(
            reply_preview.preview(
                str(posted.get("source") or ""), standard, fields if isinstance(fields, dict) else {}
            )
        )

    def _asked(self, request: HttpRequest) -> dict[str, Any]:
        """The posted JSON object, from somebody who may fill in the form; an empty one when it is none."""
        if not (self.has_change_permission(request) or self.has_add_permission(request)):
            raise PermissionDenied
        try:
            posted = json.loads(request.body)
        except (ValueError, RecursionError):
            return {}
        return posted if isinstance(posted, dict) else {}

    def rotate(self, request: HttpRequest, webhook_id: uuid.UUID) -> HttpResponse:
        """Give the webhook a new URL."""
        webhook = webhook_to_change(request, webhook_id)
        services.rotate_url(webhook=webhook)
        record(actor=request.user, action="URL rotated", obj=webhook, address=address_of(request))
        messages.success(
            request, "The webhook has a new URL. Paste it at your provider; the old one is gone."
        )
        return _page_of(webhook)

    def set_enabled(self, request: HttpRequest, webhook_id: uuid.UUID) -> HttpResponse:
        """Switch the webhook on or off."""
        webhook = webhook_to_change(request, webhook_id)
        enabled = request.POST.get("enabled") == "1"
        services.set_enabled(webhook=webhook, enabled=enabled)
        action = "enabled" if enabled else "disabled"
        record(actor=request.user, action=action, obj=webhook, address=address_of(request))
        messages.success(request, _SAID[enabled])
        return _page_of(webhook)

    def _panel(self, request: HttpRequest, webhook: Webhook) -> dict[str, Any]:
        """What the page shows above the form; the URL is a secret, so only those who may change it see it."""
        may_change = self.has_change_permission(request, webhook)
        return {
            "webhook": webhook,
            "may_change": may_change,
            "standing": _STANDING[webhook.enabled],
            "callback_url": endpoints.url_of(webhook.endpoint) if may_change else "",
            "role_urls": offers.role_urls(webhook) if may_change else [],
            "public_url": settings.SMSGATEWAY_PUBLIC_URL,
            "is_local": services.is_local(settings.SMSGATEWAY_PUBLIC_URL),
            "where_to_paste": preset_of(webhook.vendor).where_to_paste,
            "callbacks": webhook.requests.order_by("-received_at")[:_SHOWN_CALLBACKS],
            "may_see_callbacks": request.user.has_perm("webhooks.view_inboundrequest"),
        }


_SAID = {
    True: "The webhook is enabled.",
    False: "The webhook is disabled: its URL answers “not found”, so replies such as STOP do not reach you.",
}


def _credential(credential_id: str) -> ApiCredential | None:
    try:
        return ApiCredential.objects.filter(pk=uuid.UUID(credential_id)).first()
    except ValueError:
        return None


def _page_of(webhook: Webhook) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:webhooks_webhook_change", args=[webhook.pk]))
