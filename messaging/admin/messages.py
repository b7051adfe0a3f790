"""Messages: a read-only list, and a page that shows everything that happened to one."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from access.audit import address_of, record
from core.admin_links import RowLinks
from core.list_filters import DateByIdFilter
from core.numbers import search_forms
from credentials.loading import text_of
from credentials.models import CallbackEndpoint
from links.selectors import links_of
from messaging import lookups, staff
from messaging.admin import settling
from messaging.admin.badges import TONES, badge, reason_text, why_of
from messaging.context import count, texts_of
from messaging.gate import is_on_hold
from messaging.models import Message, MessagePart, SendHold
from messaging.selectors import expects_reports
from messaging.states import FINAL, PartState, State


@admin.register(Message)
class MessageAdmin(RowLinks, ModelAdmin):  # type: ignore[misc]
    """Outbound messages, newest first; nothing here is edited by hand."""

    list_display: tuple[Any, ...] = (
        "created",
        "msisdn",
        "excerpt",
        "channel",
        "purpose",
        "state_badge",
        "why",
    )
    list_filter: tuple[Any, ...] = ("state", "purpose", "source", "channel", ("created_at", DateByIdFilter))
    sortable_by = ("created",)  # any other order would read every message
    list_select_related = ("channel", "credential")
    search_fields = ("msisdn",)
    search_help_text = "A number in any form, a message id or a provider id"
    list_per_page = 50
    show_full_result_count = False
    empty_text = "No messages yet. What you send through the API or a channel configuration appears here."
    change_form_template = "admin/messaging/message/detail.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Message], search_term: str
    ) -> tuple[QuerySet[Message], bool]:
        """Find by number in any form, by our id or by the provider's."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if message_id := _uuid_or_none(term):
            return queryset.filter(id=message_id), False
        numbers = search_forms(term, default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY)
        # One index at a time: numbers first, the provider's id when no message went to such a number.
        if numbers and Message.objects.filter(msisdn__in=numbers).exists():
            return queryset.filter(msisdn__in=numbers), False
        parts = MessagePart.objects.filter(provider_id=term).values("message_id")
        return queryset.filter(id__in=parts), False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        """Messages, each knowing whether its credential has a webhook for reports."""
        webhook = CallbackEndpoint.objects.filter(credential_id=OuterRef("credential_id"), enabled=True)
        rows: QuerySet[Message] = (
            super()
            .get_queryset(request)
            .annotate(
                expects_reports=Exists(webhook),
                on_hold=Exists(SendHold.objects.filter(released_at__isnull=True)),
            )
        )
        return rows

    @admin.display(description="Created", ordering="id")
    def created(self, message: Message) -> str:
        return _moment(message.created_at)

    @admin.display(description="Text")
    def excerpt(self, message: Message) -> str:
        return message.text if len(message.text) <= 48 else f"{message.text[:47]}…"

    @admin.display(description="State", ordering="state")
    def state_badge(self, message: Message) -> SafeString:
        return badge(message.state)

    @admin.display(description="Why")
    def why(self, message: Any) -> str:
        return why_of(message, on_hold=message.on_hold, expects_reports=message.expects_reports)

    def get_urls(self) -> list[URLPattern]:
        step = path(
            "<uuid:message_id>/step/<str:name>/",
            self.admin_site.admin_view(require_POST(self.take_step)),
            name="messaging_message_step",
        )
        settled = path(
            "settle/<str:name>/",
            self.admin_site.admin_view(require_POST(self.settle)),
            name="messaging_message_settle",
        )
        return [step, settled, *super().get_urls()]

    def settle(self, request: HttpRequest, name: str) -> HttpResponse:
        """Take a step that was asked about first."""
        return settling.settle(request, self.admin_site, name)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        message_id = _uuid_or_none(object_id)
        related = Message.objects.select_related("channel", "credential")
        shown = related.filter(id=message_id).first() if message_id else None
        extra = _details(shown) if shown else {}
        extra["may_operate"] = request.user.has_perm("messaging.change_message")
        answer: HttpResponse = super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **extra}
        )
        return answer

    def take_step(self, request: HttpRequest, message_id: uuid.UUID, name: str) -> HttpResponse:
        """Cancel; or ask, before the message is settled."""
        if not request.user.has_perm("messaging.change_message"):
            raise PermissionDenied
        message = get_object_or_404(Message, id=message_id)
        if name == settling.ASK_PROVIDER:
            return settling.ask_provider(request, [message])
        if name in staff.STEPS and staff.STEPS[name].asks and staff.STEPS[name].before == message.state:
            return settling.ask(request, self.admin_site, name, [message])
        page = HttpResponseRedirect(reverse("admin:messaging_message_change", args=[message.pk]))
        if name not in staff.STEPS or not staff.take(name, [message], actor=str(request.user)):
            messages.error(request, "The message has moved on meanwhile; nothing was changed.")
            return page
        record(actor=request.user, action=name, obj=message, address=address_of(request))
        messages.success(request, "Done.")
        return page


def _details(message: Message) -> dict[str, Any]:
    parts = list(message.parts.all())
    several = [part.text for part in parts] if len(parts) > 1 else []
    return {
        "message": message,
        "state_badge": badge(message.state),
        "is_final": message.state in FINAL,
        "reason_text": why_of(message, on_hold=is_on_hold(), expects_reports=True),
        "no_reports": message.state == State.ACCEPTED and not expects_reports(message.credential_id),
        "counted": count(several or texts_of(message.text, text_of(message.credential))),
        "timeline": [
            {
                "event": event,
                "tone": TONES.get(event.after, ""),
                "reason": reason_text(event.reason) if event.reason else "",
            }
            for event in message.events.all()
        ],
        "parts": [{"part": part, "state": _part_state(part, message)} for part in parts],
        "links": links_of(message.id),
        "attempts": [
            {
                "attempt": attempt,
                "outcome": _outcome(attempt.outcome),
                "request": _printed(attempt.request),
                "response": _printed(attempt.response),
            }
            for attempt in message.attempts.all()
        ],
        "lookup": lookups.of(message),
        "steps": [*settling.questions_for(message), *staff.steps_for(message)],
        "title": "",
        "subtitle": None,
    }


def _part_state(part: MessagePart, message: Message) -> SafeString | str:
    never_sent = part.state == PartState.WAITING and message.state in FINAL
    return "Not sent" if never_sent else badge(part.state)


def _outcome(outcome: str) -> str:
    return outcome.replace("_", " ").capitalize() or "Open"


def _printed(exchange: dict[str, Any]) -> str:
    """One side of an HTTP exchange as text; secrets were masked before it was stored."""
    if not exchange:
        return ""
    first = (
        f"{exchange['method']} {exchange['url']}" if "method" in exchange else f"HTTP {exchange['status']}"
    )
    headers = [f"{name}: {value}" for name, value in exchange.get("headers", {}).items()]
    return "\n".join([first, *headers, "", _pretty(exchange.get("body", ""))]).rstrip()


def _pretty(body: str) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body


def _moment(value: Any) -> str:
    from django.utils.timezone import localtime

    return f"{localtime(value):%Y-%m-%d %H:%M:%S}"


def _uuid_or_none(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
