"""The phones that proofs may go to."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin

from access.audit import AuditedAdmin
from campaigns.authoring.forms import StaffNumberForm
from campaigns.models import StaffNumber
from core.admin_links import RowLinks


@admin.register(StaffNumber)
class StaffNumberAdmin(AuditedAdmin, RowLinks, ModelAdmin):  # type: ignore[misc]
    """Colleagues and their numbers."""

    form = StaffNumberForm
    fields = ("name", "msisdn")
    audit_private_fields = ("msisdn",)
    section = ("Campaigns",)
    add_label = "Add staff number"
    submit_label = "Submit"
    empty_text = (
        "No staff numbers yet. Proofs of a message template go to the numbers on this list, and nowhere else."
    )
    list_display = ("name", "msisdn", "created_at")
    search_fields = ("name",)
    list_per_page = 50
    show_full_result_count = False
