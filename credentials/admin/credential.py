"""The API Credentials screens."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import display

from access.audit import AuditedAdmin, address_of, record
from core.admin_links import RowLinks, admin_url
from core.secrets import MASK
from credentials.admin.inlines import INLINES
from credentials.admin.offering import OfferingAdmin
from credentials.admin.sections import fieldsets_of, sections_of
from credentials.auth import BACKENDS
from credentials.forms import AUTH_FIELDS, SECRET_FIELDS, ApiCredentialForm, typed_secrets
from credentials.forms.offers import BODY_TYPES
from credentials.headers import CONTENT_TYPE
from credentials.models import ApiCredential
from credentials.pausing import resume
from credentials.preview import check_payload
from credentials.services import Use, ensure_default_headers, uses_of
from credentials.testing import TestSendForm
from credentials.views import TOOL_SCRIPTS, tool_urls

_LARGEST_CHECK = 256 * 1024


def _masked(name: str) -> Callable[[ApiCredential], str]:
    """A read-only stand-in for a secret field: whether there is a value, never which."""

    @admin.display(description=str(getattr(ApiCredential, name).field.verbose_name))
    def shown(credential: ApiCredential) -> str:
        return MASK if getattr(credential, name) else "Not set"

    return shown


@dataclass(frozen=True)
class Block:
    """A reason why a credential stays, as the refused delete page shows it; `link` may be blank."""

    credential: ApiCredential
    use: Use
    link: str


_STAND_INS: dict[Any, Any] = {name: _masked(name) for name in SECRET_FIELDS}
# Parts of the form that are no fields of the credential.
_EDITED = ("client_certificate_file", "client_key_file", "remove_certificate")


class StatusFilter(admin.SimpleListFilter):
    """Active or paused."""

    title = "Status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The two choices."""
        return [("active", "Active"), ("paused", "Paused")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[ApiCredential]
    ) -> QuerySet[ApiCredential] | None:
        """Rows of the chosen status, all of them without a choice."""
        if self.value() not in {"active", "paused"}:
            return None
        return queryset.filter(paused_at__isnull=self.value() == "active")


