"""API keys: issue (the key is shown once), rename, revoke."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from access.audit import AuditedAdmin, address_of, record
from access.keys import draw_secret, revoke_key
from access.models import ApiKey, Scope
from core.admin_links import RowLinks
from core.clock import now


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """Name, scopes and expiry; everything else is drawn by the service."""

    scopes = forms.MultipleChoiceField(
        choices=Scope,
        initial=[Scope.SEND, Scope.READ],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="What an application with this key may do.",
    )

    class Meta:
        model = ApiKey
        fields = ("name", "scopes", "expires_at")


@admin.register(ApiKey)
class ApiKeyAdmin(AuditedAdmin, RowLinks, ModelAdmin):  # type: ignore[misc]
    """Keys are revoked, never deleted: messages and the audit trail go on naming them."""

    form = ApiKeyForm
    section = ("Access",)
    add_label = "Create API key"
    submit_label = "Submit"
    empty_text = "No API keys yet. An application needs one to send messages through the REST API."
    list_display = ("name", "shown_prefix", "shown_scopes", "shown_state", "expires_at", "last_used_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    search_fields = ("name", "prefix")
    fields = ("name", "scopes", "expires_at")
    change_form_outer_after_template = "admin/access/apikey_revoke.html"

    @admin.display(description="Key")
    def shown_prefix(self, key: ApiKey) -> str:
        return f"sgw_{key.prefix}_…"

    @admin.display(description="Scopes")
    def shown_scopes(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @display(description="State", label={"Active": "success", "Expired": "warning", "Revoked": "danger"})  # type: ignore[untyped-decorator]
    def shown_state(self, key: ApiKey) -> str:
        if key.revoked_at is not None:
            return "Revoked"
        return "Expired" if key.expires_at is not None and key.expires_at <= now() else "Active"

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        return ("shown_prefix", "shown_state", "created_at", "last_used_at", "revoked_at") if obj else ()

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        return (*self.fields, *self.get_readonly_fields(request, obj))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The new key is shown in the answer, so there is only one way to save."""
        context = {**(extra_context or {}), "show_save_and_continue": False}
        answer: HttpResponse = super().add_view(request, form_url, context)
        return answer

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if not change:
            request.issued_key = draw_secret(key=obj)  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The one page that ever shows the key; it is neither stored nor cached, not even by the browser."""
        context = {
            **self.admin_site.each_context(request),
            "title": "API key created",
            "opts": self.opts,
            "key": obj,
            "raw": request.issued_key,  # type: ignore[attr-defined]
        }
        response = TemplateResponse(request, "admin/access/apikey_issued.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response

    def get_urls(self) -> list[URLPattern]:
        revoke = path(
            "<uuid:key_id>/revoke/",
            self.admin_site.admin_view(self.revoke_view),
            name="access_apikey_revoke",
        )
        return [revoke, *super().get_urls()]

    def revoke_view(self, request: HttpRequest, key_id: Any) -> HttpResponse:
        """Revoke a key (POST); anything else leads back to the key's page."""
        key = self.get_object(request, str(key_id))
        if not self.has_change_permission(request, key):
            raise PermissionDenied
        if key is None:
            return HttpResponseRedirect(reverse("admin:access_apikey_changelist"))
        if request.method == "POST" and key.revoked_at is None:
            revoke_key(key=key)
            record(actor=request.user, action="revoked", obj=key, address=address_of(request))
            messages.success(request, f"{key} is revoked; requests with it are refused from now on.")
        return HttpResponseRedirect(reverse("admin:access_apikey_change", args=[key.pk]))
