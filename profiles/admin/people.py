"""Profiles on screen."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from access.audit import AuditedAdmin, address_of, record
from core.admin_links import RowLinks, admin_url
from core.clock import now
from core.errors import GatewayError
from core.numbers import search_forms
from profiles.attributes import as_text, flat
from profiles.exporting import profiles_csv
from profiles.forms import ProfileForm
from profiles.holding import named, owners_of
from profiles.models import Profile
from profiles.saving import make_preferred, set_other_numbers

_SHOWN_LENGTH = 30  # of a value
_LINE = 56  # of all of them


@admin.register(Profile)
class ProfileAdmin(AuditedAdmin, RowLinks, ModelAdmin):  # type: ignore[misc]
    """Recipients and their attributes; the audit trail says that personal data changed, not what it was."""

    form = ProfileForm
    audit_private_fields = ("msisdn", "more_numbers", "external_id", "attributes")
    section = ("People",)
    add_label = "Add profile"
    submit_label = "Submit"
    empty_text = (
        "No profiles yet. Add recipients whose attributes, such as a first name, messages may use, "
        "or import them from a CSV file."
    )
    list_display = ("shown_numbers", "external_id", "shown_attributes", "language", "time_zone", "updated_at")
    search_fields = ("external_id",)
    search_help_text = "A number in any form, for example +1 415 555 0123, or your external ID."
    sortable_by = ()  # newest first; any other order would read every profile
    list_per_page = 50
    show_full_result_count = False
    list_before_template = "admin/profiles/profile/list_tools.html"
    change_form_outer_before_template = "admin/profiles/profile/numbers.html"
    change_form_outer_after_template = "admin/profiles/profile/attributes.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Profile]:
        rows: QuerySet[Profile] = super().get_queryset(request)
        return rows.prefetch_related("other_numbers")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Other numbers are shown above the form to those who may not change them."""
        may = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        more = ("more_numbers",) if may else ()
        return ("msisdn", *more, "external_id", "attributes", "language", "time_zone")

    @admin.display(description="Number")
    def shown_numbers(self, profile: Profile) -> str:
        count = len(profile.other_numbers.all())
        return f"{profile.msisdn} and {count} more" if count else profile.msisdn

    @admin.display(description="Attributes")
    def shown_attributes(self, profile: Profile) -> str:
        return _in_a_line([f"{name}: {_short(as_text(value))}" for name, value in flat(profile.attributes)])

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Profile], search_term: str
    ) -> tuple[QuerySet[Profile], bool]:
        # Exact: a part of a number could not use the index.
        term = search_term.strip().replace("\0", "")
        if not term:
            return queryset, False
        forms = search_forms(term, default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY)
        return queryset.filter(Q(pk__in=[*owners_of(forms).values(), *named([term])])), False

    def get_urls(self) -> list[URLPattern]:
        def guarded(view: Any) -> Any:
            return self.admin_site.admin_view(require_POST(view))

        return [
            path("export/", guarded(self.export), name="profiles_export"),
            path(
                "<uuid:profile_id>/prefer/<int:number_id>/",
                guarded(self.prefer),
                name="profiles_prefer_number",
            ),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        profile = self.get_object(request, object_id)
        extra = _panels(profile, may_change=self.has_change_permission(request, profile)) if profile else {}
        page: HttpResponse = super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **extra}
        )
        return page

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> dict[str, Any]:
        """The form knows of the other numbers, the model does not."""
        more = {"other_numbers": "changed"} if "more_numbers" in form.changed_data else {}
        return super().construct_change_message(request, form, formsets, add) | more

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        set_other_numbers(profile=form.instance, numbers=form.cleaned_data["more_numbers"].split())

    def prefer(self, request: HttpRequest, profile_id: uuid.UUID, number_id: int) -> HttpResponse:
        """Make another number of a profile the preferred one."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        try:
            profile = make_preferred(profile_id=profile_id, number_id=number_id)
        except GatewayError as error:
            messages.error(request, error.text)
            return HttpResponseRedirect(reverse("admin:profiles_profile_changelist"))
        record(
            actor=request.user,
            action="changed",
            obj=profile,
            changes={"msisdn": "changed", "other_numbers": "changed"},
            address=address_of(request),
        )
        messages.success(request, f"{profile.msisdn} is the preferred number now.")
        return HttpResponseRedirect(admin_url(profile, "change"))

    def export(self, request: HttpRequest) -> StreamingHttpResponse:
        """All profiles as CSV; every download is in the audit trail."""
        if not request.user.has_perm("profiles.export_profile"):
            raise PermissionDenied
        record(actor=request.user, action="exported profiles", obj=Profile(), address=address_of(request))
        return StreamingHttpResponse(
            (line.encode("utf-8") for line in profiles_csv()),
            content_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="profiles-{now():%Y-%m-%d}.csv"',
                "Cache-Control": "no-store",
            },
        )


def _panels(profile: Profile, *, may_change: bool) -> dict[str, Any]:
    """What stands around the form: the numbers, and the attributes as templates name them."""
    return {
        "profile": profile,
        "others": list(profile.other_numbers.all()),
        "may_change": may_change,
        "values": [(f"{{{{profile.{name}}}}}", as_text(value)) for name, value in flat(profile.attributes)],
    }


def _in_a_line(values: Sequence[str]) -> str:
    """The first values, at least one, and how many there are besides."""
    count, length = 0, 0
    while count < len(values) and (count == 0 or length + len(values[count]) <= _LINE):
        length += len(values[count]) + 2
        count += 1
    more = f" and {len(values) - count} more" if len(values) > count else ""
    return ", ".join(values[:count]) + more


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_LENGTH else f"{text[: _SHOWN_LENGTH - 1]}…"
