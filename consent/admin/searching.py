"""Lists of people: found by number in any form, shown by the number their key opens."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from consent.sealing import number_hash
from consent.selectors import number_of
from core.numbers import search_forms
from core.pages import LongListPaginator

ERASED = "(erased)"


class FoundByNumber:
    """ModelAdmin mixin for rows with a `subject`: a number that is typed in any form finds its rows."""

    paginator = LongListPaginator
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("subject__number_hash",)
    search_help_text = "A number in any form, for example +1 415 555 0123."

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Rows of the number; nothing for what is no number."""
        if not search_term:
            return queryset, False
        forms = search_forms(search_term, default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY)
        return queryset.filter(subject__number_hash__in=[number_hash(form) for form in forms]), False

    @admin.display(description="Number")
    def shown_number(self, row: Any) -> SafeString:
        """The number, leading to all that is recorded of it."""
        address = f"{reverse('admin:consent_consentevent_changelist')}?subject={row.subject_id}"
        return format_html('<a href="{}" class="row-link">{}</a>', address, number_of(row.subject) or ERASED)
