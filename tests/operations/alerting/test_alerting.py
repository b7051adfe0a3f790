from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import json
import socketserver
import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db.models import F
from django.test import Client
from django.urls import reverse

from consent.models import ConsentReview
from core.clock import database_now
from core.ids import first_id_at
from credentials.models import ApiCredential
from messaging.models import SendHold
from operations.alerting import evaluating, kinds, telling
from operations.alerting.evaluating import EVERY, OVER_AFTER, REPEATED_AFTER, evaluate
from operations.alerting.telling import tell_due
from operations.models import AlertNotice, AlertTarget, Heartbeat, NoticeState, OpenAlert
from reports.alerts import alerts
from reports.dashboard import read_setup

pytestmark = pytest.mark.django_db
SECRET = "whsec-0123456789"


@pytest.fixture
def target(db: None) -> AlertTarget:
    return AlertTarget.objects.create(name="Night shift", addresses="ada@example.com, bob@example.com")


def look(**ago: timedelta) -> int:
    """Judge, with the alerts' own times moved into the past first."""
    Heartbeat.objects.filter(kind="alerts").update(at=F("at") - EVERY)
    for name, past in ago.items():
        OpenAlert.objects.update(**{name: F(name) - past})
    return evaluate()


def said() -> list[tuple[str, str]]:
    return list(AlertNotice.objects.order_by("created_at", "id").values_list("kind", "event"))


def test_an_alert_is_told_once_repeated_later_and_resolved(target: AlertTarget) -> None:
    hold = SendHold.objects.create(reason="Drill", placed_by="ada")
    assert look() == 1
    assert look() == 0
    assert look(told_at=REPEATED_AFTER + timedelta(seconds=1)) == 1
    assert look() == 0
    hold.released_at = database_now()
    hold.save()
    assert look() == 0, "it may come back at once"
    assert look(seen_at=OVER_AFTER + timedelta(seconds=1)) == 1
    assert look() == 0
    assert said() == [("on_hold", "opened"), ("on_hold", "still"), ("on_hold", "over")]


def test_what_comes_back_is_opened_anew(target: AlertTarget) -> None:
    hold = SendHold.objects.create(reason="Drill", placed_by="ada")
    look()
    SendHold.objects.update(released_at=database_now())
    look(seen_at=OVER_AFTER + timedelta(seconds=1))
    hold.released_at = None
    hold.save()
    look()
    assert [event for _, event in said()] == ["opened", "over", "opened"]
    assert OpenAlert.objects.get().resolved_at is None


def test_only_one_worker_judges_at_a_time(target: AlertTarget) -> None:
    SendHold.objects.create(reason="Drill", placed_by="ada")
    assert look() == 1
    AlertNotice.objects.all().delete()
    OpenAlert.objects.all().delete()
    assert evaluate() == 0


def test_a_target_hears_only_of_what_it_asked_for(target: AlertTarget) -> None:
    AlertTarget.objects.create(name="Off", addresses="x@example.com", enabled=False)
    AlertTarget.objects.create(name="Others", addresses="y@example.com", kinds=["queue_late"])
    wanted = AlertTarget.objects.create(name="Holds", addresses="z@example.com", kinds=["on_hold"])
    SendHold.objects.create(reason="Drill", placed_by="ada")
    look()
    assert set(AlertNotice.objects.values_list("target_id", flat=True)) == {target.pk, wanted.pk}


def paused(credential: ApiCredential, message: Any) -> None:
    credential.paused_at, credential.paused_reason = database_now(), "HTTP 401"
    credential.save()


def on_hold(credential: ApiCredential, message: Any) -> None:
    SendHold.objects.create(reason="Drill", placed_by="ada")


def late(credential: ApiCredential, message: Any) -> None:
    message("queued", due_at=database_now() - timedelta(minutes=5))


def quarantined(credential: ApiCredential, message: Any) -> None:
    message("quarantined")


def unknown(credential: ApiCredential, message: Any) -> None:
    for _ in range(kinds._MANY_UNKNOWN):
        message("unknown")


def silent(credential: ApiCredential, message: Any) -> None:
    message("delivered", **made(ago=timedelta(days=2)))
    for _ in range(kinds._ENOUGH_ACCEPTED):
        message("accepted", **made(ago=timedelta(hours=3)))


def made(*, ago: timedelta) -> dict[str, Any]:
    """Time and id of a message as old as that."""
    moment = database_now() - ago
    return {"created_at": moment, "id": uuid.UUID(int=first_id_at(moment).int + uuid.uuid4().int % (1 << 60))}


