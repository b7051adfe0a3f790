"""Row links and screen attributes shared by every admin list of the gateway.

The templates read these plain attributes from any ModelAdmin; an absent one keeps the standard look:

- `section = ("Administration", "Channels", "SMS settings")`: crumbs before the model's plural name;
- `add_label = "Create new API credentials"`: text of the add button (list and empty list);
- `submit_label = "Submit"`: text of the save button; "Save and add another" disappears with it;
- `empty_text = "No credentials yet. …"`: the line of an empty list.

`RowLinks` declares them for type checkers, adds the "Actions" column (Edit, bin) to `list_display` and pages long
lists without counting them.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.pages import LongListPaginator

_LINK = '<a href="{}" class="row-link" aria-label="{}">{}</a>'
_BIN = (
    '<a href="{}" class="row-bin" aria-label="{}" title="{}">'
    '<span class="material-symbols-outlined" aria-hidden="true">delete</span></a>'
)


def admin_url(obj: Model, action: str) -> str:
    """Address of an object's admin page; `action` is "change", "delete" or "history"."""
    return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_{action}", args=[obj.pk])


def edit_link(obj: Model, label: str = "Edit") -> SafeString:
    """The text link "Edit", named "Edit <object>" for screen readers."""
    return format_html(_LINK, admin_url(obj, "change"), f"{label} {obj}", label)


def delete_link(obj: Model) -> SafeString:
    """The bin icon, named "Delete <object>"; leads to the confirmation page."""
    name = f"Delete {obj}"
    return format_html(_BIN, admin_url(obj, "delete"), name, name)


class RowLinks:
    """ModelAdmin mixin: screen attributes, and a last column with "Edit" and the bin as permissions allow."""

    section: tuple[str, ...] = ()
    add_label: str = ""
    submit_label: str = ""
    empty_text: str = ""
    paginator = LongListPaginator
    show_facets = admin.ShowFacets.NEVER  # counts of each choice of each filter: a scan for every one

    def row_label(self, obj: Any, *, may_change: bool) -> str:
        """What the link of a row says."""
        return "Edit" if may_change else "View"

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """The columns plus one that links to what this user may do."""
        columns = [*super().get_list_display(request)]  # type: ignore[misc]
        may_change = self.has_change_permission(request)  # type: ignore[attr-defined]
        may_delete = self.has_delete_permission(request)  # type: ignore[attr-defined]

        @admin.display(description="Actions")
        def row_links(obj: Model) -> SafeString:
            return format_html(
                '<span class="row-links">{}{}</span>',
                edit_link(obj, self.row_label(obj, may_change=may_change)),
                delete_link(obj) if may_delete else "",
            )

        return [*columns, row_links]
