from __future__ import annotations

from collections.abc import Callable

import pytest

from core.vocabulary import Outcome
from credentials.client import Exchange
from credentials.models import ApiCredential
from credentials.reading import SendResult
from messaging import claiming, gate, results
from messaging.models import Message, ParkedReport
from messaging.parts import Sent, open_next
from messaging.reports import Report, ReportResult, apply_report
from messaging.results import Result
from messaging.states import State
from messaging.sweeping import sweep
from tests.messaging.conftest import result_of

pytestmark = pytest.mark.django_db

Queue = Callable[..., Message]


def send(message: Message, provider_id: str = "p-1") -> None:
    (passed,) = gate.pass_gate(claiming.claim_one(message.id))
    results.write([result_of(passed, Outcome.ACCEPTED, provider_id=provider_id)])


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
    message = queue()
    send(message)
    other = ApiCredential.objects.create(name="Other", provider_url="https://o.example.com", payload="{}")
    result = apply_report(credential_id=other.id, report=Report(status="delivered", provider_id="p-1"))
    assert result == ReportResult.PARKED
    assert state_of(message) == State.ACCEPTED


TEXT = "first part second one third part"


def long_message(queue: Queue, states: str = "accepted accepted accepted", ids: str = "a b c") -> Message:
    """A message of three parts on which the provider has said all this; "-" for no id."""
    ApiCredential.objects.update(max_length=10)
    message = queue(text=TEXT, credential=ApiCredential.objects.get())
    named = [part.replace("-", "") for part in ids.split()]
    for number, (state, provider_id) in enumerate(zip(states.split(), named, strict=True), start=1):
        message.parts.filter(number=number).update(state=state, provider_id=provider_id)
    is_accepted = states == "accepted accepted accepted"
    for after in ("claimed", "sending", "accepted" if is_accepted else "unknown"):
        Message.objects.filter(id=message.id).update(state=after)
    Message.objects.filter(id=message.id).update(provider_id=named[0])
    return message


def parts_of(message: Message) -> str:
    return " ".join(message.parts.order_by("number").values_list("state", flat=True))


@pytest.mark.parametrize(
    ("reports", "parts", "expected"),
    [
        ("a:delivered b:delivered c:delivered", "delivered delivered delivered", State.DELIVERED),
        ("c:delivered a:delivered", "delivered accepted delivered", State.ACCEPTED),
        ("a:sent b:sent c:delivered", "sent sent delivered", State.SENT),
        ("a:delivered b:undelivered", "delivered undelivered accepted", State.UNDELIVERED),
        ("b:failed", "accepted undelivered accepted", State.UNDELIVERED),
        ("b:expired a:delivered", "delivered expired accepted", State.EXPIRED),
        ("a:delivered a:delivered a:delivered", "delivered accepted accepted", State.ACCEPTED),
    ],
)
def test_parts_reported_by_their_ids_decide_the_message(
    queue: Queue, reports: str, parts: str, expected: State
) -> None:
    message = long_message(queue)
    for one in reports.split():
        provider_id, _, status = one.partition(":")
        report(message, status, provider_id=provider_id)
    assert (parts_of(message), state_of(message)) == (parts, expected)


@pytest.mark.parametrize(
    ("references", "parts"),
    [
        ((".2",), "accepted delivered accepted"),
        ((".3", ".1"), "delivered accepted delivered"),
        (("", "", ""), "delivered delivered delivered"),
        (("", ".3"), "delivered accepted delivered"),
        ((".2", "", ""), "delivered delivered delivered"),
    ],
)
def test_our_reference_names_the_part_or_means_the_next_one(
    queue: Queue, references: tuple[str, ...], parts: str
) -> None:
    message = long_message(queue, ids="- - -")
    for suffix in references:
        report(message, "delivered", provider_id="", message_id=f"{message.id}{suffix}")
    assert parts_of(message) == parts


@pytest.mark.parametrize("reference", [".4", ".0", ".x", ".", ".2.2", ".99999"])
def test_reference_to_no_part_changes_nothing_and_holds_nobody_up(queue: Queue, reference: str) -> None:
    message = long_message(queue)
    result = report(message, "delivered", provider_id="", message_id=f"{message.id}{reference}")
    assert (result, parts_of(message)) == (ReportResult.PARKED, "accepted accepted accepted")
    assert sweep()["reports"] == 0
    assert ParkedReport.objects.get().message_id is None


def test_provider_s_own_id_in_a_report_means_a_part_that_has_none_yet(queue: Queue) -> None:
    message = long_message(queue, ids="- - -")
    for provider_id, status in (("x", "sent"), ("y", "delivered"), ("x", "delivered"), ("z", "delivered")):
        report(message, status, provider_id=provider_id, message_id=str(message.id))
    assert state_of(message) == State.DELIVERED
    assert list(message.parts.values_list("provider_id", flat=True)) == ["x", "y", "z"]


def test_several_parts_under_one_id_of_the_provider_are_reported_one_by_one(queue: Queue) -> None:
    message = long_message(queue, ids="a a a")
    for expected in (State.ACCEPTED, State.ACCEPTED, State.DELIVERED):
        report(message, "delivered", provider_id="a")
        assert state_of(message) == expected


@pytest.mark.parametrize(
    ("states", "status", "reference", "expected"),
    [
        ("accepted unknown waiting", "delivered", ".1", State.UNKNOWN),
        ("accepted unknown waiting", "delivered", ".2", State.UNKNOWN),
        ("accepted accepted unknown", "delivered", ".3", State.ACCEPTED),
        ("accepted accepted unknown", "undelivered", ".3", State.UNDELIVERED),
        ("unknown waiting waiting", "undelivered", "", State.UNDELIVERED),
    ],
)
def test_message_stays_unknown_until_every_part_is_known(
    queue: Queue, states: str, status: str, reference: str, expected: State
) -> None:
    message = long_message(queue, states, ids="- - -")
    report(message, status, provider_id="", message_id=f"{message.id}{reference}")
    assert state_of(message) == expected


def test_part_that_was_never_sent_is_not_meant_by_our_bare_id(queue: Queue) -> None:
    message = long_message(queue, "accepted unknown waiting", ids="- - -")
    for _ in range(3):
        report(message, "delivered", provider_id="", message_id=str(message.id))
    assert parts_of(message) == "delivered delivered waiting"


def test_id_of_a_later_part_does_not_become_the_message_s(queue: Queue) -> None:
    message = long_message(queue, "unknown accepted accepted", ids="- - -")
    Message.objects.filter(id=message.id).update(provider_id="")
    report(message, "undelivered", provider_id="late", message_id=f"{message.id}.2")
    message.refresh_from_db()
    assert (message.state, message.provider_id) == (State.UNDELIVERED, "")


def test_early_report_of_a_part_is_applied_to_that_part(queue: Queue) -> None:
    ApiCredential.objects.update(max_length=10)
    message = queue(text=TEXT, credential=ApiCredential.objects.get())
    (passed,) = gate.pass_gate(claiming.claim_one(message.id))
    result = report(message, "delivered", provider_id="", message_id=f"{message.id}.2")
    assert result == ReportResult.PARKED
    exchange = Exchange(SendResult(Outcome.ACCEPTED))
    sent = [Sent(1, passed.attempt_id, exchange)]
    for number in (2, 3):
        opened = open_next(passed, number, sent)
        assert opened is not None
        sent.append(Sent(number, opened, exchange))
    results.write([Result(passed, tuple(sent))])
    assert parts_of(message) == "accepted delivered accepted"
    assert not ParkedReport.objects.exists()
