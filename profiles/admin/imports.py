"""Importing profiles from a CSV file: choose columns, try, run, see what became of every row."""

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
from core.admin_links import RowLinks, admin_url
from core.errors import GatewayError
from profiles.entries import Key, Policy
from profiles.importing import storing
from profiles.importing.forms import PlanForm, UploadForm
from profiles.importing.models import AT_WORK, UNDONE, ImportState, ProfileImport
from profiles.importing.reports import refusals_of, report_of

_TONES = {
    "Imported": "success", "Importing": "info", "Trying": "info", "Tried, not imported": "warning",
    "Columns to choose": "warning", "Failed": "danger",
}  # fmt: skip
_RELOAD_SECONDS = "2"


@admin.register(ProfileImport)
class ProfileImportAdmin(RowLinks, ModelAdmin):  # type: ignore[misc]
    """Imports, newest first; the work is done by workers."""

    section = ("People",)
    add_label = "Import a file"
    empty_text = (
        "Nothing imported yet. Bring your customers from a CSV file: you choose what its columns mean."
    )
    list_display = (
        "created_at",
        "file_name",
        "shown_state",
        "rows",
        "created",
        "updated",
        "refused",
        "created_by",
    )
    sortable_by = ()
    list_per_page = 50
    show_full_result_count = False
    change_form_template = "admin/profiles/imports/detail.html"

    @display(description="State", label=_TONES)  # type: ignore[untyped-decorator]
    def shown_state(self, job: ProfileImport) -> str:
        return str(job.get_state_display())

    def get_urls(self) -> list[URLPattern]:
        def guarded(view: Any) -> Any:
            return self.admin_site.admin_view(require_POST(view))

        return [
            path("<uuid:import_id>/step/<str:step>/", guarded(self.step), name="profiles_import_step"),
            path(
                "<uuid:import_id>/report/<str:which>/",
                self.admin_site.admin_view(self.report),
                name="profiles_import_report",
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
        context = {**self._context(request, "Import profiles"), "form": form}
        return TemplateResponse(request, "admin/profiles/imports/add.html", context)

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
        return self._page(request, get_object_or_404(ProfileImport, pk=_uuid(object_id)))

    def step(self, request: HttpRequest, import_id: uuid.UUID, step: str) -> HttpResponse:
        """Try, start or cancel."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        job = get_object_or_404(ProfileImport, pk=import_id)
        try:
            if step == "choose":
                form = PlanForm(request.POST, job=job, sample=storing.sample_of(job))
                if not form.is_valid():
                    return self._page(request, job, form)
                values = form.cleaned_data
                storing.choose(
                    job=job,
                    columns=form.chosen,
                    key=Key(values["key"]),
                    policy=Policy(values["policy"]),
                    country=values["country"],
                )
                self._audit(request, job, "tried import")
            elif step == "start":
                storing.start(job=job)
                self._audit(request, job, "started import")
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
        job = get_object_or_404(ProfileImport, pk=import_id)
        self._audit(request, job, "downloaded import report")
        lines = report_of(job, refused_only=which == "refused")
        return StreamingHttpResponse(
            (line.encode("utf-8") for line in lines),
            content_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="import-{which}-{job.pk}.csv"',
                "Cache-Control": "no-store",
            },
        )

    def _page(self, request: HttpRequest, job: ProfileImport, form: PlanForm | None = None) -> HttpResponse:
        may = self.has_add_permission(request)
        if form is None and may and job.state in (ImportState.MAPPING, ImportState.CHECKED):
            form = PlanForm(job=job, sample=storing.sample_of(job))
        context = {
            **self._context(request, f"Import of {job}"),
            "original": job,
            "job": job,
            "at_work": job.state in AT_WORK,
            "is_try": job.state in (ImportState.CHECKING, ImportState.CHECKED),
            "form": form,
            "refusals": refusals_of(job) if job.refused else [],
            "may_start": may and job.state == ImportState.CHECKED and bool(job.created + job.updated),
            "to_import": job.created + job.updated,
            "may_cancel": may and job.state in (*UNDONE, ImportState.RUNNING),
            "has_report": job.position > 0,
        }
        answer = TemplateResponse(request, "admin/profiles/imports/detail.html", context)
        if job.state in AT_WORK:
            answer.headers["Refresh"] = _RELOAD_SECONDS
        return answer

    def _context(self, request: HttpRequest, title: str) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts, "title": title}

    def _audit(self, request: HttpRequest, job: ProfileImport, action: str, **changes: Any) -> None:
        record(actor=request.user, action=action, obj=job, changes=changes, address=address_of(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.UUID(int=0)
