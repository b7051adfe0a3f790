"""From the list of profiles to a list of people: an action that adds the selection to an audience."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from access.audit import address_of, record
from campaigns.audiences.members import add_profiles
from campaigns.audiences.storing import create_audience
from campaigns.forms.audiences import ChooseListForm
from campaigns.models import AudienceKind
from core.errors import GatewayError
from profiles.admin import ProfileAdmin
from profiles.models import Profile


@admin.action(description="Add to an audience", permissions=["list"])
def add_to_audience(
    screen: ListableProfileAdmin, request: HttpRequest, queryset: QuerySet[Profile]
) -> HttpResponse:
    """Asks for the list, then puts everybody selected on it, on this page or on all of them."""
    form = ChooseListForm(request.POST if "choose_list" in request.POST else None)
    if form.is_bound and form.is_valid():
        try:
            return _add(request, queryset, form)
        except GatewayError as error:
            form.add_error(error.param if error.param in form.fields else None, error.text)
    context = {
        **screen.admin_site.each_context(request),
        "opts": screen.opts,
        "title": "Add to an audience",
        "form": form,
        "chosen": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "everybody": request.POST.get("select_across") == "1",
        "checkbox": ACTION_CHECKBOX_NAME,
    }
    return render(request, "admin/campaigns/audience/choose.html", context)


class ListableProfileAdmin(ProfileAdmin):
    """The profiles with what their own floor does not know: audiences."""

    actions = [*(ProfileAdmin.actions or ()), add_to_audience]

    def has_list_permission(self, request: HttpRequest) -> bool:
        """Who may change audiences may put people on them."""
        allowed: bool = request.user.has_perm("campaigns.change_audience")
        return allowed


admin.site.unregister(Profile)
admin.site.register(Profile, ListableProfileAdmin)


def _add(request: HttpRequest, queryset: QuerySet[Profile], form: ChooseListForm) -> HttpResponse:
    values: dict[str, Any] = form.cleaned_data
    with transaction.atomic():
        audience = values["audience"] or create_audience(name=values["name"], kind=AudienceKind.STATIC)
        added = add_profiles(audience=audience, profiles=queryset)
        record(
            actor=request.user,
            action="added members",
            obj=audience,
            changes={"added": added},
            address=address_of(request),
        )
    messages.success(request, f"{added:,} {'profile' if added == 1 else 'profiles'} added to “{audience}”.")
    return HttpResponseRedirect(reverse("admin:campaigns_audience_members", args=[audience.pk]))
