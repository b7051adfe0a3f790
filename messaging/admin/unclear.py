"""Unclear messages: what the gateway cannot decide about by itself, and the steps that settle it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from unfold.admin import ModelAdmin

from messaging import staff
from messaging.admin.messages import MessageAdmin
from messaging.admin.settling import ASK_PROVIDER_LABEL, MOST, ask, ask_provider, may_operate
from messaging.models import UnclearMessage
from messaging.models.messages import Message

Action = Callable[[Any, HttpRequest, QuerySet[Message]], HttpResponse | None]


def _action(name: str, step: staff.Step) -> Action:
    """One entry of the list's actions: the page that asks before the step is taken."""

    @admin.action(description=step.label, permissions=["operate"])
    def run(self: Any, request: HttpRequest, chosen: QuerySet[Message]) -> HttpResponse | None:
        fitting = list(chosen.filter(state=step.before).order_by("id")[: MOST + 1])
        if not fitting or len(fitting) > MOST:
            words = "None of them is" if not fitting else f"Choose at most {MOST} that are"
            messages.error(request, f"{words} {step.before.label.lower()}; nothing was changed.")
            return None
        return ask(request, self.admin_site, name, fitting)

    run.__name__ = name
    return run


@admin.action(description=ASK_PROVIDER_LABEL, permissions=["operate"])
def ask_provider_about(self: Any, request: HttpRequest, chosen: QuerySet[Message]) -> HttpResponse:
    """Another entry: have the worker ask the provider about them."""
    return ask_provider(request, list(chosen.order_by("id")))


@admin.register(UnclearMessage)
class UnclearMessageAdmin(MessageAdmin):
    """Unknown and quarantined messages, the longest waiting first."""

    list_display: tuple[Any, ...] = (
        "created",
        "msisdn",
        "excerpt",
        "channel",
        "credential",
        "purpose",
        "state_badge",
        "why",
    )
    list_filter: tuple[Any, ...] = ("state", "purpose", "channel", "credential")
    empty_text = "Nothing is unclear: of every message it is known whether the provider has it."
    actions = (ask_provider_about, *(_action(name, step) for name, step in staff.STEPS.items() if step.asks))

    def get_urls(self) -> list[URLPattern]:
        """Only the list: a message has one page, that of all messages."""
        urls: list[URLPattern] = ModelAdmin.get_urls(self)
        return urls

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether the actions are offered."""
        return may_operate(request)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:messaging_message_change", args=[uuid.UUID(object_id)]))


def unclear_count(request: HttpRequest) -> int:
    """The badge of the menu: what waits for somebody."""
    return UnclearMessage.objects.count()
