"""What came in, read-only: inbound messages, and raw callbacks with those that need attention."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from access.audit import address_of, record
from core.admin_links import RowLinks, admin_url
from core.errors import SecretUnreadable
from core.numbers import search_forms
from webhooks.finding import find_callbacks
from webhooks.keywords import Intent
from webhooks.models import InboundMessage, InboundRequest, RequestState, Webhook
from webhooks.reprocessing import MOST_AT_ONCE, process_again

_TONES = {
    RequestState.PROCESSED: "good",
    RequestState.QUARANTINED: "bad",
    RequestState.RECEIVED: "warn",
    Intent.OPT_IN.value: "good",
    Intent.OPT_OUT.value: "bad",
    Intent.POSSIBLE_OPT_OUT.value: "warn",
}
_LONGEST_EXCERPT = 60


class _ReadOnly(RowLinks):
    """Records are written by callbacks only."""

    list_per_page = 50
    sortable_by = ("received_at",)
    show_full_result_count = False
    section = ("Messages",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        shown = self.get_object(request, object_id)  # type: ignore[attr-defined]
        details = self.details(request, shown) if shown else {}
        context = {**(extra_context or {}), **details, "title": "", "subtitle": None}
        answer: HttpResponse = super().change_view(request, object_id, form_url, context)  # type: ignore[misc]
        return answer

    def details(self, request: HttpRequest, shown: Any) -> dict[str, Any]:
        """Context of the record's page."""
        raise NotImplementedError


@admin.register(InboundMessage)
class InboundMessageAdmin(_ReadOnly, ModelAdmin):  # type: ignore[misc]
    """Messages from people, newest first, with what was read in them."""

    list_display = ("received_at", "msisdn", "excerpt", "read_as", "keyword", "recipient", "answered")
    list_filter = ("intent", "webhook", ("received_at", admin.DateFieldListFilter))
    list_select_related = ("reply",)
    search_fields = ("msisdn",)
    search_help_text = "A number in any form, for example +1 415 555 0123, or the provider's id."
    empty_text = "No messages from recipients yet. Replies to your messages will appear here, newest first."
    change_form_template = "admin/webhooks/inbound_message.html"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[InboundMessage], search_term: str
    ) -> tuple[QuerySet[InboundMessage], bool]:
        """Exact: a part of a number could not use the index."""
        term = search_term.strip()
        if not term:
            return queryset, False
        numbers = search_forms(term, default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY)
        if numbers and (found := queryset.filter(msisdn__in=numbers)).exists():
            return found, False
        # The index on the key begins with the webhook, so each is named; that of deleted ones is none.
        webhooks = [*Webhook.objects.values_list("pk", flat=True), None]
        same = InboundMessage.objects.filter(dedupe_key=f"id:{term}")
        ids = [pk for webhook in webhooks for pk in same.filter(webhook=webhook).values_list("pk", flat=True)]
        return queryset.filter(pk__in=ids), False

    @admin.display(description="Text")
    def excerpt(self, message: InboundMessage) -> str:
        text = message.text
        return text if len(text) <= _LONGEST_EXCERPT else f"{text[: _LONGEST_EXCERPT - 1]}…"

    @admin.display(description="Read as", ordering="intent")
    def read_as(self, message: InboundMessage) -> SafeString:
        return _badge(message.intent, message.get_intent_display())

    @admin.display(description="Reply")
    def answered(self, message: InboundMessage) -> str | SafeString:
        if message.reply is None:
            return "None"
        return format_html(
            '<a class="sg-link" href="{}">{}</a>',
            admin_url(message.reply, "change"),
            message.reply.get_state_display(),
        )

    def details(self, request: HttpRequest, shown: InboundMessage) -> dict[str, Any]:
        return {
            "inbound": shown,
            "badge": _badge(shown.intent, shown.get_intent_display()),
            "may_see_raw": request.user.has_perm("webhooks.view_inboundrequest"),
        }


@admin.register(InboundRequest)
class InboundRequestAdmin(_ReadOnly, ModelAdmin):  # type: ignore[misc]
    """Callbacks as they came; those in quarantine say why nothing could be made of them."""

    list_display = ("received_at", "webhook", "standing", "reason", "content_type")
    list_filter = ("state", "webhook", ("received_at", admin.DateFieldListFilter))
    list_select_related = ("webhook",)
    search_fields = ("number_key",)
    search_help_text = "A number in any form, a provider's id, or words of a recent message"
    empty_text = "No callbacks yet. Everything your providers post to a webhook URL will appear here."
    change_form_template = "admin/webhooks/raw_callback.html"
    actions = ("process_again",)

    @admin.display(description="State", ordering="state")
    def standing(self, request: InboundRequest) -> SafeString:
        return _badge(request.state, request.get_state_display())

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[InboundRequest], search_term: str
    ) -> tuple[QuerySet[InboundRequest], bool]:
        """Bodies are sealed: callbacks are found by what was read from them."""
        return find_callbacks(queryset, search_term), False

    @admin.action(description="Process again")
    def process_again(self, request: HttpRequest, queryset: QuerySet[InboundRequest]) -> None:
        """The chosen ones, now; what is too many for one page is left to the workers."""
        self._process(request, list(queryset.values_list("pk", flat=True)))

    def has_process_permission(self, request: HttpRequest) -> bool:
        """Whoever may change a webhook may have its callbacks read again."""
        return bool(request.user.has_perm("webhooks.change_webhook"))

    def get_actions(self, request: HttpRequest) -> Any:
        return super().get_actions(request) if self.has_process_permission(request) else {}

    def get_urls(self) -> list[URLPattern]:
        again = path(
            "<uuid:request_id>/again/",
            self.admin_site.admin_view(require_POST(self.again)),
            name="webhooks_inboundrequest_again",
        )
        return [again, *super().get_urls()]

    def again(self, request: HttpRequest, request_id: uuid.UUID) -> HttpResponse:
        """Process one callback again."""
        if not self.has_process_permission(request):
            raise PermissionDenied
        self._process(request, [get_object_or_404(InboundRequest, pk=request_id).pk])
        return HttpResponseRedirect(reverse("admin:webhooks_inboundrequest_change", args=[request_id]))

    def details(self, request: HttpRequest, shown: InboundRequest) -> dict[str, Any]:
        return {
            "callback": shown,
            "badge": _badge(shown.state, shown.get_state_display()),
            "query": _opened(shown, "query"),
            "body": _opened(shown, "body"),
            "headers": "\n".join(f"{name}: {value}" for name, value in shown.headers.items()),
            "inbound_messages": shown.messages.all(),
            "may_process": shown.webhook is not None and self.has_process_permission(request),
        }

    def _process(self, request: HttpRequest, request_ids: list[uuid.UUID]) -> None:
        outcome = process_again(request_ids=request_ids)
        for callback in InboundRequest.objects.filter(pk__in=request_ids[:MOST_AT_ONCE]):
            record(actor=request.user, action="processed again", obj=callback, address=address_of(request))
        tell = messages.success if outcome.is_clean else messages.warning
        tell(request, outcome.text)


def _badge(value: str, label: str) -> SafeString:
    return format_html('<span class="sg-badge {}">{}</span>', _TONES.get(value, ""), label)


def _opened(callback: InboundRequest, field: str) -> str:
    try:
        text: str = getattr(callback, field)
    except SecretUnreadable as error:
        return error.text
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
