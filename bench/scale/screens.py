"""Pages of the admin and calls of the API, in this process, by somebody who may see everything."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse

from bench.scale.people import number
from bench.targets import SMOKE

Case = tuple[str, Callable[[], None]]
_LISTS: tuple[tuple[str, str, str], ...] = (
    ("messages", "messaging_message", ""),
    ("messages, page 2", "messaging_message", "p=2"),
    ("messages, far back", "messaging_message", "p={deep}"),
    ("messages: delivered", "messaging_message", "state__exact=delivered"),
    ("messages: failed", "messaging_message", "state__exact=failed"),
    ("messages: queued", "messaging_message", "state__exact=queued"),
    ("messages: unknown", "messaging_message", "state__exact=unknown"),
    ("messages: quarantined, none", "messaging_message", "state__exact=quarantined"),
    ("messages: sending, none", "messaging_message", "state__exact=sending"),
    ("messages: a busy channel", "messaging_message", "channel__id__exact={orders}"),
    ("messages: a channel of long ago", "messaging_message", "channel__id__exact={ended}"),
    ("messages: a channel seldom used", "messaging_message", "channel__id__exact={seldom}"),
    ("messages: a channel never used", "messaging_message", "channel__id__exact={unused}"),
    ("messages: marketing", "messaging_message", "purpose__exact=marketing"),
    ("messages: consent replies, long ago", "messaging_message", "purpose__exact=consent_reply"),
    ("messages: by staff", "messaging_message", "source__exact=admin"),
    ("messages: auto replies, none", "messaging_message", "source__exact=reply"),
    ("messages: past 7 days", "messaging_message", "created_at__gte={week}"),
    ("messages: one day, two months ago", "messaging_message", "created_at__gte={then}&created_at__lt={after}"),
    ("messages: failed, past 7 days", "messaging_message", "created_at__gte={week}&state__exact=failed"),
    ("messages: failed marketing, page 2", "messaging_message", "state__exact=failed&purpose__exact=marketing&p=2"),
    ("messages: today, waiting (a tile)", "messaging_message", "created_at__gte={today}&state__in=queued,sending"),
    ("messages: today, accepted (a tile)", "messaging_message", "created_at__gte={today}&accepted_at__isnull=False"),
    ("messages: by state", "messaging_message", "o=6"),
    ("messages: search a number", "messaging_message", "q={number}"),
    ("messages: search a number, nothing", "messaging_message", "q=%2B14165550000"),
    ("messages: search our id", "messaging_message", "q={message}"),
    ("messages: search the provider's id", "messaging_message", "q={theirs}"),
    ("messages: search, nothing", "messaging_message", "q=nothing-like-it"),
    ("numbers", "consent_consentsubject", ""),
    ("numbers, far back", "consent_consentsubject", "p={deep}"),
    ("consent history", "consent_consentevent", ""),
    ("consent history of a number", "consent_consentevent", "subject={subject}"),
    ("consent history: search a number", "consent_consentevent", "q={number}"),
    ("consent history: search a keyword", "consent_consentevent", "q=nothing-like-it"),
    ("consent history: help, none", "consent_consentevent", "kind__exact=help"),
    ("consent history: by staff, none", "consent_consentevent", "source__exact=staff"),
    ("review queue", "consent_consentreview", ""),
    ("review queue: decided", "consent_consentreview", "state=decided"),
    ("suppression list", "consent_suppression", ""),
    ("suppression list: lifted", "consent_suppression", "in_force=no"),
    ("suppression list: search a number", "consent_suppression", "q={number}"),
    ("inbound messages", "webhooks_inboundmessage", ""),
    ("inbound messages, far back", "webhooks_inboundmessage", "p={deep}"),
    ("inbound messages: opt-outs", "webhooks_inboundmessage", "intent__exact=opt_out"),
    ("inbound messages: help, none", "webhooks_inboundmessage", "intent__exact=help"),
    ("inbound messages: of a webhook", "webhooks_inboundmessage", "webhook__id__exact={webhook}"),
    ("inbound messages: search a number", "webhooks_inboundmessage", "q={number}"),
    ("inbound messages: search an id", "webhooks_inboundmessage", "q=in-300"),
    ("inbound messages: search, nothing", "webhooks_inboundmessage", "q=nothing-like-it"),
    ("conversations", "conversations_conversation", ""),
    ("conversations: unread", "conversations_conversation", "show=unread"),
    ("conversations, further back", "conversations_conversation", "after={inbound}"),
    ("raw callbacks", "webhooks_inboundrequest", ""),
    ("raw callbacks, far back", "webhooks_inboundrequest", "p={deep}"),
    ("raw callbacks: quarantined", "webhooks_inboundrequest", "state__exact=quarantined"),
    ("raw callbacks: not processed, none", "webhooks_inboundrequest", "state__exact=received"),
    ("raw callbacks: of a webhook", "webhooks_inboundrequest", "webhook__id__exact={webhook}"),
    ("raw callbacks: search a number", "webhooks_inboundrequest", "q={number}"),
    ("raw callbacks: search words", "webhooks_inboundrequest", "q=nothing-like-it"),
    ("audit trail", "access_auditentry", ""),
    ("audit trail: an action", "access_auditentry", "action__exact=decided"),
    ("audit trail: search, nothing", "access_auditentry", "q=nothing-like-it"),
    ("audit trail of an object", "access_auditentry", "object_type=webhooks.webhook&object_id__exact=302"),
)  # fmt: skip


def cases() -> Iterator[Case]:
    """Names and calls."""
    override_settings(ALLOWED_HOSTS=["*"]).enable()
    known = _known()
    client = Client()
    client.force_login(get_user_model().objects.get(username="bench"))
    yield "start page", lambda: _get(client, reverse("admin:index"))
    for name, screen, query in _LISTS:
        yield name, _visit(client, reverse(f"admin:{screen}_changelist"), query.format(**known))
    for name, screen, key in (
        ("message page", "messaging_message", "message"),
        ("page of a number", "consent_consentsubject", "subject"),
        ("inbound message page", "webhooks_inboundmessage", "inbound"),
        ("conversation", "conversations_conversation", "inbound"),
    ):
        yield name, _visit(client, reverse(f"admin:{screen}_change", args=[known[key]]), "")
    find = reverse("admin:consent_find")
    yield "numbers: find one", lambda: _post(client, find, {"number": known["typed"]})
    yield "numbers: find, nothing", lambda: _post(client, find, {"number": "+14165550000"})
    yield from _api(known)


def _api(known: dict[str, Any]) -> Iterator[Case]:
    from access.keys import issue_key
    from access.models import Scope

    _, raw = issue_key(name="Measuring", scopes=list(Scope.values))
    client = Client(headers={"Authorization": f"Bearer {raw}"})
    base = "/api/v1"
    yield "API: a message", _visit(client, f"{base}/messages/{known['message']}", "")
    ids = json.dumps({"ids": known["ids"]})
    yield "API: states of 1,000 messages", lambda: _post(client, f"{base}/messages/status", ids)
    yield "API: consent of a number", _visit(client, f"{base}/consent/{known['number']}", "")
    yield "API: consent events of a number", _visit(client, f"{base}/consent/{known['number']}/events", "")
    many = json.dumps({"numbers": [number(index) for index in range(1000)], "purpose": "marketing"})
    yield "API: consent of 1,000 numbers", lambda: _post(client, f"{base}/consent/check", many)


def _visit(client: Client, address: str, query: str) -> Callable[[], None]:
    return lambda: _get(client, f"{address}?{query}" if query else address)


def _get(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)


def _post(client: Client, address: str, body: Any) -> None:
    kind = {"content_type": "application/json"} if isinstance(body, str) else {}
    answer = client.post(address, body, **kind)
    assert answer.status_code == 200, (address, answer.status_code, answer.content[:300])


def _known() -> dict[str, Any]:
    """Things that exist, for the places in braces."""
    from datetime import timedelta

    from django.utils import timezone

    from consent.models import ConsentSubject
    from consent.sealing import number_hash
    from messaging.models import ChannelConfiguration, Message
    from webhooks.models import InboundMessage, Webhook

    now = timezone.now()
    message = Message.objects.filter(state="delivered").order_by("-id")[10]
    typed = number(13)
    moments = {
        "today": now.replace(hour=0, minute=0, second=0), "week": now - timedelta(days=7),
        "then": now - timedelta(days=61), "after": now - timedelta(days=60),
    }  # fmt: skip
    return {
        "deep": 20 if SMOKE else 1000,
        "message": message.pk,
        "theirs": message.provider_id,
        "ids": [str(pk) for pk in Message.objects.order_by("-id").values_list("pk", flat=True)[5000:6000]],
        "typed": typed,
        "number": typed.replace("+", "%2B"),
        "subject": ConsentSubject.objects.get(number_hash=number_hash(typed)).pk,
        "webhook": Webhook.objects.get().pk,
        "inbound": InboundMessage.objects.order_by("-received_at").values_list("pk", flat=True)[10],
        **{name: f"{moment:%Y-%m-%dT%H:%M:%SZ}" for name, moment in moments.items()},
        **{channel.name: channel.pk for channel in ChannelConfiguration.objects.all()},
    }
