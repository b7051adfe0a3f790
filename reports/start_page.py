"""The admin's start page: what this user may see of the numbers, alerts, checklist and recent messages."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from messaging.admin.badges import badge
from messaging.states import UNDER_WAY, State
from reports import alerts, checklist, dashboard
from reports.checklist import Step, Target


@dataclass(frozen=True)
class Tile:
    """One of today's numbers; `tone` ("good", "bad", "look" or "") colours it when it is not 0."""

    label: str
    value: int
    link: str
    tone: str = ""
    note: str = ""

    @property
    def shown(self) -> str:
        """The number with thousands apart."""
        return f"{self.value:,}"


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the start page's parts to the index template's context."""
    since = dashboard.start_of_today()
    context["today"] = timezone.localdate()
    context["time_zone"] = timezone.get_current_timezone_name()
    context["tiles"] = _tiles(request, since)
    if request.user.has_perm("credentials.view_apicredential"):
        setup = dashboard.read_setup()
        steps = [(step, _step_link(request, step)) for step in checklist.steps(setup)]
        context["steps"] = steps
        context["steps_done"] = sum(step.done for step, _ in steps)
        context["next_step"] = next((step for step, _ in steps if not step.done), None)
        context["alerts"] = [
            (alert, _link(request, alert.target, alert.query)) for alert in alerts.alerts(setup)
        ]
    if request.user.has_perm("messaging.view_message"):
        context["recent"] = [(message, badge(message.state)) for message in dashboard.recent_messages()]
    return context


def _tiles(request: HttpRequest, since: dt.datetime) -> list[Tile]:
    return [*_message_tiles(request, since), *_people_tiles(request, since)]


def _message_tiles(request: HttpRequest, since: dt.datetime) -> list[Tile]:
    if not request.user.has_perm("messaging.view_message"):
        return []
    numbers = dashboard.message_numbers(since=since)
    base = f"{reverse('admin:messaging_message_changelist')}?{_since('created_at', since)}"

    def link(*states: State) -> str:
        return f"{base}&state__in={','.join(states)}"

    share = f"{numbers.delivered / numbers.accepted:.0%} of accepted" if numbers.accepted else ""
    return [
        Tile("Waiting", numbers.waiting, link(*UNDER_WAY)),
        Tile("Accepted", numbers.accepted, f"{base}&accepted_at__isnull=False"),
        Tile("Delivered", numbers.delivered, link(State.DELIVERED), "good", share),
        Tile("Failed", numbers.failed, link(*dashboard.FAILED_STATES), "bad"),
        Tile("Unknown", numbers.unknown, link(State.UNKNOWN), "look"),
        Tile("Suppressed", numbers.suppressed, link(State.SUPPRESSED)),
    ]


def _people_tiles(request: HttpRequest, since: dt.datetime) -> list[Tile]:
    tiles = []
    if request.user.has_perm("consent.view_consentevent"):
        url = reverse("admin:consent_consentevent_changelist")
        link = f"{url}?kind__exact=opt_out&{_since('received_at', since)}"
        tiles.append(Tile("Opt-outs", dashboard.opt_outs(since=since), link))
    if request.user.has_perm("webhooks.view_inboundmessage"):
        url = reverse("admin:webhooks_inboundmessage_changelist")
        link = f"{url}?{_since('received_at', since)}"
        tiles.append(Tile("Inbound", dashboard.inbound(since=since), link))
    return tiles


def _since(field: str, since: dt.datetime) -> str:
    return f"{field}__gte={since.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S}Z"


def _step_link(request: HttpRequest, step: Step) -> str:
    if step.on_handset and not step.done and settings.SMSGATEWAY_SIMULATOR_URL:
        return str(settings.SMSGATEWAY_SIMULATOR_URL)
    return _link(request, step.target)


def _link(request: HttpRequest, target: Target | None, query: str = "") -> str:
    """Address of a target, or "" when this user may not go there."""
    if target is None or not request.user.has_perm(target.permission):
        return ""
    url = reverse(target.url_name, args=[target.object_id] if target.object_id else [])
    return f"{url}?{query}" if query else url
