"""One page per number: what may be sent now, and everything that led there. The number is never in an address."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from access.audit import address_of, record
from consent import evidence_check
from consent.admin.exports import export_view
from consent.chain import verify_chain
from consent.evidence import pack_of
from consent.ledger import standing_for
from consent.models import ConsentSubject, Kind
from consent.sealing import number_hash
from consent.selectors import number_of, state_of
from consent.standing import answers
from consent.timeline import timeline, words_of
from core.admin_links import RowLinks
from core.numbers import search_forms

ERASED = "(erased)"
_TONES = {
    Kind.OPT_IN: "good",
    Kind.OPT_IN_CONFIRMED: "good",
    Kind.OPT_OUT: "bad",
    Kind.CARRIER_BLOCK: "bad",
    Kind.HELP: "",
}
_MOST_STEPS = 200


@admin.register(ConsentSubject)
class ConsentSubjectAdmin(RowLinks, ModelAdmin):  # type: ignore[misc]
    """Numbers with anything on record; found by a form that posts, so that no number stands in a log."""

    section = ("People",)
    empty_text = "No number has asked for anything yet. Opt-ins and opt-outs will appear here."
    list_display = ("shown_number", "shown_now", "touched_at")
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-id",)
    sortable_by = ()
    change_list_template = "admin/consent/numbers/list.html"
    change_form_template = "admin/consent/numbers/detail.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConsentSubject]:
        rows: QuerySet[ConsentSubject] = super().get_queryset(request)
        return rows.filter(last_sequence__gt=0).select_related("key").prefetch_related("states")

    @admin.display(description="Number")
    def shown_number(self, subject: ConsentSubject) -> str:
        return number_of(subject) or ERASED

    @admin.display(description="State now")
    def shown_now(self, subject: ConsentSubject) -> str:
        return words_of([state_of(row) for row in subject.states.all()])

    def get_urls(self) -> list[URLPattern]:
        def guarded(view: Any) -> Any:
            return self.admin_site.admin_view(require_POST(view))

        return [
            path("find/", guarded(self.find), name="consent_find"),
            path("export/", self.admin_site.admin_view(export_view), name="consent_export"),
            path("check-evidence/", self.admin_site.admin_view(check_program), name="consent_evidence_check"),
            path("<int:subject_id>/evidence/", guarded(self.evidence), name="consent_evidence"),
            *super().get_urls(),
        ]

    def find(self, request: HttpRequest) -> HttpResponse:
        """From a number in any form to its page, or to what it means that nothing is on record."""
        self._needs_view(request)
        typed = request.POST.get("number", "")[:64]
        forms = search_forms(typed, default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY)
        if not forms:
            messages.error(request, "This is not a phone number. Write it like +14155238886.")
            return HttpResponseRedirect(reverse("admin:consent_consentsubject_changelist"))
        hashes = {number_hash(form): form for form in forms}
        subject = ConsentSubject.objects.filter(number_hash__in=hashes, last_sequence__gt=0).first()
        if subject is None:
            context = {**self._context(request, "Nothing on record"), "number": forms[0]}
            return render(request, "admin/consent/numbers/unknown.html", context)
        return self._page(request, subject, number=hashes[subject.number_hash])

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        self._needs_view(request)
        wanted = int(object_id) if object_id.isdecimal() and len(object_id) < 19 else 0
        return self._page(request, get_object_or_404(ConsentSubject, pk=wanted))

    def evidence(self, request: HttpRequest, subject_id: int) -> HttpResponse:
        """The evidence pack: a page to print, or JSON to check elsewhere; each is recorded in the audit trail."""
        self._needs_view(request)
        subject = get_object_or_404(ConsentSubject, pk=subject_id)
        number = _given(request, subject) or number_of(subject)
        pack = pack_of(subject, number=number, made_by=str(request.user))
        is_file = request.POST.get("as") == "json"
        record(
            actor=request.user,
            action="downloaded evidence" if is_file else "printed evidence",
            obj=subject,
            changes={"events": len(pack["events"]), "head": pack["chain"]["head"]},
            address=address_of(request),
        )
        if is_file:
            answer: HttpResponse = JsonResponse(pack, json_dumps_params={"indent": 2, "ensure_ascii": False})
            answer.headers["Content-Disposition"] = f'attachment; filename="evidence-{subject.pk}.json"'
        else:
            context = {"pack": pack, "steps": timeline(subject), "problems": pack["chain"]["problems"]}
            answer = render(request, "admin/consent/numbers/evidence.html", context)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _page(self, request: HttpRequest, subject: ConsentSubject, *, number: str = "") -> HttpResponse:
        states = [state_of(row) for row in subject.states.all()]
        steps = timeline(subject)
        known = number_of(subject)
        shown = known or number
        context = {
            **self._context(request, shown or "Erased number"),
            "original": shown or "Erased number",
            "subject": subject,
            "number": shown,
            "is_erased": not known and bool(steps),
            "summary": words_of(states),
            "answers": answers(standing_for([subject.pk])[subject.pk]),
            "steps": [(step, _TONES.get(Kind(step.event.kind), "warn")) for step in steps[:_MOST_STEPS]],
            "more": max(len(steps) - _MOST_STEPS, 0),
            "problems": verify_chain(subject.pk),
            "may_change": request.user.has_perm("consent.add_consentevent"),
            "may_see_messages": request.user.has_perm("webhooks.view_inboundmessage"),
        }
        answer = render(request, "admin/consent/numbers/detail.html", context)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _context(self, request: HttpRequest, title: str) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts, "title": title}

    def _needs_view(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def check_program(request: HttpRequest) -> FileResponse:
    """The program with which an outsider checks a pack; one file, nothing secret."""
    return FileResponse(
        Path(evidence_check.__file__).open("rb"), as_attachment=True, filename="check_evidence.py"
    )


def _given(request: HttpRequest, subject: ConsentSubject) -> str:
    """The number somebody brings, when it is this subject's: after an erasure only they know it."""
    typed = request.POST.get("number", "")[:64]
    forms = search_forms(typed, default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY) if typed else []
    return next((form for form in forms if number_hash(form) == subject.number_hash), "")
