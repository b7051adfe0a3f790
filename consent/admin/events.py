"""The consent history on screen: one row per event, newest first, read-only."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import display

from consent.chain import verify_chain
from consent.models import ConsentEvent, Kind
from consent.sealing import number_hash
from consent.selectors import number_of, open_event, state_of
from consent.wording import purpose_words, scope_words, summary_of
from core.admin_links import RowLinks
from core.numbers import search_forms

ERASED = "(erased)"
MOST_SEARCHED = 20_000
_KIND_COLOURS = {Kind.OPT_OUT: "danger", Kind.OPT_IN: "success", Kind.HELP: "info"}
_WHAT = (
    "received_at", "shown_number", "kind", "shown_scope", "shown_purpose", "source", "keyword", "shown_text",
)  # fmt: skip
_PROOF = (
    "occurred_at", "rule_version", "actor", "reason", "reference", "shown_evidence", "sequence", "shown_hash",
    "shown_chain",
)  # fmt: skip


@admin.register(ConsentEvent)
class ConsentEventAdmin(RowLinks, ModelAdmin):  # type: ignore[misc]
    """What recipients asked for; events come from webhooks, the API and services, never from this screen."""

    section = ("People",)
    empty_text = "No consent events yet. Every STOP, START and HELP will appear here, newest first."
    list_display = (
        "received_at", "shown_number", "shown_kind", "shown_now", "shown_scope", "shown_purpose", "source",
        "keyword",
    )  # fmt: skip
    list_filter = ("kind", "source", "received_at")
    sortable_by = ()  # newest first; any other order would read the whole ledger
    list_select_related = ("subject__key",)
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("keyword",)
    search_help_text = "A number in any form, for example +1 415 555 0123, or a keyword of the newest events."
    fieldsets = (
        ("What happened", {"fields": _WHAT}),
        ("State now", {"fields": ("shown_states",)}),
        ("Proof", {"fields": _PROOF}),
    )
    readonly_fields = (*_WHAT, "shown_states", *_PROOF)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConsentEvent]:
        events: QuerySet[ConsentEvent] = super().get_queryset(request)
        return events.select_related("subject__key").prefetch_related("subject__states")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ConsentEvent], search_term: str
    ) -> tuple[QuerySet[ConsentEvent], bool]:
        forms = search_forms(search_term, default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY)
        hashes = [number_hash(form) for form in forms]
        if hashes:
            return queryset.filter(subject__number_hash__in=hashes), False
        if search_term.strip():
            newest = ConsentEvent.objects.order_by("-id").values_list("id", flat=True)
            oldest = newest[MOST_SEARCHED : MOST_SEARCHED + 1]
            queryset = queryset.filter(id__gt=next(iter(oldest), 0))
        found, duplicates = super().get_search_results(request, queryset, search_term)
        return found, duplicates

    @admin.display(description="Number")
    def shown_number(self, event: ConsentEvent) -> str:
        return number_of(event.subject) or ERASED

    @display(description="Event", label=_KIND_COLOURS, ordering="kind")  # type: ignore[untyped-decorator]
    def shown_kind(self, event: ConsentEvent) -> tuple[str, str]:
        return event.kind, event.get_kind_display()

    @admin.display(description="State now")
    def shown_now(self, event: ConsentEvent) -> str:
        return summary_of([state_of(row) for row in event.subject.states.all()])

    @admin.display(description="Scope", ordering="scope")
    def shown_scope(self, event: ConsentEvent) -> str:
        return scope_words(event.scope)

    @admin.display(description="Purpose", ordering="purpose")
    def shown_purpose(self, event: ConsentEvent) -> str:
        return purpose_words(event.purpose)

    @admin.display(description="Text")
    def shown_text(self, event: ConsentEvent) -> str:
        opened = open_event(event)
        return ERASED if opened.erased else opened.text

    @admin.display(description="Evidence")
    def shown_evidence(self, event: ConsentEvent) -> str:
        opened = open_event(event)
        return ERASED if opened.erased else json.dumps(opened.evidence, ensure_ascii=False, indent=2)

    @admin.display(description="Chain")
    def shown_chain(self, event: ConsentEvent) -> str:
        problems = verify_chain(event.subject_id)
        return " ".join(problems) if problems else "Verified: no event of this number was changed or removed."

    @admin.display(description="This number")
    def shown_states(self, event: ConsentEvent) -> SafeString:
        states = event.subject.states.all()
        ordered = sorted(states, key=lambda state: (state.state != "out", state.scope, state.purpose))
        rows = [(state, scope_words(state.scope), purpose_words(state.purpose)) for state in ordered]
        return render_to_string(
            "admin/consent/states.html", {"rows": rows, "all_events": _events_of(event.subject_id)}
        )

    @admin.display(description="Hash")
    def shown_hash(self, event: ConsentEvent) -> SafeString:
        return format_html('<span class="break-all">{}</span>', event.hash)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Without the button "History": an event never changes. All events of the number are linked below."""
        context = {**(extra_context or {}), "show_history": False}
        answer: HttpResponse = super().change_view(request, object_id, form_url, context)
        return answer

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """All events of the same number; its id, not the number, goes into the address."""
        subject = ConsentEvent.objects.filter(pk=object_id).values_list("subject_id", flat=True).first()
        return HttpResponseRedirect(_events_of(subject or 0))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _events_of(subject_id: int) -> str:
    return f"{reverse('admin:consent_consentevent_changelist')}?subject={subject_id}"
