"""Limits of single senders."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from unfold.admin import ModelAdmin

from access.audit import AuditedAdmin
from core.admin_links import RowLinks
from core.errors import NumberInvalid
from core.numbers import parse_sender
from messaging.models import SenderLimit


class SenderLimitForm(forms.ModelForm):  # type: ignore[type-arg]
    """The sender is stored in the form that channel configurations store it in."""

    class Meta:
        model = SenderLimit
        fields = ("credential", "sender", "messages_per_second")

    def clean_sender(self) -> str:
        try:
            return str(parse_sender(self.cleaned_data["sender"], default_country="").value)
        except NumberInvalid as error:
            raise forms.ValidationError(error.text) from error


@admin.register(SenderLimit)
class SenderLimitAdmin(AuditedAdmin, RowLinks, ModelAdmin):  # type: ignore[misc]
    """How much leaves from one sender in a second, whatever its credential allows."""

    form = SenderLimitForm
    list_display = ("sender", "credential", "messages_per_second")
    list_filter = ("credential",)
    list_select_related = ("credential",)
    search_fields = ("sender",)
    fieldsets: Any = (
        (None, {"fields": ("credential", "sender")}),
        (
            "Limit",
            {
                "fields": ("messages_per_second",),
                "description": "Counts over all workers, beside the limits of the credential. What is over it "
                "waits in the queue; other senders of the credential go on.",
            },
        ),
    )
    add_label = "Limit a sender"
    submit_label = "Save"
    empty_text = "No sender has a limit of its own; those of its credential hold."
