"""Screens: what stands still, who is told, what became of each notice."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from unfold.admin import ModelAdmin

from access.audit import AuditedAdmin
from core.admin_links import RowLinks
from operations.alerting.kinds import KINDS
from operations.alerting.telling import test_notice
from operations.forms import AlertTargetForm
from operations.models import AlertNotice, AlertTarget, NoticeState, OpenAlert


class _OnlyToLookAt:
    """Rows that the gateway writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AlertTarget)
class AlertTargetAdmin(AuditedAdmin, RowLinks, ModelAdmin):  # type: ignore[misc]
    """Who is told; the action sends a test."""

    form = AlertTargetForm
    list_display = ("name", "kind", "told_of", "enabled")
    fieldsets = (
        (None, {"fields": ("name", "enabled", "kind")}),
        ("By e-mail", {"fields": ("addresses",)}),
        ("By webhook", {"fields": ("url", "secret")}),
        ("Of what", {"fields": ("kinds",)}),
    )
    actions = ("send_test",)
    add_label = "Add a target"
    empty_text = (
        "Nobody is told yet. Add an e-mail address or a webhook that hears when sending stands still."
    )

    @admin.display(description="Told of")
    def told_of(self, target: AlertTarget) -> str:
        return ", ".join(KINDS.get(kind, kind) for kind in target.kinds) or "Everything"

    @admin.action(description="Send a test notice", permissions=["change"])
    def send_test(self, request: HttpRequest, targets: QuerySet[AlertTarget]) -> None:
        """One notice to each target chosen, now."""
        for target in targets:
            notice = test_notice(target)
            if notice.state == NoticeState.SENT:
                messages.success(request, f"{target.name}: the test was taken.")
            else:
                messages.error(request, f"{target.name}: {notice.last_answer}")


@admin.register(OpenAlert)
class OpenAlertAdmin(_OnlyToLookAt, RowLinks, ModelAdmin):  # type: ignore[misc]
    """What stands still, and what did in the last 30 days."""

    list_display = ("what", "opened_at", "told_at", "standing")
    list_display_links = None  # "What" leads to where it is put right
    fields = ("text", "opened_at", "seen_at", "told_at", "resolved_at")
    list_filter = ("kind",)
    empty_text = "Nothing stands still, and nothing did in the last 30 days."

    @admin.display(description="What")
    def what(self, alert: OpenAlert) -> SafeString:
        return format_html('<a href="{}">{}</a>', alert.link, alert.text)

    @admin.display(description="Standing")
    def standing(self, alert: OpenAlert) -> SafeString | str:
        if alert.resolved_at is None:
            return mark_safe('<span class="sg-badge bad">Open</span>')
        return f"Over since {alert.resolved_at:%Y-%m-%d %H:%M}"


@admin.register(AlertNotice)
class AlertNoticeAdmin(_OnlyToLookAt, RowLinks, ModelAdmin):  # type: ignore[misc]
    """Every notice and what became of it."""

    list_display = ("created_at", "target", "event", "text", "state", "tries", "last_answer")
    list_select_related = ("target",)
    list_filter = ("state", "target")
    fields = ("target", "event", "text", "state", "tries", "last_answer", "created_at", "due_at")
    empty_text = (
        "No notice yet. One is written when something stands still, every six hours, and when it goes on."
    )
