from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from core.clock import database_now
from core.vocabulary import Outcome
from credentials.models import ApiCredential
from messaging.accept import accept, through_channel
from messaging.models import ChannelConfiguration, Message, SendHold, Source, WebHost
from messaging.states import State
from operations import pulse
from operations.metrics import views
from operations.metrics.tallying import tally
from tests.operations.metrics.test_tallying import send, settle

pytestmark = pytest.mark.django_db
DOCS = Path(__file__).resolve().parents[3] / "docs" / "metrics.md"
TOKEN = "0123456789abcdef"


def samples(client: Client) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    views.forget()
    answer = client.get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def value(client: Client, name: str, **labels: str) -> float | None:
    return samples(client).get((f"smsgateway_{name}", tuple(sorted(labels.items()))))


def test_counters_come_from_the_database(client: Client, channel: ChannelConfiguration) -> None:
    tally()
    send(channel, Outcome.ACCEPTED, provider_id="p-1")
    send(channel, Outcome.UNKNOWN)
    send(channel, Outcome.OPTED_OUT)
    for _ in range(2):
        settle()
        tally()
    name = channel.credential.name
    assert value(client, "messages_accepted_total", credential=name) == 3
    for outcome in ("accepted", "unknown", "opted_out"):
        assert value(client, "sends_total", credential=name, outcome=outcome) == 1, outcome
    assert value(client, "messages_total", credential=name, state="accepted", reason="") == 1
    assert value(client, "messages_need_attention", credential=name, state="unknown") == 1
    assert value(client, "messages_need_attention", credential=name, state="quarantined") == 0


def test_queues_by_credential(client: Client, channel: ChannelConfiguration) -> None:
    name = channel.credential.name
    assert value(client, "queue_messages", credential=name) == 0
    assert value(client, "queue_oldest_due_seconds", credential=name) == 0
    for _ in range(3):
        accept(through_channel(channel, to="+14155550101", text="Hi", source=Source.API), wake=False)
    Message.objects.filter(state=State.QUEUED).update(due_at=database_now() - timedelta(seconds=90))
    one = Message.objects.order_by("id")[0]
    Message.objects.filter(pk=one.pk).update(priority=8, due_at=database_now() - timedelta(seconds=600))
    assert value(client, "queue_messages", credential=name) == 3
    assert 600 <= (value(client, "queue_oldest_due_seconds", credential=name) or 0) < 660


def test_what_stands_still_is_seen(client: Client, channel: ChannelConfiguration) -> None:
    moment = database_now()
    channel.credential.paused_at = moment
    channel.credential.save()
    SendHold.objects.create(reason="Drill", placed_by="ada")
    WebHost.objects.create(
        id="0" * 31 + "1", name="web-1", seen_at=moment - timedelta(seconds=30), spooled=4, set_aside=1
    )
    pulse.beat_of_worker()
    assert value(client, "credential_paused", credential=channel.credential.name) == 1
    assert value(client, "send_holds") == 1
    assert value(client, "spool_callbacks", host="web-1") == 4
    assert value(client, "spool_set_aside", host="web-1") == 1
    assert 30 <= (value(client, "web_host_seen_seconds", host="web-1") or 0) < 60
    assert (value(client, "worker_seen_seconds") or 0) < 30


def test_the_database_is_asked_once_in_five_seconds(
    client: Client, channel: ChannelConfiguration, django_assert_num_queries: Any
) -> None:
    client.get("/metrics")
    with django_assert_num_queries(0):
        assert client.get("/metrics").status_code == 200


def test_the_number_of_questions_does_not_grow_with_credentials(
    client: Client, channel: ChannelConfiguration, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        ApiCredential.objects.create(name=f"Another {number}", provider_url="https://p.example.com/")
    with django_assert_max_num_queries(14):
        client.get("/metrics")


@pytest.mark.parametrize(
    ("token", "headers", "peer", "status"),
    [
        ("", {}, "127.0.0.1", 200),
        ("", {}, "::1", 200),
        ("", {}, "203.0.113.7", 401),
        ("", {"X-Forwarded-For": "127.0.0.1"}, "203.0.113.7", 401),
        # A proxy on this machine that nobody trusts: whoever stands behind it is not this machine.
        ("", {"X-Forwarded-For": "203.0.113.7"}, "127.0.0.1", 401),
        ("", {"Forwarded": "for=203.0.113.7"}, "127.0.0.1", 401),
        ("", {"X-Forwarded-Proto": "https"}, "127.0.0.1", 401),
        # A proxy that is trusted names the caller.
        ("", {"X-Forwarded-For": "203.0.113.7"}, "10.0.0.1", 401),
        ("", {"X-Forwarded-For": "127.0.0.1"}, "10.0.0.1", 200),
        (TOKEN, {"Authorization": f"Bearer {TOKEN}"}, "203.0.113.7", 200),
        (TOKEN, {}, "127.0.0.1", 401),
        (TOKEN, {"Authorization": f"Bearer {TOKEN}x"}, "127.0.0.1", 401),
        (TOKEN, {"Authorization": "Bearer "}, "127.0.0.1", 401),
        (TOKEN, {"Authorization": "Bearer ünï"}, "127.0.0.1", 401),
    ],
)
def test_who_may_read(
    client: Client, settings: Any, token: str, headers: dict[str, str], peer: str, status: int
) -> None:
    from core.callers import networks_of

    settings.SMSGATEWAY_METRICS_TOKEN = token
    settings.SMSGATEWAY_TRUSTED_PROXIES = networks_of(["10.0.0.0/8"])
    assert client.get("/metrics", headers=headers, REMOTE_ADDR=peer).status_code == status


def test_the_page_is_for_reading_only_and_needs_no_tls(client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.post("/metrics").status_code == 405
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("application/openmetrics-text")
    assert answer.content.endswith(b"# EOF\n")


@pytest.mark.parametrize(("token", "errors"), [("", 0), ("short", 1), ("ü" * 20, 1), (TOKEN, 0)])
def test_a_token_that_can_be_guessed_is_an_error(settings: Any, token: str, errors: int) -> None:
    settings.SMSGATEWAY_METRICS_TOKEN = token
    found = [problem for problem in run_checks() if problem.id == "smsgateway.E050"]
    assert len(found) == errors


def test_the_documentation_lists_every_metric_and_no_other(client: Client) -> None:
    text = client.get("/metrics").content.decode()
    shown = set(re.findall(r"^# TYPE (smsgateway_\w+) ", text, re.MULTILINE))
    listed = set(re.findall(r"^\| `(smsgateway_\w+)`", DOCS.read_text(encoding="utf-8"), re.MULTILINE))
    assert listed == shown
