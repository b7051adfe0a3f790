"""The pages of an audience beside its form: the check while one types, members, adding and removing them, a copy."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_GET, require_POST

from access.audit import address_of, record
from campaigns.audiences.adding import Outcome, add_people, either
from campaigns.audiences.breakdown import breakdown_of
from campaigns.audiences.counting import count_in
from campaigns.audiences.describing import describe
from campaigns.audiences.listing import page_of
from campaigns.audiences.members import add_import, remove_ids
from campaigns.audiences.naming import Names
from campaigns.audiences.preview import preview_of, vocabulary
from campaigns.audiences.querying import profiles_in
from campaigns.audiences.storing import copy_as_list
from campaigns.forms.audiences import AddImportForm, AddPeopleForm
from campaigns.keyword_targets import keyword_targets
from campaigns.models import Audience, AudienceKind
from core.errors import GatewayError

if TYPE_CHECKING:
    from campaigns.admin.audiences import AudienceAdmin

_LARGEST = 100_000
_SHOWN_UNKNOWN = 10


def urls(screen: AudienceAdmin) -> list[URLPattern]:
    """Their addresses, for staff only."""
    pages = _Pages(screen)

    def staff(view: Any) -> Any:
        return screen.admin_site.admin_view(view)

    one = "<uuid:audience_id>"
    name = "campaigns_audience"
    return [
        path("names/", staff(require_GET(keyword_targets)), name="campaigns_keyword_targets"),
        path("check/", staff(require_POST(pages.check)), name=f"{name}_check"),
        path("vocabulary/", staff(require_GET(pages.vocabulary)), name=f"{name}_vocabulary"),
        path(f"{one}/members/", staff(pages.members), name=f"{name}_members"),
        path(f"{one}/members/remove/", staff(require_POST(pages.remove)), name=f"{name}_remove"),
        path(f"{one}/members/import/", staff(require_POST(pages.add_import)), name=f"{name}_import"),
        path(f"{one}/consent/", staff(require_GET(pages.consent)), name=f"{name}_consent"),
        path(f"{one}/copy/", staff(require_POST(pages.copy)), name=f"{name}_copy"),
    ]


class _Pages:
    """Views that know the screen they belong to."""

    def __init__(self, screen: AudienceAdmin) -> None:
        self.screen = screen

    def check(self, request: HttpRequest) -> JsonResponse:
        """JSON {"source"} in; problems, words, count and sample out."""
        self.screen.needs(request)
        try:
            source = json.loads(request.body[:_LARGEST])["source"]
        except (ValueError, KeyError, TypeError, RecursionError):
            source = None
        if not isinstance(source, str):
            return JsonResponse(
                {"problems": [{"path": "", "message": "Send the filter as text.", "level": "error"}]}
            )
        found = preview_of(source)
        count = found.count
        return JsonResponse(
            {
                "problems": [asdict(problem) for problem in found.problems],
                "words": found.words,
                "count": {"number": count.number, "exact": count.exact, "text": count.text}
                if count
                else None,
                "sample": [asdict(person) for person in found.sample],
            }
        )

    def vocabulary(self, request: HttpRequest) -> JsonResponse:
        """What the builder offers."""
        self.screen.needs(request)
        return JsonResponse(vocabulary())

    def members(self, request: HttpRequest, audience_id: UUID) -> HttpResponse:
        """GET: who is in it, page by page; POST: put people on the list."""
        self.screen.needs(request, change=request.method == "POST")
        audience = get_object_or_404(Audience, pk=audience_id)
        form = AddPeopleForm(request.POST if request.method == "POST" else None)
        if form.is_bound and form.is_valid():
            return self._add(request, audience, form)
        return self._members(request, audience, form)

    def remove(self, request: HttpRequest, audience_id: UUID) -> HttpResponse:
        """Take those chosen on the page off the list."""
        self.screen.needs(request, change=True)
        audience = get_object_or_404(Audience, pk=audience_id)
        chosen = [UUID(key) for key in request.POST.getlist("member") if _is_id(key)]
        try:
            gone = remove_ids(audience=audience, profile_ids=chosen)
        except GatewayError as error:
            messages.error(request, error.text)
        else:
            self._record(request, audience, "removed members", {"removed": gone})
            messages.success(
                request, f"{_people(gone)} taken off the list." if gone else "Nobody was chosen."
            )
        return _to_members(audience)

    def add_import(self, request: HttpRequest, audience_id: UUID) -> HttpResponse:
        """Put everybody of a profile import on the list."""
        self.screen.needs(request, change=True)
        audience = get_object_or_404(Audience, pk=audience_id)
        form = AddImportForm(request.POST)
        if not _may_see_imports(request) or not form.is_valid():
            messages.error(request, "Choose an import that is done.")
            return _to_members(audience)
        brought = form.cleaned_data["profile_import"]
        try:
            added = add_import(audience=audience, import_id=brought.pk)
        except GatewayError as error:
            messages.error(request, error.text)
        else:
            self._record(request, audience, "added members", {"import": str(brought.pk), "added": added})
            messages.success(request, f"{_people(added)} of {brought} added.")
        return _to_members(audience)

    def consent(self, request: HttpRequest, audience_id: UUID) -> JsonResponse:
        """How many there are, and what may be sent to them."""
        self.screen.needs(request)
        audience = get_object_or_404(Audience, pk=audience_id)
        found = breakdown_of(profiles_in(audience))
        parts = [{"label": part.label, "tone": part.tone, "text": part.count.short} for part in found]
        return JsonResponse({"count": count_in(audience).text, "parts": parts})

    def copy(self, request: HttpRequest, audience_id: UUID) -> HttpResponse:
        """A list of those who are in it now."""
        if not self.screen.has_add_permission(request):
            raise PermissionDenied
        audience = get_object_or_404(Audience, pk=audience_id)
        try:
            made = copy_as_list(audience)
        except GatewayError as error:
            messages.error(request, error.text)
            return _to_members(audience)
        self._record(request, made, "added", {"copy of": str(audience)})
        messages.success(request, "This list has everybody who was in the audience just now.")
        return _to_members(made)

    def _add(self, request: HttpRequest, audience: Audience, form: AddPeopleForm) -> HttpResponse:
        values = form.cleaned_data
        try:
            outcome = add_people(
                audience=audience,
                keys=[either(text) for text in values["people"]],
                default_country=settings.SMSGATEWAY_DEFAULT_COUNTRY,
                create=values["create"] and request.user.has_perm("profiles.add_profile"),
            )
        except GatewayError as error:
            messages.error(request, error.text)
            return _to_members(audience)
        changes = {"added": outcome.changed, "profiles made": outcome.created}
        self._record(request, audience, "added members", changes)
        _tell(request, outcome)
        return _to_members(audience)

    def _members(self, request: HttpRequest, audience: Audience, form: AddPeopleForm) -> HttpResponse:
        after = request.GET.get("after", "")
        page = page_of(audience, after=UUID(after) if _is_id(after) else None)
        is_list = audience.kind == AudienceKind.STATIC
        context = {
            **self.screen.admin_site.each_context(request),
            "opts": self.screen.opts,
            "original": audience,
            "title": f"Members of {audience}",
            "audience": audience,
            "is_list": is_list,
            "words": "" if is_list else describe(audience.filter, Names()),
            "page": page,
            "form": form,
            "import_form": AddImportForm() if is_list and _may_see_imports(request) else None,
            "may_change": self.screen.has_change_permission(request),
            "may_add": self.screen.has_add_permission(request),
        }
        return render(request, "admin/campaigns/audience/members.html", context)

    def _record(self, request: HttpRequest, audience: Audience, action: str, changes: dict[str, Any]) -> None:
        record(actor=request.user, action=action, obj=audience, changes=changes, address=address_of(request))


def _to_members(audience: Audience) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:campaigns_audience_members", args=[audience.pk]))


def _tell(request: HttpRequest, outcome: Outcome) -> None:
    made = f" {_people(outcome.created)} got a profile." if outcome.created else ""
    there = f" {_people(outcome.unchanged)} stood there already." if outcome.unchanged else ""
    messages.success(request, f"{_people(outcome.changed)} added.{made}{there}")
    unknown = [one.key.given for one in outcome.unknown]
    if unknown:
        more = f" and {len(unknown) - _SHOWN_UNKNOWN:,} more" if len(unknown) > _SHOWN_UNKNOWN else ""
        listed = ", ".join(name[:40] for name in unknown[:_SHOWN_UNKNOWN])
        messages.warning(request, f"Left out, because they lead to no profile: {listed}{more}.")


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"


def _may_see_imports(request: HttpRequest) -> bool:
    return request.user.has_perm("profiles.view_profileimport")


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
