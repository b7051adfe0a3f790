from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from consent import ledger
from consent.bulk_recording import Entry, Verdict, judge_many, record_many
from consent.chain import verify_chain
from consent.models import ConsentEvent, ConsentState, ConsentSubject
from consent.rules import fold_all
from consent.sealing import number_hash
from consent.selectors import history
from consent.timeline import change_of

pytestmark = pytest.mark.django_db
ADA, BOB, CY = "+14155550123", "+491711234567", "+33612345678"
EARLIER = datetime(2025, 1, 1, tzinfo=UTC)


def entry(msisdn=ADA, kind="opt_out", **values):
    return Entry(
        **({"msisdn": msisdn, "kind": kind, "scope": "all", "purpose": "all", "source": "import"} | values)
    )


def cells(msisdn):
    rows = ConsentState.objects.filter(subject__number_hash=number_hash(msisdn))
    return {(row.scope, row.purpose): (row.state, row.source, row.out_at) for row in rows}


def test_many_people_get_an_event_each_with_number_evidence_and_a_chain_that_verifies():
    done = record_many(
        [
            entry(ADA, evidence={"line": 2}, reason="moved", actor="ada", reference="import:1"),
            entry(BOB, "opt_in", purpose="marketing", occurred_at=EARLIER, keyword="JOIN"),
        ]
    )
    assert [one.verdict for one in done] == [Verdict.RECORDED, Verdict.RECORDED]
    (event,) = history(ADA)
    assert (event.number, event.evidence, event.event.reason, event.event.actor) == (
        ADA, {"line": 2}, "moved", "ada",
    )  # fmt: skip
    (event,) = history(BOB)
    assert (event.event.occurred_at, event.event.keyword, event.event.sequence) == (EARLIER, "JOIN", 1)
    assert [verify_chain(subject.pk) for subject in ConsentSubject.objects.all()] == [[], []]


def test_it_joins_the_chain_that_the_ledger_began_and_the_ledger_joins_its():
    ledger.record(msisdn=ADA, kind="opt_in", source="keyword")
    record_many([entry(), entry(BOB)])
    ledger.record(msisdn=ADA, kind="help", source="keyword")
    ledger.record(msisdn=BOB, kind="help", source="keyword")
    assert [one.event.sequence for one in history(ADA)] == [3, 2, 1]
    assert all(verify_chain(subject.pk) == [] for subject in ConsentSubject.objects.all())
    assert {one.number for one in history(ADA)} == {ADA}


@pytest.mark.parametrize("start", [None, "opt_in", "opt_out"])
@pytest.mark.parametrize(
    "kinds", [*itertools.product(["opt_in", "opt_out"], repeat=2), ("opt_in", "opt_out", "opt_in")], ids=str
)
@pytest.mark.parametrize("purposes", [("all", "all", "all"), ("marketing", "all", "transactional")], ids=str)
def test_several_changes_of_one_number_end_as_the_ledger_would_end(start, kinds, purposes):
    with time_machine.travel(datetime(2026, 11, 1, tzinfo=UTC), tick=True):
        if start:
            ledger.record(msisdn=ADA, kind=start, source="keyword")
        record_many(
            [entry(kind=kind, purpose=purpose) for kind, purpose in zip(kinds, purposes, strict=False)]
        )
    events = ConsentEvent.objects.order_by("sequence")
    folded = fold_all(change_of(event) for event in events)
    assert cells(ADA) == {key: (cell.state, cell.source, cell.out_at) for key, cell in folded.items()}
    assert verify_chain(ConsentSubject.objects.get().pk) == []


@pytest.mark.parametrize(
    ("before", "wanted", "verdict"),
    [
        (("all", "all"), ("all", "all"), Verdict.KEPT_OUT),
        (("all", "all"), ("all", "marketing"), Verdict.KEPT_OUT),
        (("all", "all"), ("sender:+15005550006", "all"), Verdict.KEPT_OUT),
        (("all", "marketing"), ("all", "transactional"), Verdict.RECORDED),
        (("sender:+15005550006", "all"), ("sender:+15005550007", "all"), Verdict.RECORDED),
        (("sender:+15005550006", "all"), ("all", "all"), Verdict.RECORDED),
    ],
)
@pytest.mark.parametrize("source", ["keyword", "staff", "import"])
def test_an_opt_out_is_never_turned_round(before, wanted, verdict, source):
    ledger.record(msisdn=ADA, kind="opt_out", scope=before[0], purpose=before[1], source=source)
    asked = entry(kind="opt_in", scope=wanted[0], purpose=wanted[1])
    assert [one.verdict for one in judge_many([asked])] == [verdict]
    assert [one.verdict for one in record_many([asked])] == [verdict]
    assert cells(ADA)[before][0] == "out"


def test_what_holds_already_is_not_written_again():
    assert [one.verdict for one in record_many([entry(occurred_at=EARLIER)])] == [Verdict.RECORDED]
    assert [one.verdict for one in record_many([entry(occurred_at=EARLIER)])] == [Verdict.UNCHANGED]
    assert [one.verdict for one in record_many([entry()])] == [Verdict.UNCHANGED]
    assert ConsentEvent.objects.count() == 1


def test_judging_writes_nothing():
    assert [one.verdict for one in judge_many([entry(), entry(), entry(kind="opt_in")])][
        -1
    ] == Verdict.KEPT_OUT
    assert not ConsentSubject.objects.exists()


def test_a_time_to_come_counts_as_now_and_is_kept_as_claimed():
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    record_many([entry(occurred_at=tomorrow)])
    (event,) = history(ADA)
    assert event.event.occurred_at == event.event.received_at
    assert event.evidence["claimed_at"].startswith(str(tomorrow)[:19])


def test_a_number_whose_key_is_erased_is_told_to_the_ledger_again_and_verifies():
    from consent.models import SubjectKey

    record_many([entry()])
    SubjectKey.objects.all().delete()
    record_many([entry(kind="opt_out", scope="sender:+15005550006")])
    assert verify_chain(ConsentSubject.objects.get().pk) == []
    assert [one.erased for one in history(ADA)] == [False, True]
