"""Routes: the ways a channel's messages may leave."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe
from unfold.admin import ModelAdmin

from access.audit import AuditedAdmin
from core.admin_links import RowLinks
from messaging import channels
from messaging.models import Route
from messaging.routing.forms import ROUTED_PURPOSES, RouteForm

_STANDING = {
    "active": mark_safe('<span class="sg-badge good">Active</span>'),
    "off": mark_safe('<span class="sg-badge">Off</span>'),
    "paused": mark_safe('<span class="sg-badge bad">Credential paused</span>'),
}
_LABELS = dict(ROUTED_PURPOSES)


@admin.register(Route)
class RouteAdmin(AuditedAdmin, RowLinks, ModelAdmin):  # type: ignore[misc]
    """An ordered list per channel: credential, senders, and for which messages."""

    form = RouteForm
    fieldsets = (
        (None, {"fields": ("channel", "name", "position", "weight", "active")}),
        ("How it leaves", {"fields": ("credential", "senders")}),
        ("For which messages", {"fields": ("countries", "prefixes", "purposes")}),
    )
    list_display = (
        "channel_name",
        "position",
        "weight",
        "name",
        "credential",
        "pool",
        "conditions",
        "standing",
    )
    list_display_links = ("name",)
    list_filter = ("channel", "credential", "active")
    list_select_related = ("channel", "credential")
    search_fields = ("name", "channel__name", "credential__name", "senders", "countries")
    section = ("Administration", "Channels", "SMS settings")
    add_label = "Create route"
    submit_label = "Submit"
    empty_text = (
        "No routes yet. Without routes a channel configuration sends through its own credential and sender; with "
        "routes, the first that fits a message carries it."
    )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Channel and credential are chosen here and edited on their own pages."""
        form = super().get_form(request, obj, change, **kwargs)
        for name in ("channel", "credential"):
            if name in form.base_fields:
                widget = form.base_fields[name].widget
                widget.can_add_related = widget.can_change_related = False
                widget.can_view_related = widget.can_delete_related = False
        return form

    @admin.display(description="Channel")
    def channel_name(self, route: Route) -> str:
        return route.channel.name

    @admin.display(description="Senders")
    def pool(self, route: Route) -> str:
        return route.senders or route.channel.sender

    @admin.display(description="For")
    def conditions(self, route: Route) -> str:
        return conditions_of(route)

    @admin.display(description="Status", ordering="active")
    def standing(self, route: Route) -> SafeString:
        return standing_of(route)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        channels.forget()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        channels.forget()

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        super().delete_queryset(request, queryset)
        channels.forget()


def conditions_of(route: Route) -> str:
    """For which messages a route is, in words."""
    purposes = ", ".join(_LABELS.get(word, word) for word in route.purposes.split(", ") if word)
    return "; ".join(filter(None, (route.countries, route.prefixes, purposes))) or "every message"


def standing_of(route: Route) -> SafeString:
    """Whether a route carries messages just now."""
    if not route.active:
        return _STANDING["off"]
    return _STANDING["active" if route.credential.paused_at is None else "paused"]
