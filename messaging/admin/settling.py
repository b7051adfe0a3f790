"""Settling messages by hand: a second thought and a reason before anything changes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from access.audit import address_of, record
from messaging import lookups, staff
from messaging.models import Message

MOST = 200
# What the operator should know before each step.
_MEANS: dict[str, str] = {
    "requeue": "It goes back into the queue and is sent once a worker takes it. It was never sent so far.",
    "give_up": "It is closed as failed and will not be sent.",
    "resend": "Parts that were certainly accepted are not sent again. If the provider has the rest already, it arrives "
    "twice; it is flagged as a possible duplicate.",
    "mark_accepted": "You have seen that the provider has it; a delivery report may still come. Messages of which a "
    "part was never sent are left out.",
    "mark_delivered": "You have seen that it arrived. Messages of which a part was never sent are left out.",
    "mark_failed": "It is closed as failed and will not be sent. A later delivery report changes nothing.",
}


ASK_PROVIDER = "ask_provider"
ASK_PROVIDER_LABEL = "Ask the provider"


def questions_for(message: Message) -> list[tuple[str, str]]:
    """Name and label of the button that asks the provider, where it can be asked."""
    return [(ASK_PROVIDER, ASK_PROVIDER_LABEL)] if lookups.can_be_asked(message) else []


def ask_provider(request: HttpRequest, chosen: Sequence[Message]) -> HttpResponse:
    """Have the worker ask about these at once; the answer stands on the page of each message."""
    count = lookups.ask_now(chosen)
    if count:
        many = "one message" if count == 1 else f"{count} messages"
        messages.success(
            request,
            f"The provider is asked about {many} within seconds; its answer stands on the message's page.",
        )
    if left := len(chosen) - count:
        messages.warning(request, f"Of {left} it cannot be asked: {_CANNOT_BE_ASKED}")
    return _back(chosen)


_CANNOT_BE_ASKED = "not unknown any more, or the API credentials are paused or have no Status look-up URL."


def may_operate(request: HttpRequest) -> bool:
    """Whether this person may settle messages."""
    return bool(request.user.has_perm("messaging.change_message"))


def ask(
    request: HttpRequest, site: AdminSite, name: str, chosen: Sequence[Message], *, error: str = ""
) -> HttpResponse:
    """The page that says what a step does and asks why; nothing is changed yet."""
    context: dict[str, Any] = {
        **site.each_context(request),
        "opts": Message._meta,
        "title": staff.STEPS[name].label,
        "name": name,
        "means": _MEANS[name],
        "chosen": chosen,
        "error": error,
    }
    return render(request, "admin/messaging/message/settle.html", context, status=422 if error else 200)


def settle(request: HttpRequest, site: AdminSite, name: str) -> HttpResponse:
    """Take the step on the messages of the page above."""
    if not may_operate(request):
        raise PermissionDenied
    if name not in _MEANS:
        raise Http404
    chosen = list(Message.objects.filter(id__in=_ids(request)).order_by("id"))
    why = request.POST.get("why", "").strip()
    if not why:
        return ask(request, site, name, chosen, error="Say why; it stands in the history of each message.")
    count = staff.take(name, chosen, actor=str(request.user), why=why[:300])
    for message in chosen if count else ():
        record(
            actor=request.user,
            action=name,
            obj=message,
            changes={"why": why[:300]},
            address=address_of(request),
        )
    _tell(request, count, len(chosen))
    return _back(chosen)


def _back(chosen: Sequence[Message]) -> HttpResponse:
    """The page of the only message, the list for several."""
    if len(chosen) == 1:
        return HttpResponseRedirect(reverse("admin:messaging_message_change", args=[chosen[0].pk]))
    return HttpResponseRedirect(reverse("admin:messaging_unclearmessage_changelist"))


def _ids(request: HttpRequest) -> list[uuid.UUID]:
    try:
        return [uuid.UUID(text) for text in request.POST.getlist("id")[:MOST]]
    except ValueError as error:
        raise Http404 from error


def _tell(request: HttpRequest, count: int, chosen: int) -> None:
    if count < chosen:
        messages.warning(
            request,
            f"{chosen - count} of {chosen} did not fit: moved on meanwhile, or a part was never sent. {count} changed.",
        )
    else:
        messages.success(request, "Done.")