@admin.register(ApiCredential)
class ApiCredentialAdmin(OfferingAdmin, AuditedAdmin, RowLinks, ModelAdmin):  # type: ignore[misc]
    """Create, edit, delete and look up API credentials."""

    form = ApiCredentialForm
    inlines = INLINES
    section = ("Administration", "Channels", "SMS settings")
    add_label = "Create new API credentials"
    submit_label = "Submit"
    empty_text = "No API credentials yet. Create one for the provider that sends your messages."
    list_display: ClassVar[Sequence[Any]] = ("name", "vendor", "provider_name", "auth_type", "status")
    list_filter = ("vendor", "auth_type", StatusFilter)
    list_select_related = ("breaker",)
    search_fields = ("name", "provider_name", "provider_app_id", "provider_url")
    list_before_template = "admin/credentials/tools/list_tools.html"
    change_form_outer_before_template = "admin/credentials/apicredential/standing.html"
    change_form_outer_after_template = "admin/credentials/apicredential/panels.html"
    warn_unsaved_form = True

    class Media:
        css: ClassVar = {"all": ["credentials/credential.css", "credentials/tools/tools.css"]}
        js: ClassVar = ["credentials/credential.js", "credentials/rows.js", *TOOL_SCRIPTS]

    @display(  # type: ignore[untyped-decorator]
        description="Status", label={"Active": "success", "Paused": "danger", "Does not answer": "danger"}
    )
    def status(self, credential: ApiCredential) -> str:
        """Active, paused, or its provider does not answer (an upper floor knows)."""
        if credential.paused_at:
            return "Paused"
        silent = getattr(getattr(credential, "breaker", None), "opened_at", None)
        return "Does not answer" if silent else "Active"

    def get_fieldsets(self, request: HttpRequest, obj: ApiCredential | None = None) -> Any:
        """The documented order; view-only staff see the chosen auth type's fields, secrets as dots."""
        if obj is None or self.has_change_permission(request, obj):
            kept = obj is not None and bool(obj.client_certificate)
            return fieldsets_of([*AUTH_FIELDS, "preset"], without=() if kept else ["remove_certificate"])
        chosen = BACKENDS[obj.auth_type].fields if obj.auth_type in BACKENDS else ()
        found = fieldsets_of([_STAND_INS.get(name, name) for name in chosen], without=_EDITED)
        for _, options in found:
            options["fields"] = [_STAND_INS.get(row, row) for row in options["fields"]]
        return found

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form; for view-only staff one without fields, so that nothing of it is ever bound or drawn."""
        if obj is not None and not self.has_change_permission(request, obj):
            kwargs["form"] = ModelForm
            kwargs["fields"] = []
        return super().get_form(request, obj, change, **kwargs)

    def save_model(self, request: HttpRequest, obj: ApiCredential, form: Any, change: bool) -> None:
        """Save, and say what works but should be looked at."""
        super().save_model(request, obj, form, change)
        for text in form.warnings:
            messages.warning(request, text)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the rows; the fixed headers exist afterwards whatever was posted."""
        if formset.prefix == "headers":
            ensure_default_headers(
                credential=form.instance,
                preferred={CONTENT_TYPE: BODY_TYPES.get(form.instance.body_kind, BODY_TYPES["json"])},
                but_for=formset.about_to_be_added(),
            )
        super().save_formset(request, form, formset, change)

    def response_post_save_add(self, request: HttpRequest, obj: ApiCredential) -> HttpResponse:
        """After "Submit" of new credentials: their page, where the test is; else the list as usual."""
        if not self.has_change_permission(request, obj):
            answer: HttpResponse = super().response_post_save_add(request, obj)
            return answer
        messages.info(request, "Next: send a test SMS with the form at the end of this page.")
        return HttpResponseRedirect(admin_url(obj, "change"))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Refuse, naming what uses a credential, before anything large is collected."""
        blocks = [Block(credential, use, _link_to(use)) for credential in objs for use in uses_of(credential)]
        if blocks:
            return [], {}, set(), blocks
        return super().get_deleted_objects(objs, request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The page, with the standing of the credential and the test panel below the form."""
        credential = self.get_object(request, object_id)
        panels = self._panels(request, credential) if credential else {}
        page: HttpResponse = super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **panels}
        )
        return page

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        """After a refused save: typed secrets are not shown again, and blank would mean "keep the old one"."""
        if request.method == "POST" and (lost := typed_secrets(request.POST)):
            messages.warning(request, f"Type again, secrets are not kept while something is wrong: {lost}.")
        may_edit = not context["original"] or self.has_change_permission(request, context["original"])
        sections = sections_of(context["adminform"], context["inline_admin_formsets"])
        return super().render_change_form(
            request, {**context, **self.offered(sections, may_edit=may_edit)}, *args, **kwargs
        )

    def _panels(self, request: HttpRequest, credential: ApiCredential) -> dict[str, Any]:
        return {
            "credential": credential,
            "uses": [(use, _link_to(use)) for use in uses_of(credential) if use.row is not None],
            "test_form": TestSendForm(),
            "may_change": self.has_change_permission(request, credential),
        }

    def get_urls(self) -> list[URLPattern]:
        """The editor's check and the resume button, besides the usual pages."""
        wrap = self.admin_site.admin_view
        return [
            path(
                "payload-check/",
                wrap(require_POST(self.payload_check)),
                name="credentials_apicredential_payload_check",
            ),
            path(
                "<uuid:credential_id>/resume/",
                wrap(require_POST(self.resume)),
                name="credentials_apicredential_resume",
            ),
            *tool_urls(self),
            *super().get_urls(),
        ]

    def payload_check(self, request: HttpRequest) -> HttpResponse:
        """Problems, preview and picker for the payload editor."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            posted = json.loads(request.body) if len(request.body) <= _LARGEST_CHECK else None
        except (ValueError, RecursionError):
            posted = None
        if not isinstance(posted, dict):
            return JsonResponse({"error": "Send a JSON object with source and fields."}, status=400)
        fields = posted.get("fields")
        source = str(posted.get("source") or "")
        return JsonResponse(check_payload(source, fields if isinstance(fields, dict) else {}))

    def resume(self, request: HttpRequest, credential_id: object) -> HttpResponse:
        """Let a paused credential send again."""
        credential = get_object_or_404(ApiCredential, pk=credential_id)
        if not self.has_change_permission(request, credential):
            raise PermissionDenied
        if resume(credential=credential):
            record(actor=request.user, action="resume", obj=credential, address=address_of(request))
            messages.success(request, f"{credential} sends again. Waiting messages leave within seconds.")
        return HttpResponseRedirect(reverse("admin:credentials_apicredential_change", args=[credential.pk]))


def _link_to(use: Use) -> str:
    try:
        return admin_url(use.row, "change") if use.row is not None else ""
    except NoReverseMatch:
        return ""
