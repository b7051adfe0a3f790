"""Keyword actions: what keywords asked of audiences and campaigns, what came of it, trying again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from unfold.admin import ModelAdmin

from access.audit import address_of, record
from core.admin_links import RowLinks, admin_url
from core.numbers import mask_number
from webhooks import outbox
from webhooks.models import KeywordOutbox, OutboxState

_TONES = {OutboxState.DONE: "good", OutboxState.FAILED: "bad", OutboxState.WAITING: "warn"}
_MOST_COUNTED = 99  # in the menu


@admin.register(KeywordOutbox)
class KeywordOutboxAdmin(RowLinks, ModelAdmin):  # type: ignore[misc]
    """Written by keywords, done by workers; staff may have failed ones tried again."""

    list_display = ("created_at", "keyword", "what", "standing", "note", "inbound")
    list_filter = ("state", "kind", ("created_at", admin.DateFieldListFilter))
    sortable_by = ("created_at",)
    list_select_related = ("message",)
    list_per_page = 50
    show_full_result_count = False
    section = ("Messages",)
    empty_text = (
        "No keyword has asked anything of an audience or a campaign yet. A custom keyword of a webhook with the "
        "action “Add to an audience”, “Remove from an audience” or “Trigger a campaign” does it."
    )
    fields = (
        "created_at", "category", "kind", "target", "standing", "note", "tries", "next_try", "inbound", "id",
    )  # fmt: skip
    readonly_fields = fields
    actions = ("try_again",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> Any:
        """Whoever may change a webhook may have its keywords tried again."""
        return super().get_actions(request) if request.user.has_perm("webhooks.change_webhook") else {}

    @admin.display(description="Keyword")
    def keyword(self, row: KeywordOutbox) -> str:
        return row.category

    @admin.display(description="What is to be done")
    def what(self, row: KeywordOutbox) -> str:
        return str(row)

    @admin.display(description="State", ordering="state")
    def standing(self, row: KeywordOutbox) -> SafeString:
        again = f" till {localtime(row.due_at):%H:%M:%S}" if row.tries and self.next_try(row) else ""
        words = f"{row.get_state_display()}{again}"
        return format_html('<span class="sg-badge {}">{}</span>', _TONES[OutboxState(row.state)], words)

    @admin.display(description="Next try", empty_value="None")
    def next_try(self, row: KeywordOutbox) -> Any:
        return row.due_at if row.state == OutboxState.WAITING else None

    @admin.display(description="From")
    def inbound(self, row: KeywordOutbox) -> SafeString:
        who = mask_number(row.message.msisdn)
        return format_html('<a class="sg-link" href="{}">{}</a>', admin_url(row.message, "change"), who)

    @admin.action(description="Try again")
    def try_again(self, request: HttpRequest, queryset: QuerySet[KeywordOutbox]) -> None:
        """Failed ones only: what is done is not done twice."""
        chosen = list(queryset.filter(state=OutboxState.FAILED))
        count = outbox.retry(row_ids=[row.pk for row in chosen])
        for row in chosen:
            record(actor=request.user, action="tried again", obj=row, address=address_of(request))
        if count:
            messages.success(
                request, f"{count} will be tried within seconds. Reload this page to see the result."
            )
        else:
            messages.warning(request, "None of them has failed; nothing was changed.")


def failed_count(request: HttpRequest) -> int:
    """The badge of the menu: what waits for somebody to put it right."""
    return KeywordOutbox.objects.filter(state=OutboxState.FAILED).order_by()[:_MOST_COUNTED].count()
