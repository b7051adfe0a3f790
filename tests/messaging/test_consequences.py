from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from consent import ledger, reviews, suppression
from consent.models import ConsentEvent, Suppression
from core.clock import now
from core.vocabulary import FailureClass, Outcome, Purpose
from credentials.models import ProviderCode
from messaging import results
from messaging.claiming import claim_one
from messaging.gate import pass_gate
from messaging.models import Message
from messaging.reports import Report, apply_report
from messaging.states import Reason, State
from messaging.withdrawals import follow_decisions
from tests.messaging.conftest import NUMBER, result_of

pytestmark = pytest.mark.django_db


def at_gate(message: Message) -> tuple[str, str]:
    pass_gate(claim_one(message.id))
    message.refresh_from_db()
    return message.state, message.reason


def answered(message: Message, outcome: Outcome, **values: Any) -> None:
    (passed,) = pass_gate(claim_one(message.id))
    results.write([result_of(passed, outcome, **values)])


def reported(message: Message, code: str, status: str = "undelivered") -> None:
    apply_report(
        credential_id=message.credential_id,
        report=Report(status=status, message_id=str(message.id), code=code),
    )


@pytest.fixture
def codes(credential: Any) -> None:
    for code, failure in (
        ("B", "opted_out"),
        ("I", "invalid_number"),
        ("U", "unreachable"),
        ("C", "content"),
    ):
        ProviderCode.objects.create(scope=f"credential:{credential.pk}", code=code, failure=failure)


def test_a_listed_number_is_refused_with_a_reason_of_its_own(queue: Any) -> None:
    entry = suppression.add(msisdn=NUMBER, code="complaint", source="staff", actor="ada")
    assert at_gate(queue()) == (State.SUPPRESSED, Reason.SUPPRESSED)
    assert at_gate(queue(purpose=Purpose.ONE_TIME_CODE)) == (State.SUPPRESSED, Reason.SUPPRESSED)
    assert at_gate(queue(purpose=Purpose.CONSENT_REPLY))[0] == State.SENDING
    assert suppression.lift(entry, actor="ada")
    assert at_gate(queue())[0] == State.SENDING


def test_an_entry_of_another_sender_or_time_stops_nothing(queue: Any) -> None:
    suppression.add(msisdn=NUMBER, code="other", source="staff", scope="sender:+1999")
    suppression.add(msisdn=NUMBER, code="other", source="staff", until=now() + timedelta(hours=1))
    with time_machine.travel(now() + timedelta(hours=2)):
        assert at_gate(queue())[0] == State.SENDING


def test_a_message_waits_while_a_possible_opt_out_is_reviewed_and_goes_on_after(queue: Any) -> None:
    review = reviews.open_review(msisdn=NUMBER, kind="required_word", text="revoke", rule_version="2")
    message = queue()
    assert at_gate(message) == (State.QUEUED, Reason.CONSENT_PAUSED)
    assert message.due_at > now() + timedelta(minutes=4)
    ledger.record(msisdn=NUMBER, kind="opt_in", source="keyword", text="START")
    reviews.lapse_due()
    assert review.subject_id == message.subject_id
    assert follow_decisions() == 1
    message.refresh_from_db()
    assert message.due_at <= now()
    assert at_gate(message)[0] == State.SENDING


@pytest.mark.parametrize(
    ("withdrawal", "state"),
    [
        ({"kind": "opt_out", "source": "staff"}, State.SUPPRESSED),
        ({"kind": "opt_out", "source": "import", "purpose": "marketing"}, State.QUEUED),
        ({"kind": "opt_out", "source": "api", "scope": "sender:+1999"}, State.QUEUED),
        ({"kind": "carrier_block", "source": "provider", "scope": "sender:+15005550006"}, State.SUPPRESSED),
        ({"kind": "opt_in", "source": "staff"}, State.QUEUED),
        ({"kind": "erase", "source": "staff"}, State.SUPPRESSED),
    ],
)
def test_waiting_messages_follow_what_was_withdrawn_elsewhere(
    queue: Any, withdrawal: Any, state: State
) -> None:
    message = queue()
    ledger.record(msisdn=NUMBER, **withdrawal)
    follow_decisions()
    message.refresh_from_db()
    assert message.state == state
    assert follow_decisions() == 0


def test_what_was_taken_back_at_once_suppresses_nothing(queue: Any) -> None:
    ledger.record(msisdn=NUMBER, kind="opt_out", source="keyword")
    ledger.record(msisdn=NUMBER, kind="opt_in", source="keyword")
    queue()
    assert follow_decisions() == 0


def test_a_reported_block_is_written_once_and_acts_for_its_sender(queue: Any, codes: None) -> None:
    message = queue()
    answered(message, Outcome.ACCEPTED, provider_id="p-1")
    for _ in range(2):
        reported(message, "B")
    event = ConsentEvent.objects.get()
    assert (event.kind, event.scope, event.reason) == (
        "carrier_block",
        f"sender:{message.sender}",
        "The provider reported B",
    )
    assert at_gate(queue()) == (State.SUPPRESSED, Reason.OPTED_OUT)
    assert at_gate(queue(sender="+15005550999"))[0] == State.SENDING


def test_the_block_of_our_own_confirmation_tells_nothing_new(queue: Any, codes: None) -> None:
    message = queue(purpose=Purpose.CONSENT_REPLY)
    answered(message, Outcome.ACCEPTED, provider_id="p-1")
    reported(message, "B")
    assert not ConsentEvent.objects.exists()


@pytest.mark.parametrize(
    ("code", "listed"), [("I", "invalid_number"), ("U", "unreachable"), ("C", None), ("?", None)]
)
def test_reports_in_a_row_that_the_number_does_not_work_put_it_on_the_list(
    queue: Any, codes: None, code: str, listed: str | None
) -> None:
    for _ in range(3):
        assert not Suppression.objects.exists()
        message = queue()
        answered(message, Outcome.ACCEPTED)
        reported(message, code)
    entry = Suppression.objects.first()
    assert (entry.code if entry else None) == listed
    if entry is not None:
        assert (entry.source, entry.created_by) == ("automatic", "gateway")
        assert entry.until is not None
        assert at_gate(queue()) == (State.SUPPRESSED, Reason.SUPPRESSED)


def test_answers_count_like_reports(queue: Any) -> None:
    for _ in range(3):
        answered(queue(), Outcome.FAILED, failure=FailureClass.INVALID_NUMBER, code="21211")
    assert Suppression.objects.get().code == "invalid_number"


def test_a_delivery_in_between_begins_the_count_anew(queue: Any, codes: None) -> None:
    for code in ("U", "U", "", "U", "U"):
        message = queue()
        answered(message, Outcome.ACCEPTED)
        reported(message, code, "undelivered" if code else "delivered")
    assert not Suppression.objects.exists()
    message = queue()
    answered(message, Outcome.ACCEPTED)
    reported(message, "U")
    assert Suppression.objects.exists()


def test_failures_long_ago_do_not_count(queue: Any) -> None:
    for days in (0, 100, 200):
        with time_machine.travel(now() + timedelta(days=days)):
            message = queue()
            suppression.note_failure(
                msisdn=message.msisdn, failure="unreachable", delivered_since=lambda moment: False
            )
    assert not Suppression.objects.exists()


def test_the_automatic_list_can_be_switched_off(queue: Any, settings: Any) -> None:
    settings.SMSGATEWAY_SUPPRESS_AFTER_FAILURES = 0
    for _ in range(4):
        answered(queue(), Outcome.FAILED, failure=FailureClass.INVALID_NUMBER)
    assert not Suppression.objects.exists()