def review(credential: ApiCredential, message: Any) -> None:
    from consent.reviews import open_review

    open_review(msisdn="+14155550101", kind="free_words", text="leave me", rule_version="1")
    ConsentReview.objects.update(due_at=database_now() + timedelta(hours=3))


def breaker(credential: ApiCredential, message: Any) -> None:
    from messaging.models import Breaker, BreakerState

    moment = database_now()
    Breaker.objects.create(
        credential=credential, state=BreakerState.OPEN, opened_at=moment, reason="Connection refused."
    )


def spent(credential: ApiCredential, message: Any) -> None:
    from messaging.models import SpendCounter, SpendLimit
    from messaging.models.spending import Period
    from messaging.spending.limits import window_of

    limit = SpendLimit.objects.create(name="Daily", amount=10, period=Period.DAY)
    start, _ = window_of(limit.period, database_now())
    SpendCounter.objects.create(limit=limit, target="", window_start=start, used=10)


@pytest.mark.parametrize(
    ("happens", "kind"),
    [
        (breaker, "breaker_open"),
        (spent, "spend_stop"),
        (paused, "credential_paused"),
        (on_hold, "on_hold"),
        (late, "queue_late"),
        (quarantined, "quarantined"),
        (unknown, "unknown_piling"),
        (silent, "reports_silent"),
        (review, "review_due"),
    ],
)
def test_each_kind_is_seen_and_says_where_to_go(
    credential: ApiCredential,
    channel: Any,
    message: Any,
    target: AlertTarget,
    happens: Any,
    kind: str,
) -> None:
    look()
    assert OpenAlert.objects.count() == 0
    happens(credential, message)
    look()
    (alert,) = OpenAlert.objects.all()
    assert alert.kind == kind
    assert alert.link.startswith("https://sms.example.com/admin/")
    assert alert.text.endswith((".", "?")) or "Drill" in alert.text


def test_reports_that_still_come_are_not_silent(channel: Any, message: Any) -> None:
    silent(channel.credential, message)
    message("delivered", **made(ago=timedelta(hours=1)))
    assert list(kinds.reports_silent()) == []


def test_every_alert_of_the_start_page_with_a_kind_is_in_the_table(channel: Any, message: Any) -> None:
    for happens in (paused, on_hold, late, quarantined):
        happens(channel.credential, message)
    shown = {alert.kind for alert in alerts(read_setup())}
    assert shown - {""} <= set(kinds.KINDS)


def test_mail_says_what_and_where(target: AlertTarget) -> None:
    SendHold.objects.create(reason="Drill", placed_by="ada")
    look()
    assert tell_due() == 1
    assert tell_due() == 0
    (sent,) = mail.outbox
    assert sent.to == ["ada@example.com", "bob@example.com"]
    assert sent.subject == "[SMS gateway] All sending is on hold"
    assert "Drill" in sent.body
    assert "https://sms.example.com/admin/messaging/sendhold/" in sent.body


