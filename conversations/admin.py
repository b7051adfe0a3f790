"""Conversations: the list of numbers that wrote, and one page per number to read and answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from access.audit import address_of, record
from conversations import marks, replying
from conversations.finding import anchor_of, number_behind
from conversations.lines import have_several_ways, shown
from conversations.listing import page_of
from conversations.models import Conversation
from conversations.people import names_of
from conversations.threads import Place, thread_of
from core.admin_links import RowLinks
from core.clock import now
from core.errors import GatewayError
from core.numbers import mask_number


@admin.register(Conversation)
class ConversationAdmin(RowLinks, ModelAdmin):  # type: ignore[misc]
    """Read by everybody who may see messages; answered by those who may send them."""

    section = ("Messages",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        """The list and the thread stand at Django's addresses; beside them what their pages post and fetch."""

        def own(route: str, view: Any, name: str) -> URLPattern:
            guarded: Any = self.admin_site.admin_view(view)
            route_of: URLPattern = path(route, guarded, name=f"conversations_{name}")
            return route_of

        return [
            own("find/", require_POST(self.find), "find"),
            own("<uuid:anchor>/items/", self.items, "items"),
            own("<uuid:anchor>/reply/", require_POST(self.reply), "reply"),
            own("<uuid:anchor>/count/", require_POST(self.count), "count"),
            own("<uuid:anchor>/seen/", require_POST(self.seen), "seen"),
            own("<uuid:anchor>/unread/", require_POST(self.unread), "unread"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The newest conversations; `?show=unread` only those nobody has read, `?after=` further back."""
        self._needs_view(request)
        only_unread = request.GET.get("show") == "unread"
        page = page_of(after=_uuid_or_none(request.GET.get("after", "")), only_unread=only_unread)
        return self._answer(
            request,
            "list",
            title="Conversations",
            page=page,
            only_unread=only_unread,
            is_first="after" not in request.GET,
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The conversation with the number of the message that the address names."""
        anchor = _uuid_or_none(object_id)
        if anchor is None:
            raise Http404
        return self._thread(request, anchor)

    def find(self, request: HttpRequest) -> HttpResponse:
        """From a number in any form to its conversation; posted, so that the number stands in no log."""
        self._needs_view(request)
        anchor = anchor_of(request.POST.get("number", ""))
        if anchor is None:
            messages.error(
                request, "Nothing was ever written to or from this number. Write it like +14155238886."
            )
            return HttpResponseRedirect(reverse("admin:conversations_conversation_changelist"))
        return _page_of(anchor)

    def items(self, request: HttpRequest, anchor: UUID) -> HttpResponse:
        """The newest items, or those `?before=` a place, as the page shows them."""
        return self._answer(request, "items", **self._items(request, self._number(request, anchor), anchor))

    def reply(self, request: HttpRequest, anchor: UUID) -> HttpResponse:
        """Queue the answer, or say beside the text why it cannot be sent."""
        msisdn = self._number(request, anchor, to_write=True)
        text, key = request.POST.get("text", ""), _uuid_or_none(request.POST.get("key", "")) or uuid4()
        try:
            message = replying.reply(msisdn=msisdn, text=text, key=key, actor=str(request.user))
        except GatewayError as error:
            return self._thread(request, anchor, typed=text, problem=error.text)
        record(
            actor=request.user,
            action="answered",
            obj=message,
            changes={"to": mask_number(msisdn)},
            address=address_of(request),
        )
        return _page_of(anchor)

    def count(self, request: HttpRequest, anchor: UUID) -> HttpResponse:
        """How many SMS the typed text takes."""
        way = replying.way_back(self._number(request, anchor, to_write=True))
        return JsonResponse(replying.counted(text=request.POST.get("text", ""), credential=way.credential))

    def seen(self, request: HttpRequest, anchor: UUID) -> HttpResponse:
        """What the page shows has been read, up to the newest message on it."""
        msisdn = self._number(request, anchor, to_write=True)
        until = _moment_or_none(request.POST.get("until", ""))
        if until is not None:
            marks.mark_seen(msisdn=msisdn, until=until, actor=str(request.user))
        return HttpResponse(status=204)

    def unread(self, request: HttpRequest, anchor: UUID) -> HttpResponse:
        """Leave it to somebody else."""
        marks.mark_unread(msisdn=self._number(request, anchor, to_write=True))
        messages.success(request, "Marked as unread.")
        return HttpResponseRedirect(reverse("admin:conversations_conversation_changelist"))

    def _thread(
        self, request: HttpRequest, anchor: UUID, *, typed: str = "", problem: str = ""
    ) -> HttpResponse:
        msisdn = self._number(request, anchor, to_write=bool(problem))
        return self._answer(
            request,
            "thread",
            status=422 if problem else 200,
            title=msisdn,
            original=msisdn,
            msisdn=msisdn,
            name=names_of([msisdn]).get(msisdn, ""),
            way=replying.way_back(msisdn),
            may_reply=_may_reply(request),
            key=uuid4(),
            typed=typed,
            problem=problem,
            text_limit=settings.SMSGATEWAY_TEXT_LIMIT,
            **self._items(request, msisdn, anchor),
        )

    def _items(self, request: HttpRequest, msisdn: str, anchor: UUID) -> dict[str, Any]:
        thread = thread_of(
            msisdn,
            before=Place.parse(request.GET.get("before", "")),
            with_consent=request.user.has_perm("consent.view_consentevent"),
        )
        return {
            "anchor": anchor,
            "rows": shown(thread.items),
            "earlier": thread.earlier,
            "several": have_several_ways(thread.items),
        }

    def _number(self, request: HttpRequest, anchor: UUID, *, to_write: bool = False) -> str:
        """The number an address leads to, for those who may read (or answer) what stands there."""
        self._needs_view(request)
        if to_write and not _may_reply(request):
            raise PermissionDenied
        if not (msisdn := number_behind(anchor)):
            raise Http404("No conversation: the message is gone, or the person was erased.")
        return msisdn

    def _answer(
        self, request: HttpRequest, template: str, *, status: int = 200, **context: Any
    ) -> HttpResponse:
        everything = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        answer = render(request, f"admin/conversations/{template}.html", everything, status=status)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _needs_view(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied


def unread_count(request: HttpRequest) -> int:
    """The badge of the menu: how many numbers wait to be read."""
    return marks.unread_count()


def _may_reply(request: HttpRequest) -> bool:
    return request.user.has_perm("messaging.change_message")


def _page_of(anchor: UUID) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:conversations_conversation_change", args=[anchor]))


def _uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _moment_or_none(text: str) -> Any:
    """An aware time no later than now, so that nothing yet to come counts as seen."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return min(moment, now()) if moment is not None and moment.tzinfo is not None else None
