from __future__ import annotations

from collections.abc import Callable

import pytest

from messaging import claiming, gate, results
from messaging.models import Message, ParkedReport
from messaging.reports import Report, ReportResult, apply_report
from messaging.results import Result
from messaging.states import State
from messaging.sweeping import sweep

pytestmark = pytest.mark.django_db

Queue = Callable[..., Message]


def send(message: Message, provider_id: str = "p-1") -> None:
    from core.vocabulary import Outcome
    from credentials.client import Exchange
    from credentials.reading import SendResult

    (passed,) = gate.pass_gate(claiming.claim_one(message.id))
    results.write([Result(passed, Exchange(SendResult(Outcome.ACCEPTED, provider_id=provider_id)))])


def report(message: Message, status: str, **values: str) -> ReportResult:
    given = {"provider_id": "p-1"} | values
    return apply_report(credential_id=message.credential_id, report=Report(status=status, **given))


def state_of(message: Message) -> str:
    message.refresh_from_db()
    return message.state


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["delivered"], State.DELIVERED),
        (["sent", "delivered"], State.DELIVERED),
        (["delivered", "sent"], State.DELIVERED),
        (["delivered", "undelivered"], State.DELIVERED),
        (["undelivered", "delivered"], State.UNDELIVERED),
        (["failed"], State.UNDELIVERED),
        (["expired"], State.EXPIRED),
        (["sent", "sent"], State.SENT),
        ([""], State.ACCEPTED),
        (["accepted"], State.ACCEPTED),
    ],
)
def test_rank_only_rises(queue: Queue, statuses: list[str], expected: State) -> None:
    message = queue()
    send(message)
    for status in statuses:
        report(message, status)
    assert state_of(message) == expected


def test_report_is_found_by_our_id_when_the_provider_gave_none(queue: Queue) -> None:
    message = queue()
    send(message, provider_id="")
    report(message, "delivered", provider_id="", message_id=str(message.id))
    assert state_of(message) == State.DELIVERED


def test_early_report_is_parked_and_applied_with_the_acceptance(queue: Queue) -> None:
    message = queue()
    assert report(message, "delivered") == ReportResult.PARKED
    send(message)
    assert state_of(message) == State.DELIVERED
    assert not ParkedReport.objects.exists()


def test_early_report_by_our_id_waits_while_the_message_is_on_the_wire(queue: Queue) -> None:
    message = queue()
    gate.pass_gate(claiming.claim_one(message.id))
    assert report(message, "delivered", provider_id="", message_id=str(message.id)) == ReportResult.PARKED
    assert state_of(message) == State.SENDING


def test_sweeper_applies_a_report_parked_after_the_acceptance(queue: Queue) -> None:
    message = queue()
    send(message)
    ParkedReport.objects.create(
        credential_id=message.credential_id,
        provider_id="p-1",
        report={"status": "sent", "provider_id": "p-1"},
    )
    assert sweep()["reports"] == 1
    assert state_of(message) == State.SENT


def test_report_settles_an_unknown_message(queue: Queue) -> None:
    message = queue()
    Message.objects.filter(id=message.id).update(state="claimed")
    Message.objects.filter(id=message.id).update(state="sending")
    Message.objects.filter(id=message.id).update(state="unknown")
    message.parts.update(state="unknown")
    report(message, "delivered", provider_id="p-9", message_id=str(message.id))
    assert state_of(message) == State.DELIVERED
    assert message.provider_id == "p-9"


def test_report_of_another_credential_does_not_touch_the_message(queue: Queue) -> None:
    from credentials.models import ApiCredential

    message = queue()
    send(message)
    other = ApiCredential.objects.create(name="Other", provider_url="https://o.example.com", payload="{}")
    result = apply_report(credential_id=other.id, report=Report(status="delivered", provider_id="p-1"))
    assert result == ReportResult.PARKED
    assert state_of(message) == State.ACCEPTED
