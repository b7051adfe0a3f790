"""The export page: choose, download; every download is in the audit trail."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from access.audit import address_of, record
from consent.exporting import EVENTS, STATES, Filters, events_csv, states_csv
from consent.models import ConsentSubject, Kind, Source
from consent.wording import purpose_words
from core.clock import now

_DAY = {"type": "date"}


class ExportForm(forms.Form):
    """What to export."""

    what = forms.ChoiceField(
        label="Export", choices=[(STATES, "What holds now, a line per number"), (EVENTS, "Every event")]
    )
    kind = forms.ChoiceField(
        label="Only",
        required=False,
        choices=[
            ("", "everything"),
            ("out", "opt-outs"),
            ("in", "opt-ins"),
        ],
    )
    source = forms.ChoiceField(label="Through", required=False, choices=[("", "any source"), *Source.choices])
    purpose = forms.ChoiceField(
        label="Messages",
        required=False,
        choices=[
            ("", "any"),
            *((value, purpose_words(value)) for value in ("all", "marketing", "transactional")),
        ],
    )
    scope = forms.CharField(
        label="Sender", required=False, max_length=100, help_text="Blank: any. “all”, or sender:+15005550006."
    )
    since = forms.DateField(label="From day", required=False, widget=forms.DateInput(attrs=_DAY))
    until = forms.DateField(label="To day", required=False, widget=forms.DateInput(attrs=_DAY))

    @property
    def filters(self) -> Filters:
        """In the words of the exporting service."""
        values = self.cleaned_data
        kind = values["kind"]
        if values["what"] == EVENTS and kind:
            kind = Kind.OPT_OUT if kind == "out" else Kind.OPT_IN
        since, until = values["since"], values["until"]
        return Filters(
            kind=kind,
            source=values["source"],
            purpose=values["purpose"],
            scope=values["scope"].strip(),
            since=_midnight(since) if since else None,
            until=_midnight(until + timedelta(days=1)) if until else None,
        )


def export_view(request: HttpRequest) -> HttpResponseBase:
    """GET shows the form, POST downloads."""
    if not request.user.has_perm("consent.export_consentsubject"):
        raise PermissionDenied
    form = ExportForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, form)
    what = form.cleaned_data["what"]
    chosen = {name: str(value) for name, value in form.cleaned_data.items() if value}
    record(
        actor=request.user, action="exported consent", obj=ConsentSubject(), changes=chosen, address=address_of(request)
    )  # fmt: skip
    lines = events_csv(form.filters) if what == EVENTS else states_csv(form.filters)
    return StreamingHttpResponse(
        (line.encode("utf-8") for line in lines),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="consent-{what}-{now():%Y-%m-%d}.csv"',
            "Cache-Control": "no-store",
        },
    )


def _page(request: HttpRequest, form: ExportForm) -> HttpResponse:
    context: dict[str, Any] = {
        **admin.site.each_context(request), "opts": ConsentSubject._meta, "title": "Export consent", "form": form,
    }  # fmt: skip
    return render(request, "admin/consent/numbers/export.html", context)


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time(), UTC)
