"""The audit trail on screen: read, filter, search."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from unfold.admin import ModelAdmin
from unfold.decorators import display

from access.audit import trail_of
from access.audit_changes import CHANGED
from access.audit_labels import Labels
from access.models import AuditEntry
from core.admin_links import RowLinks
from core.list_filters import ValuesFilter

MOST_SEARCHED = 20_000
_ACTIONS = {"added": "success", "changed": "info", "deleted": "danger", "revoked": "warning"}


class WhenFilter(admin.DateFieldListFilter):
    """The usual choices of dates, under the name of the column."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = "when"


class KindFilter(admin.SimpleListFilter):
    """Filter by kind of object; the choices come from the code, so no query scans the trail for them."""

    title = "kind of object"
    parameter_name = "object_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        shown = (model for model in apps.get_models() if model in model_admin.admin_site._registry)
        return sorted((model._meta.label_lower, str(model._meta.verbose_name)) for model in shown)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(object_type=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(RowLinks, ModelAdmin):  # type: ignore[misc]
    """Read-only: entries are written by the services and kept."""

    section = ("Access",)
    empty_text = "Nothing yet. Every change by staff will appear here: who, when, what, from where."
    list_display = ("when", "actor", "shown_action", "shown_kind", "object_repr", "summary", "address")
    list_filter = (("action", ValuesFilter), KindFilter, ("at", WhenFilter))
    sortable_by = ("when",)
    search_fields = ("actor", "object_repr", "address")
    search_help_text = "An object's id; or, in the newest entries, who, the object's name or the address."
    fields = ("when", "actor", "shown_action", "shown_kind", "object_repr", "object_id", "address", "details")
    readonly_fields = fields
    list_per_page = 50
    show_full_result_count = False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        """By an object's id through the index; by words among the newest entries, for no index helps there."""
        term = search_term.strip()
        if not term:
            return queryset, False
        about = queryset.filter(object_id=term)
        if about.exists():
            return about, False
        newest = AuditEntry.objects.order_by("-id").values_list("id", flat=True)
        oldest = newest[MOST_SEARCHED : MOST_SEARCHED + 1]
        recent = queryset.filter(id__gt=next(iter(oldest), 0))
        found, may_repeat = super().get_search_results(request, recent, term)
        return found, bool(may_repeat)

    @admin.display(description="When", ordering="id")
    def when(self, entry: AuditEntry) -> datetime:
        return entry.at

    @display(description="Action", label=_ACTIONS, ordering="action")  # type: ignore[untyped-decorator]
    def shown_action(self, entry: AuditEntry) -> str:
        return entry.action

    @admin.display(description="Kind")
    def shown_kind(self, entry: AuditEntry) -> str:
        try:
            return capfirst(str(apps.get_model(entry.object_type)._meta.verbose_name))
        except LookupError:  # written by an app that is no longer installed
            return entry.object_type

    @admin.display(description="Changed")
    def summary(self, entry: AuditEntry) -> str:
        labels = Labels.of(entry.object_type)
        names = ", ".join(labels.of_field(name) for name in entry.changes)
        return f"{names[:80]}…" if len(names) > 80 else names

    @admin.display(description="Changes")
    def details(self, entry: AuditEntry) -> SafeString:
        return render_to_string(
            "admin/access/audit_changes.html",
            {"rows": list(change_rows(entry.changes, Labels.of(entry.object_type)))},
        )

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Everything that happened to the same object."""
        entry = AuditEntry.objects.filter(pk=object_id).first()
        return trail_of(entry.object_type, entry.object_id) if entry else trail_of("", "")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False


def change_rows(
    changes: Mapping[str, Any], labels: Labels, prefix: str = ""
) -> Iterator[tuple[str, Any, Any]]:
    """(what, before, after) of every change, inline rows included; hidden values read "(not shown)"."""
    for name, change in changes.items():
        label = f"{prefix}{labels.of_field(name)}"
        if isinstance(change, list):
            for row in change:
                yield f"{label}: {row['object']}", "", row["action"]
                yield from change_rows(
                    row["fields"], labels.of_rows(name), prefix=f"{label}: {row['object']}, "
                )
        elif change == CHANGED:
            yield label, "(not shown)", "(not shown)"
        elif isinstance(change, dict):
            yield label, _text(change.get("before", "")), _text(change.get("after", ""))
        else:
            yield label, "", change


def _text(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, list) else value
