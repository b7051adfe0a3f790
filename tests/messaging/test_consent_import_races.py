from __future__ import annotations

import io
import random
from typing import Any

import pytest

from consent import ledger, optout
from consent.bulk_recording import Entry, record_many
from consent.chain import verify_chain
from consent.importing import storing
from consent.importing.models import ImportState
from consent.models import ConsentEvent, ConsentSubject, OptOutLink
from messaging import claiming, gate
from messaging.consent_changes import continue_imports
from messaging.models import Message
from tests.consent.test_races import together
from tests.threads import run_together

pytestmark = pytest.mark.django_db(transaction=True)
NUMBERS = [f"+1415556{number:04}" for number in range(60)]


def entries(kind: str = "opt_out") -> list[Entry]:
    mine = random.sample(NUMBERS, k=len(NUMBERS))
    return [
        Entry(number, kind, f"sender:+1500555000{random.randrange(9)}", "all", "import") for number in mine
    ]


def test_batches_and_single_events_of_the_same_people_racing_make_unbroken_chains() -> None:
    def singles() -> None:
        for number in random.sample(NUMBERS, k=len(NUMBERS)):
            ledger.record(msisdn=number, kind="help", source="keyword")

    together(*[lambda: record_many(entries())] * 3, singles, singles)
    assert ConsentSubject.objects.count() == len(NUMBERS)
    assert [verify_chain(subject.pk) for subject in ConsentSubject.objects.all()] == [[]] * len(NUMBERS)
    assert ConsentEvent.objects.filter(kind="help").count() == 2 * len(NUMBERS)


def imported(text: str, workers: int = 1, beside: Any = None) -> Any:
    plan = {
        "columns": {"number": 0}, "state": "out", "scope": "all", "purpose": "all", "country": "US", "keep_rest": True,
    }  # fmt: skip
    data = text.encode()
    job = storing.receive(file=io.BytesIO(data), size=len(data), name="l.csv", actor="ada")
    storing.choose(job=job, preset="other", plan=plan, note="x")
    continue_imports()
    storing.start(job=job)
    together(*[continue_imports] * workers, *([beside] if beside else []))
    continue_imports()
    job.refresh_from_db()
    return job


def test_many_workers_do_each_batch_once() -> None:
    job = imported("number\n" + "".join(f"+1415{5_560_000 + n}\n" for n in range(3200)), workers=4)
    assert (job.state, job.opted_out, job.unchanged) == (ImportState.DONE, 3200, 0)
    assert ConsentEvent.objects.count() == 3200


def test_no_message_passes_the_gate_after_its_opt_out_was_imported(queue: Any) -> None:
    for number in NUMBERS:
        queue(to=number)
    passed: list[Any] = []

    def sender() -> None:
        for message in Message.objects.order_by("?"):
            passed.extend(gate.pass_gate(claiming.claim_one(message.id)))

    job = imported("number\n" + "\n".join(NUMBERS) + "\n", beside=sender)
    states = list(Message.objects.values_list("state", flat=True))
    assert states.count("sending") == len(passed)
    assert states.count("sending") + states.count("suppressed") == len(NUMBERS)
    assert job.opted_out == len(NUMBERS)
    for message in Message.objects.filter(state="sending"):
        opted_out_at = ConsentEvent.objects.get(subject_id=message.subject_id).received_at
        # It passed before the opt-out's transaction got the subject.
        assert message.attempts.get().started_at <= opted_out_at or message.events.last().at <= opted_out_at


def test_one_person_gets_one_link_however_many_messages_are_accepted_at_once() -> None:
    urls = run_together(
        lambda: optout.url_for(msisdn=NUMBERS[0], sender="ACME", reference="credential:x"), times=6
    )
    assert len(set(urls)) == 1
    assert OptOutLink.objects.count() == 1