class _Smtp(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as one mail needs."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while (part := self.rfile.readline()) != b".\r\n":
                    self.server.received.append(part)  # type: ignore[attr-defined]
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                return


@pytest.fixture
def smtp() -> Iterator[Any]:
    with socketserver.TCPServer(("127.0.0.1", 0), _Smtp) as server:
        server.received = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_real_mail_server_gets_it(target: AlertTarget, smtp: Any, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = smtp.server_address
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    assert telling.test_notice(target).state == NoticeState.SENT
    assert b"To: ada@example.com, bob@example.com\r\n" in smtp.received


def test_a_mail_server_that_is_away_is_tried_again(target: AlertTarget, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    notice = telling.test_notice(target)
    assert (notice.state, notice.tries) == (NoticeState.WAITING, 1)
    assert "SMSGATEWAY_EMAIL_URL" in notice.last_answer
    assert notice.due_at > database_now() + timedelta(seconds=20)
    for _ in range(telling.MOST_TRIES):
        AlertNotice.objects.update(due_at=database_now())
        tell_due()
    notice.refresh_from_db()
    assert (notice.state, notice.tries) == (NoticeState.FAILED, telling.MOST_TRIES)


class _Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls.append((dict(self.headers), body))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def hook(settings: Any) -> Iterator[Any]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Hook) as server:
        server.calls, server.status = [], 204  # type: ignore[attr-defined]
        settings.SMSGATEWAY_PRIVATE_HOSTS = frozenset({f"127.0.0.1:{server.server_port}"})
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_webhook_gets_a_call_whose_signature_verifies(hook: Any) -> None:
    url = f"http://127.0.0.1:{hook.server_port}/alerts"
    AlertTarget.objects.create(name="Pager", kind="webhook", url=url, secret=SECRET)
    SendHold.objects.create(reason="Drill", placed_by="ada")
    look()
    hook.status = 500
    assert tell_due() == 0
    assert AlertNotice.objects.get().last_answer == "It answered HTTP 500."
    hook.status = 204
    AlertNotice.objects.update(due_at=database_now())
    assert tell_due() == 1
    headers, body = hook.calls[1]
    lower = {name.lower(): value for name, value in headers.items()}
    signed = f"{lower['webhook-id']}.{lower['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert lower["webhook-signature"] == f"v1,{expected}"
    told = json.loads(body)
    assert (told["event"], told["kind"]) == ("opened", "on_hold")
    assert json.loads(hook.calls[0][1])["id"] == told["id"], "the same notice keeps its id"


def test_a_webhook_inside_private_networks_is_refused(db: None) -> None:
    target = AlertTarget.objects.create(name="Inside", kind="webhook", url="http://127.0.0.1:9/x")
    notice = telling.test_notice(target)
    assert notice.state == NoticeState.WAITING
    assert notice.last_answer


def test_old_alerts_and_notices_are_forgotten(target: AlertTarget) -> None:
    hold = SendHold.objects.create(reason="Drill", placed_by="ada")
    look()
    long_ago = database_now() - evaluating.KEPT - timedelta(days=1)
    AlertNotice.objects.update(created_at=long_ago)
    assert evaluating.forget_old_alerts() == 1, "what is open stays"
    OpenAlert.objects.update(resolved_at=long_ago)
    hold.delete()
    assert evaluating.forget_old_alerts() == 1


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"kind": "email", "addresses": ""}, "addresses"),
        ({"kind": "email", "addresses": "ada@example.com nobody"}, "addresses"),
        ({"kind": "webhook", "url": ""}, "url"),
        ({"kind": "webhook", "url": "http://169.254.169.254/x"}, "url"),
        ({"kind": "webhook", "url": "ftp://example.com/x"}, "url"),
    ],
)
def test_a_target_that_cannot_work_is_not_saved(
    admin_client: Client, typed: dict[str, str], field: str
) -> None:
    answer = admin_client.post(reverse("admin:operations_alerttarget_add"), {"name": "N", **typed})
    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert not AlertTarget.objects.exists()


def test_the_secret_is_kept_and_never_shown(admin_client: Client) -> None:
    typed = {"name": "Pager", "kind": "webhook", "url": "https://93.184.216.34/x", "enabled": "on"}
    admin_client.post(reverse("admin:operations_alerttarget_add"), {**typed, "secret": SECRET})
    target = AlertTarget.objects.get()
    assert target.secret == SECRET
    url = reverse("admin:operations_alerttarget_change", args=[target.pk])
    assert SECRET not in admin_client.get(url).content.decode()
    admin_client.post(url, {**typed, "name": "Pager 2", "kinds": ["on_hold"]})
    target = AlertTarget.objects.get()
    assert (target.secret, target.name, target.kinds) == (SECRET, "Pager 2", ["on_hold"])


def test_the_list_sends_a_test(admin_client: Client, target: AlertTarget) -> None:
    url = reverse("admin:operations_alerttarget_changelist")
    answer = admin_client.post(
        url, {"action": "send_test", "_selected_action": [str(target.pk)]}, follow=True
    )
    assert "the test was taken" in answer.content.decode()
    assert len(mail.outbox) == 1


def test_the_start_page_shows_what_workers_found(admin_client: Client, message: Any) -> None:
    unknown(None, message)  # type: ignore[arg-type]
    look()
    page = admin_client.get(reverse("admin:index")).content.decode()
    assert page.count("was lost. They are not sent again by themselves") == 1


def test_the_lists_and_pages_of_alerts_and_notices_render(admin_client: Client, target: AlertTarget) -> None:
    SendHold.objects.create(reason="Drill", placed_by="ada")
    look()
    for row in (OpenAlert.objects.get(), AlertNotice.objects.get()):
        name = f"admin:operations_{row._meta.model_name}"
        for url in (reverse(f"{name}_changelist"), reverse(f"{name}_change", args=[row.pk])):
            answer = admin_client.get(url)
            assert answer.status_code == 200, url
            assert "Drill" in answer.content.decode(), url
