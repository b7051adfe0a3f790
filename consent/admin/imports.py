"""Importing consent from a CSV file: choose columns, try, run, see what became of every row."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin
from unfold.decorators import display

from access.audit import address_of, record
from consent.importing import storing
from consent.importing.forms import PlanForm, UploadForm
from consent.importing.models import AT_WORK, UNDONE, ConsentImport, ImportState
from consent.importing.presets import PRESETS, guess_columns, guess_preset
from consent.importing.reports import refusals_of, report_of
from core.admin_links import RowLinks, admin_url
from core.errors import GatewayError

_TONES = {
    "Imported": "success", "Importing": "info", "Trying": "info", "Tried, not imported": "warning",
    "Columns to choose": "warning", "Failed": "danger",
}  # fmt: skip


@admin.register(ConsentImport)
class ConsentImportAdmin(RowLinks, ModelAdmin):  # type: ignore[misc]
    """Imports, newest first; the work is done by workers."""

    section = ("People",)
    add_label = "Import a file"
    empty_text = (
        "Nothing imported yet. Bring the opt-outs of an earlier provider before the first message goes out."
    )
    list_display = (
        "created_at",
        "file_name",
        "shown_state",
        "rows",
        "opted_out",
        "opted_in",
        "refused",
        "created_by",
    )
    list_per_page = 50
    change_form_template = "admin/consent/imports/detail.html"
    add_form_template = "admin/consent/imports/add.html"

    @display(description="State", label=_TONES)  # type: ignore[untyped-decorator]
    def shown_state(self, job: ConsentImport) -> str:
        return str(job.get_state_display())

    def get_urls(self) -> list[URLPattern]:
        def guarded(view: Any) -> Any:
            return self.admin_site.admin_view(require_POST(view))

        return [
            path("<uuid:import_id>/step/<str:step>/", guarded(self.step), name="consent_import_step"),
            path(
                "<uuid:import_id>/report/<str:which>/",
                self.admin_site.admin_view(self.report),
                name="consent_import_report",
            ),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Take the file; what cannot be read is said at once."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            try:
                job = storing.receive(file=file, size=file.size, name=file.name, actor=str(request.user))
            except GatewayError as error:
                form.add_error("file", error.text)
            else:
                self._audit(request, job, "uploaded import", rows=job.rows)
                return HttpResponseRedirect(admin_url(job, "change"))
        context = {**self._context(request, "Import consent"), "form": form}
        return TemplateResponse(request, "admin/consent/imports/add.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What stands next: choose columns, look at the try, watch, or read the result."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._page(request, get_object_or_404(ConsentImport, pk=_uuid(object_id)))

    def step(self, request: HttpRequest, import_id: uuid.UUID, step: str) -> HttpResponse:
        """Try, start or cancel."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        job = get_object_or_404(ConsentImport, pk=import_id)
        try:
            if step == "choose":
                form = PlanForm(request.POST, job=job)
                if not form.is_valid():
                    return self._page(request, job, form)
                storing.choose(
                    job=job,
                    preset=form.cleaned_data["preset"],
                    plan=form.plan,
                    note=form.cleaned_data["note"],
                )
                self._audit(request, job, "tried import")
            elif step == "start":
                storing.start(job=job)
                self._audit(request, job, "started import", note=job.note)
            elif step == "cancel":
                storing.cancel(job=job)
                self._audit(request, job, "cancelled import")
        except GatewayError as error:
            messages.error(request, error.text)
        return HttpResponseRedirect(admin_url(job, "change"))

    def report(self, request: HttpRequest, import_id: uuid.UUID, which: str) -> StreamingHttpResponse:
        """The report as CSV: every row, or the refused ones."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        job = get_object_or_404(ConsentImport, pk=import_id)
        self._audit(request, job, "downloaded import report")
        lines = report_of(job, refused_only=which == "refused")
        return StreamingHttpResponse(
            (line.encode("utf-8") for line in lines),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="import-{which}-{job.pk}.csv"'},
        )

    def _page(self, request: HttpRequest, job: ConsentImport, form: PlanForm | None = None) -> HttpResponse:
        may = self.has_add_permission(request)
        choosing = may and job.state in (ImportState.MAPPING, ImportState.CHECKED)
        if choosing and form is None:
            form = PlanForm(job=job, initial=_initial(job, request.GET.get("preset", "")))
        context = {
            **self._context(request, f"Import of {job}"),
            "original": job,
            "job": job,
            "at_work": job.state in AT_WORK,
            "form": (form or PlanForm(job=job, initial=_initial(job, request.GET.get("preset", ""))))
            if choosing
            else None,
            "presets": [(key, preset.label) for key, preset in PRESETS.items()],
            "sample": storing.sample_of(job) if choosing else [],
            "refusals": refusals_of(job) if job.refused else [],
            "may_start": may and job.state == ImportState.CHECKED,
            "may_cancel": may and job.state in (*UNDONE, ImportState.RUNNING),
            "has_report": job.position > 0,
        }
        answer = TemplateResponse(request, "admin/consent/imports/detail.html", context)
        if job.state in AT_WORK:
            answer.headers["Refresh"] = "2"
        return answer

    def _context(self, request: HttpRequest, title: str) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts, "title": title}

    def _audit(self, request: HttpRequest, job: ConsentImport, action: str, **changes: Any) -> None:
        record(actor=request.user, action=action, obj=job, changes=changes, address=address_of(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _initial(job: ConsentImport, wanted: str) -> dict[str, Any]:
    """What was chosen before, else what the column names suggest, read as the preset that is `wanted`."""
    if job.plan and wanted not in PRESETS:
        columns, rest = job.plan["columns"], {**job.plan, "preset": job.preset, "note": job.note}
    else:
        preset = wanted if wanted in PRESETS else guess_preset(job.columns)
        columns = guess_columns(job.columns, PRESETS[preset])
        rest = {"preset": preset, "state": "" if "state" in columns else PRESETS[preset].state}
    return rest | {f"column_{name}": str(index) for name, index in columns.items()}


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.UUID(int=0)
