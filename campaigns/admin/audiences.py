"""Audiences on screen: who is in one, told in words, and counted while its filter is written."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from access.audit import AuditedAdmin
from campaigns.admin import audience_pages
from campaigns.audiences.describing import describe
from campaigns.audiences.naming import Names
from campaigns.audiences.storing import users_of
from campaigns.forms.audiences import AudienceForm
from campaigns.models import Audience, AudienceKind
from core.admin_links import RowLinks

_STATIC_WORDS = "People put on the list by hand, import, API or keyword"
_LONGEST_WORDS = 160


@admin.register(Audience)
class AudienceAdmin(AuditedAdmin, RowLinks, ModelAdmin):  # type: ignore[misc]
    """Whom a campaign goes to."""

    form = AudienceForm
    change_form_template = "admin/campaigns/audience/form.html"
    section = ("Campaigns",)
    add_label = "Create audience"
    submit_label = "Submit"
    empty_text = (
        "No audiences yet. Make one from a filter, such as everybody in Berlin who opted in, "
        "or from a list of numbers."
    )
    list_display = ("name", "shown_kind", "shown_members", "updated_at")
    list_filter = ("kind",)
    search_fields = ("name",)
    search_help_text = "A part of the name"
    list_per_page = 50
    show_full_result_count = False
    actions = None

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """The columns with the filter in words; what ids are called is read once for all rows."""
        names = Names()

        @admin.display(description="Who is in it")
        def words(audience: Audience) -> str:
            told = _STATIC_WORDS if audience.kind == AudienceKind.STATIC else describe(audience.filter, names)
            return told if len(told) <= _LONGEST_WORDS else f"{told[: _LONGEST_WORDS - 1]}…"

        columns = super().get_list_display(request)
        return [*columns[:2], words, *columns[2:]]

    @admin.display(description="Kind", ordering="kind")
    def shown_kind(self, audience: Audience) -> SafeString:
        return format_html('<span class="sg-badge">{}</span>', audience.get_kind_display())

    @admin.display(description="Members")
    def shown_members(self, audience: Audience) -> SafeString:
        address = reverse("admin:campaigns_audience_members", args=[audience.pk])
        return format_html(
            '<a href="{}" class="row-link" aria-label="Members of {}">Members</a>', address, audience
        )

    def get_urls(self) -> list[URLPattern]:
        return [*audience_pages.urls(self), *super().get_urls()]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A filter unless a list is asked for."""
        return {"kind": AudienceKind.FILTER, **super().get_changeform_initial_data(request)}

    def get_fields(self, request: HttpRequest, obj: Audience | None = None) -> Any:
        """A list has no filter to show."""
        is_list = obj is not None and obj.kind == AudienceKind.STATIC
        return ("name", "description", "kind") if is_list else ("name", "description", "kind", "filter")

    def response_add(
        self, request: HttpRequest, obj: Audience, post_url_continue: Any = None
    ) -> HttpResponse:
        """A new list leads to where people are put on it."""
        answer: HttpResponse = super().response_add(request, obj, post_url_continue)
        if obj.kind == AudienceKind.STATIC:
            return HttpResponseRedirect(reverse("admin:campaigns_audience_members", args=[obj.pk]))
        return answer

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """The audience and what uses it; the people on a list may be a million, and stay anyway."""
        rows = list(objs)
        lacking = set() if self.has_delete_permission(request) else {"audience"}
        used = [user for audience in rows for user in users_of(audience)]
        return [f"Audience: {audience}" for audience in rows], {"audiences": len(rows)}, lacking, used

    def needs(self, request: HttpRequest, *, change: bool = False) -> None:
        """PermissionDenied unless the user may see audiences, or change them."""
        allowed = self.has_change_permission(request) if change else self.has_view_permission(request)
        if not allowed:
            raise PermissionDenied
