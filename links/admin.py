"""Tracked links on screen: where they lead, and how many people followed them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin

from access.audit import AuditedAdmin
from core.admin_links import RowLinks
from links.models import LinkTarget

# Senders named by their id, which says nothing to people -> their page.
_PAGES = {"campaign": "admin:campaigns_campaign_change"}
_COUNTS = ("people", "clicks", "machine_clicks")


class LinkTargetForm(forms.ModelForm):  # type: ignore[type-arg]
    """Where links lead; blank only where each keeps an address of its own."""

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        if "url" not in self.fields:
            return
        self.fields["url"].required = not self.instance.is_personal
        if self.instance.is_personal:
            self.fields["url"].help_text = (
                "Blank: each link leads to the address its recipient was sent. An address here holds for all of them, "
                "from the next click on; blank it again and each has its own back."
            )


@admin.register(LinkTarget)
class LinkTargetAdmin(AuditedAdmin, RowLinks, ModelAdmin):  # type: ignore[misc]
    """Made by sending; only where they lead can be changed."""

    form = LinkTargetForm
    section = ("Messages",)
    submit_label = "Save"
    empty_text = (
        "No tracked links yet. Switch on “Shorten and track links” in a channel configuration, or write "
        '{{ "https://www.example.com/offer" | track }} in a text.'
    )
    list_display = ("shown", "sender", *_COUNTS, "created_at")
    search_fields = ("written", "url")
    search_help_text = "A part of the address"
    readonly_fields = ("shown", "sender", *_COUNTS, "created_at")
    list_per_page = 50
    show_full_result_count = False
    fieldsets = (
        ("Address", {"fields": ("shown", "sender", "url", "fallback_url")}),
        (
            "Clicks",
            {
                "fields": (*_COUNTS, "created_at"),
                "description": "People are recipients who followed their link at least once. Link previews, security "
                "scanners and other programs are counted apart; the reason is kept with each call.",
            },
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="As written", ordering="written")
    def shown(self, target: LinkTarget) -> str:
        return target.written if len(target.written) <= 80 else f"{target.written[:79]}…"

    @admin.display(description="Sent by", ordering="owner")
    def sender(self, target: LinkTarget) -> str:
        kind, _, name = target.owner.partition(":")
        if kind not in _PAGES:
            return f"{kind.capitalize()} {name}"
        page = reverse(_PAGES[kind], args=[name])
        return format_html('<a class="sg-link" href="{}">{}</a>', page, f"Open the {kind}")
