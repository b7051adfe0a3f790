"""Disclosure texts on screen: what people are shown when they agree, version by version."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from access.audit import AuditedAdmin
from consent import disclosures
from consent.models import DisclosureText
from core.admin_links import RowLinks
from core.errors import GatewayError


class DisclosureForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name and words; the service gives the version."""

    slug = forms.SlugField(
        label="Name",
        max_length=60,
        widget=UnfoldAdminTextInputWidget(),
        help_text="Small letters, digits and dashes, such as newsletter. The same name again: its next version.",
    )
    text = forms.CharField(
        label="Text",
        widget=UnfoldAdminTextareaWidget(),
        help_text="Word for word as people see it: who writes, what about, how often, costs, how to stop.",
    )

    class Meta:
        model = DisclosureText
        fields = ("slug", "text")


@admin.register(DisclosureText)
class DisclosureTextAdmin(AuditedAdmin, RowLinks, ModelAdmin):  # type: ignore[misc]
    """Texts are published, never changed: an event points at the very words that were shown."""

    section = ("People",)
    add_label = "Publish a text"
    submit_label = "Publish"
    empty_text = (
        "No texts yet. Publish what your forms show when people agree; opt-ins can then prove what was shown."
    )
    form = DisclosureForm
    list_display = ("slug", "version", "excerpt", "created_at", "created_by")
    list_filter = ("slug",)
    search_fields = ("slug", "text")
    ordering = ("slug", "-version")

    def get_fields(self, request: HttpRequest, obj: DisclosureText | None = None) -> Any:
        """The form for a new text, the record of an old one."""
        return ("slug", "version", "text", "digest", "created_at", "created_by") if obj else ("slug", "text")

    @admin.display(description="Text")
    def excerpt(self, disclosure: DisclosureText) -> str:
        return disclosure.text if len(disclosure.text) <= 100 else f"{disclosure.text[:100]}…"

    def save_model(self, request: HttpRequest, obj: DisclosureText, form: Any, change: bool) -> None:
        try:
            kept = disclosures.publish(slug=obj.slug, text=obj.text, actor=str(request.user))
        except GatewayError as error:  # the form has checked what the service checks
            raise forms.ValidationError(error.text) from error
        obj.__dict__.update(kept.__dict__)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
