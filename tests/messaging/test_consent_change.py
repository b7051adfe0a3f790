from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from access.models import AuditEntry
from consent import ledger
from consent.models import ConsentEvent
from consent.selectors import history
from messaging.models import Message

pytestmark = pytest.mark.django_db
ADA = "+14155550101"


@pytest.fixture
def staff(client: Client) -> User:
    user = User.objects.create_superuser("olga", password="a-long-password-1")
    client.force_login(user)
    return user


def post(client: Client, step: str = "", **values: str) -> Any:
    data = {
        "number": ADA,
        "kind": "opt_out",
        "scope": "all",
        "purpose": "all",
        "reason": "Called us",
    } | values
    return client.post(reverse("admin:messaging_consent_change"), data | ({"step": step} if step else {}))


def test_an_opt_out_says_what_it_does_and_then_does_it(client: Client, staff: User, queue: Any) -> None:
    queue(to=ADA), queue(to=ADA)
    form = post(client).content.decode()
    assert 'value="+14155550101"' in form
    review = post(client, "review").content.decode()
    assert "2 queued messages will be suppressed" in review
    assert "Opted out of everything" in review
    assert not ConsentEvent.objects.exists()
    answer = post(client, "apply")
    assert answer.status_code == 302
    assert ADA not in answer.url
    assert {message.state for message in Message.objects.all()} == {"suppressed"}
    (one,) = history(ADA)
    assert (one.event.source, one.event.actor, one.event.reason) == ("staff", "olga", "Called us")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.changes["suppressed"]) == ("changed consent", 2)


def test_only_messages_within_reach_are_taken_out(
    client: Client, staff: User, queue: Any, marketing: Any
) -> None:
    kept, taken = queue(to=ADA), queue(to=ADA, channel=marketing)
    post(client, "apply", purpose="marketing")
    assert dict(Message.objects.values_list("pk", "state")) == {kept.pk: "queued", taken.pk: "suppressed"}


@pytest.mark.parametrize("source", ["keyword", "staff", "provider", "import"])
def test_an_opt_out_is_turned_round_with_reason_and_evidence_only(
    client: Client, staff: User, source: str
) -> None:
    ledger.record(msisdn=ADA, kind="opt_out", source=source)
    for values in ({"reason": ""}, {"evidence": ""}):
        page = post(client, "apply", kind="opt_in", **{"evidence": "Form of 3 May"} | values).content.decode()
        assert "errorlist" in page
    assert "The person has opted out. Add what proves" in page
    assert ConsentEvent.objects.count() == 1
    assert post(client, "apply", kind="opt_in", evidence="Form of 3 May").status_code == 302
    newest = history(ADA)[0]
    assert (newest.event.kind, newest.evidence) == ("opt_in", {"evidence": "Form of 3 May"})


def test_an_opt_in_of_somebody_unknown_needs_no_evidence(client: Client, staff: User) -> None:
    assert post(client, "apply", kind="opt_in").status_code == 302


def test_an_opt_out_that_still_stands_is_pointed_out(client: Client, staff: User) -> None:
    ledger.record(msisdn=ADA, kind="opt_out", source="staff")
    page = post(client, "review", kind="opt_in", purpose="marketing").content.decode()
    assert "still stands" in page


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"number": "12"}, "too short"),
        ({"scope": "sender:+1999"}, "valid choice"),
        ({"kind": "x"}, "valid choice"),
    ],
)
def test_mistakes_are_told_and_nothing_happens(client: Client, staff: User, values: Any, told: str) -> None:
    assert told in post(client, "apply", **values).content.decode()
    assert not ConsentEvent.objects.exists()
