"""Sending notices: by e-mail, or signed to a webhook; what fails is tried again, longer apart each time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import smtplib
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import requests
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F

from core.clock import database_now
from core.errors import GatewayError
from core.http import GuardedSession, exchange
from operations.alerting.kinds import KINDS
from operations.models import AlertNotice, AlertTarget, NoticeState, TargetKind

log = logging.getLogger(__name__)

MOST_TRIES: Final = 8
_MOST_AT_ONCE: Final = 50
_LEASE: Final = timedelta(minutes=2)
_FIRST_PAUSE: Final = timedelta(seconds=30)
_LONGEST_PAUSE: Final = timedelta(hours=1)
_SUBJECTS: Final = {"opened": "", "still": "Still: ", "over": "Over: ", "test": "Test: "}
TEST: Final = "test"


def tell_due() -> int:
    """Send what is due; gives how many arrived. A worker's death costs a second notice."""
    due = AlertNotice.objects.filter(state=NoticeState.WAITING, due_at__lte=database_now())
    return sum(_tell(notice) for notice in due.select_related("target").order_by("due_at")[:_MOST_AT_ONCE])


def test_notice(target: AlertTarget) -> AlertNotice:
    """Write a notice that only says that notices arrive, and try it now; the row says what came of it."""
    text = "This is a test: notices of the SMS gateway arrive here."
    notice = AlertNotice.objects.create(
        target=target, event=TEST, kind=TEST, text=text, link=settings.SMSGATEWAY_PUBLIC_URL
    )
    _tell(notice)
    notice.refresh_from_db()
    return notice


def subject_of(notice: AlertNotice) -> str:
    """One line: what kind, and whether it is new, still so or over."""
    return f"[SMS gateway] {_SUBJECTS[notice.event]}{KINDS.get(notice.kind, 'notices arrive')}"


def _tell(notice: AlertNotice) -> bool:
    taken = AlertNotice.objects.filter(pk=notice.pk, state=NoticeState.WAITING, due_at=notice.due_at)
    if not taken.update(due_at=database_now() + _LEASE, tries=F("tries") + 1):
        return False
    problem = _WAYS[TargetKind(notice.target.kind)](notice)
    tries = notice.tries + 1
    state, pause = NoticeState.SENT, timedelta()
    if problem:
        state = NoticeState.FAILED if tries >= MOST_TRIES else NoticeState.WAITING
        pause = min(_FIRST_PAUSE * 2 ** (tries - 1), _LONGEST_PAUSE)
        log.warning("alert notice %s: try %s failed", notice.pk, tries)
    AlertNotice.objects.filter(pk=notice.pk).update(
        state=state, due_at=database_now() + pause, last_answer=problem[:300]
    )
    return not problem


def _by_email(notice: AlertNotice) -> str:
    lines = [notice.text, "", notice.link, "", "Who is told of what: Alert targets in the admin."]
    message = EmailMessage(
        subject_of(notice), "\n".join(lines), settings.SMSGATEWAY_EMAIL_FROM, addresses_of(notice.target)
    )
    try:
        message.send()
    except (OSError, smtplib.SMTPException) as error:
        return f"The mail server did not take it: {type(error).__name__}. Check SMSGATEWAY_EMAIL_URL."
    return ""


def _by_webhook(notice: AlertNotice) -> str:
    try:
        with GuardedSession() as session:
            prepared = session.prepare_request(_request(notice))
            answer = exchange(session, prepared, max_body=4_096)
    except GatewayError as error:
        return error.text
    return "" if 200 <= answer.status < 300 else f"It answered HTTP {answer.status}."


def _request(notice: AlertNotice) -> requests.Request:
    body = {
        "id": str(notice.pk),
        "event": notice.event,
        "kind": notice.kind,
        "text": notice.text,
        "link": notice.link,
        "at": notice.created_at.isoformat(),
    }
    data = json.dumps(body).encode()
    stamp = str(int(database_now().timestamp()))
    headers = {"Content-Type": "application/json", "webhook-id": str(notice.pk), "webhook-timestamp": stamp}
    if secret := notice.target.secret:
        headers["webhook-signature"] = signature(secret, id=str(notice.pk), stamp=stamp, body=data)
    return requests.Request("POST", notice.target.url, headers=headers, data=data)


def signature(secret: str, *, id: str, stamp: str, body: bytes) -> str:  # noqa: A002  the name in the specification
    """As Standard Webhooks say: HMAC-SHA256 of id.timestamp.body, in base64."""
    digest = hmac.new(secret.encode(), f"{id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def addresses_of(target: AlertTarget) -> list[str]:
    """The e-mail addresses, however they were separated."""
    return target.addresses.replace(",", " ").replace(";", " ").split()


_WAYS: Final[dict[TargetKind, Callable[[AlertNotice], str]]] = {
    TargetKind.EMAIL: _by_email,
    TargetKind.WEBHOOK: _by_webhook,
}
