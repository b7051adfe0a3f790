"""The custom keywords of a webhook on its page: whoever may change the webhook may change them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from unfold.admin import TabularInline

from webhooks.forms.custom import CustomKeywordForm, CustomKeywordFormSet
from webhooks.models import CustomKeyword


class CustomKeywordInline(TabularInline):  # type: ignore[misc]
    """Rows that are part of their webhook, with its permissions."""

    model, form, formset = CustomKeyword, CustomKeywordForm, CustomKeywordFormSet
    template = "admin/webhooks/webhook/custom_rows.html"
    fields = CustomKeywordForm.Meta.fields
    verbose_name_plural = "Custom keywords"
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for the webhook."""
        return any(_may(request, verb) for verb in ("view", "change", "add"))

    def has_add_permission(self, request: HttpRequest, obj: Any) -> bool:
        """As for the webhook."""
        return _may(request, "add" if obj is None else "change")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for the webhook."""
        return _may(request, "add" if obj is None else "change")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for the webhook."""
        return _may(request, "change")


def _may(request: HttpRequest, action: str) -> bool:
    user: Any = request.user
    return bool(user.has_perm(f"webhooks.{action}_webhook"))
