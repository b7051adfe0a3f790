"""Profiles on screen."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from access.audit import AuditedAdmin
from core.admin_links import RowLinks
from core.numbers import search_forms
from profiles.forms import ProfileForm
from profiles.models import Profile

_SHOWN_NAMES = 5


@admin.register(Profile)
class ProfileAdmin(AuditedAdmin, RowLinks, ModelAdmin):  # type: ignore[misc]
    """Recipients and their attributes; the audit trail says that personal data changed, not what it was."""

    form = ProfileForm
    audit_private_fields = ("msisdn", "external_id", "attributes")
    section = ("People",)
    add_label = "Add profile"
    submit_label = "Submit"
    empty_text = "No profiles yet. Add recipients whose attributes, such as a first name, messages may use."
    list_display = ("msisdn", "external_id", "shown_attributes", "language", "updated_at")
    search_fields = ("external_id",)
    search_help_text = "A number in any form, for example +1 415 555 0123, or your external ID."
    list_per_page = 50
    show_full_result_count = False

    @admin.display(description="Attributes")
    def shown_attributes(self, profile: Profile) -> str:
        names = list(profile.attributes)
        more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
        return ", ".join(names[:_SHOWN_NAMES]) + more

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Profile], search_term: str
    ) -> tuple[QuerySet[Profile], bool]:
        # Exact: a part of a number could not use the index.
        term = search_term.strip()
        if not term:
            return queryset, False
        forms = search_forms(term, default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY)
        return queryset.filter(Q(msisdn__in=forms) | Q(external_id=term)), False
