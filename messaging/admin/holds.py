"""The kill switch: place a send hold, release it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from access.audit import AuditedAdmin, address_of, record
from core.admin_links import RowLinks
from core.clock import now
from messaging.models import SendHold


@admin.register(SendHold)
class SendHoldAdmin(AuditedAdmin, RowLinks, ModelAdmin):  # type: ignore[misc]
    """While a hold is in force nothing is sent; messages wait and go out after its release."""

    list_display = ("reason", "placed_by", "placed_at", "standing")
    fields = ("reason",)
    add_label = "Stop all sending"
    submit_label = "Stop all sending"
    empty_text = (
        "Sending is running. A hold stops all sending within a second; messages wait until it is released."
    )
    change_form_template = "admin/messaging/sendhold/change_form.html"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: SendHold, form: Any, change: bool) -> None:
        obj.placed_by = str(request.user)
        super().save_model(request, obj, form, change)

    @admin.display(description="Standing")
    def standing(self, hold: SendHold) -> SafeString | str:
        if hold.released_at is None:
            return mark_safe('<span class="sg-badge bad">In force</span>')
        return f"Released {hold.released_at:%Y-%m-%d %H:%M} by {hold.released_by}"

    def get_urls(self) -> list[URLPattern]:
        release = path(
            "<int:hold_id>/release/",
            self.admin_site.admin_view(require_POST(self.release)),
            name="messaging_sendhold_release",
        )
        return [release, *super().get_urls()]

    def release(self, request: HttpRequest, hold_id: int) -> HttpResponse:
        """Let sending go on."""
        if not request.user.has_perm("messaging.change_sendhold"):
            raise PermissionDenied
        held = SendHold.objects.filter(id=hold_id, released_at__isnull=True)
        if held.update(released_at=now(), released_by=str(request.user)):
            record(
                actor=request.user,
                action="released",
                obj=SendHold.objects.get(id=hold_id),
                address=address_of(request),
            )
            messages.success(request, "Sending goes on.")
        return HttpResponseRedirect(reverse("admin:messaging_sendhold_changelist"))
