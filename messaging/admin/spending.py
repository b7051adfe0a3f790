"""Spend limits with their present use, and what segments cost."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from access.audit import AuditedAdmin
from access.models import ApiKey
from core.admin_links import RowLinks
from core.text_lists import joined
from messaging.models import ChannelConfiguration, SegmentPrice, SpendLimit
from messaging.models.spending import Scope, Unit
from messaging.spending import limits, prices
from messaging.spending.forms import SegmentPriceForm, SpendLimitForm
from messaging.spending.standing import Use, uses
from messaging.spending.unpriced import unpriced_under_limits

_SHOWN = 5


@admin.register(SpendLimit)
class SpendLimitAdmin(AuditedAdmin, RowLinks, ModelAdmin):  # type: ignore[misc]
    """Caps on messages and money; the list shows how much of each is used."""

    form = SpendLimitForm
    fieldsets = (
        (None, {"fields": ("name", "active")}),
        ("What it counts", {"fields": ("scope", "channel", "country", "api_key")}),
        ("How much", {"fields": ("amount", "unit", "period")}),
    )
    conditional_fields = {
        "channel": "scope == 'channel'",
        "country": "scope == 'country'",
        "api_key": "scope == 'api_key'",
    }
    list_display = ("name", "at_most", "counted", "used_now", "active")
    list_filter = ("active", "scope", "unit")
    search_fields = ("name",)
    section = ("Administration", "Channels", "SMS settings")
    add_label = "Create spend limit"
    submit_label = "Submit"
    empty_text = (
        "No spend limits yet. A limit refuses what passes so many messages, or so much money, in an hour, a day or a "
        "month; it stops fraud and mistakes before they are dear."
    )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Channel and API key are chosen here and edited on their own pages."""
        form = super().get_form(request, obj, change, **kwargs)
        for name in form.base_fields.keys() & {"channel", "api_key"}:
            widget = form.base_fields[name].widget
            widget.can_add_related = widget.can_change_related = False
            widget.can_view_related = widget.can_delete_related = False
        return form

    def get_queryset(self, request: HttpRequest) -> Any:
        """The present use of all limits is looked up once for the list."""
        self.present = uses()
        return super().get_queryset(request).select_related("channel", "api_key")

    @admin.display(description="At most")
    def at_most(self, limit: SpendLimit) -> str:
        return limits.row_of(limit).words

    @admin.display(description="Of")
    def counted(self, limit: SpendLimit) -> str:
        named = {Scope.CHANNEL: limit.channel, Scope.COUNTRY: limit.country, Scope.API_KEY: limit.api_key}
        if limit.scope == Scope.ALL:
            return "all messages"
        label = Scope(limit.scope).label.removeprefix("Messages ")
        target = named[Scope(limit.scope)]
        return f"{label}: {target}" if target else f"{label}, each by itself"

    @admin.display(description="Used now")
    def used_now(self, limit: SpendLimit) -> SafeString | str:
        mine = [use for use in self.present if use.limit.id == limit.pk]
        if not mine:
            return "nothing yet" if limit.active else ""
        lines = format_html_join(SafeString("<br>"), "{}", ((_line(use),) for use in mine[:_SHOWN]))
        more = f" and {len(mine) - _SHOWN} more" if len(mine) > _SHOWN else ""
        return format_html("{}{}", lines, more)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        limits.forget()
        if obj.active and obj.unit == Unit.MONEY and (names := unpriced_under_limits()):
            messages.warning(
                request,
                f"No segment prices for {joined(names)}: its messages count as free. Add what a segment costs.",
            )

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        limits.forget()


def _line(use: Use) -> SafeString:
    amount = (
        f"{use.used:,}"
        if use.limit.unit == Unit.MESSAGES
        else f"{use.used / limits.MILLION:,.2f} {settings.SMSGATEWAY_CURRENCY}"
    )
    tone, words = ("bad", "reached") if use.reached else ("good", f"{min(use.share, 1):.0%}")
    standing = format_html('<span class="sg-badge {}">{}</span>', tone, words)
    name = _name_of(use)
    words = f"{name}: {amount}" if name else amount
    return format_html("{} {}, until {} UTC", standing, words, f"{use.ends:%Y-%m-%d %H:%M}")


def _name_of(use: Use) -> str:
    """Whom a counter is about, in words."""
    if use.limit.scope == Scope.CHANNEL:
        return str(ChannelConfiguration.objects.filter(pk=use.target).first() or "")
    if use.limit.scope == Scope.API_KEY:
        return str(ApiKey.objects.filter(pk=use.target).first() or "")
    return use.target


@admin.register(SegmentPrice)
class SegmentPriceAdmin(AuditedAdmin, RowLinks, ModelAdmin):  # type: ignore[misc]
    """What a segment costs, by credential and country; limits on money count by it."""

    form = SegmentPriceForm
    list_display = ("credential", "shown_country", "price")
    list_filter = ("credential",)
    list_select_related = ("credential",)
    search_fields = ("credential__name", "country")
    section = ("Administration", "Channels", "SMS settings")
    add_label = "Create segment price"
    submit_label = "Submit"
    empty_text = (
        "No prices yet. Without prices, limits on money count nothing; limits on messages work all the same."
    )

    @admin.display(description="Country", ordering="country")
    def shown_country(self, price: SegmentPrice) -> str:
        return price.country or "every other"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        prices.forget()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        prices.forget()
