from __future__ import annotations

import json
from datetime import timedelta

import pytest
import time_machine
from django.core.serializers import serialize

from consent import ledger
from consent.models import ConsentEvent, ConsentState, ConsentSubject, SubjectKey
from core.clock import now
from core.errors import RequestInvalid
from core.vocabulary import Purpose

pytestmark = pytest.mark.django_db
ADA, BOB = "+14155550123", "+14155550124"


def states_of(msisdn):
    subject = ledger.subjects_for([msisdn])[msisdn]
    return ledger.states_for([subject])[subject]


def test_subjects_are_made_once_and_never_hold_the_number():
    first = ledger.subjects_for([ADA, BOB])
    assert ledger.subjects_for([BOB, ADA, ADA]) == first
    assert ADA[1:] not in serialize("json", ConsentSubject.objects.all())
    assert not SubjectKey.objects.exists()


def test_subjects_cost_few_queries(django_assert_num_queries):
    numbers = [f"+1415555{number:04}" for number in range(300)]
    with django_assert_num_queries(2):
        ledger.subjects_for(numbers)
    with django_assert_num_queries(1):
        ledger.subjects_for(numbers)


def test_states_of_many_subjects_cost_one_query(django_assert_num_queries):
    ledger.record(msisdn=ADA, kind="opt_out", source="keyword")
    ids = ledger.subjects_for([ADA, BOB])
    with django_assert_num_queries(1):
        found = ledger.states_for(ids.values())
    assert found[ids[BOB]] == ()
    assert [(state.scope, state.purpose, state.state) for state in found[ids[ADA]]] == [("all", "all", "out")]


def test_an_event_keeps_what_was_said_and_how_it_was_understood():
    ledger.record(
        msisdn=ADA,
        kind="opt_out",
        scope="sender:+14155550100",
        purpose="marketing",
        source="keyword",
        text="Stop please",
        keyword="STOP",
        rule_version="2",
        reference="inbound:1",
        evidence={"recipient": "+14155550100"},
    )
    (opened,) = ledger.history(ADA)
    assert (opened.number, opened.text, opened.evidence) == (
        ADA,
        "Stop please",
        {"recipient": "+14155550100"},
    )
    event = opened.event
    assert (event.kind, event.scope, event.purpose) == ("opt_out", "sender:+14155550100", "marketing")
    assert (event.keyword, event.rule_version, event.reference) == ("STOP", "2", "inbound:1")


def test_number_and_text_stand_nowhere_in_clear():
    ledger.record(msisdn=ADA, kind="opt_out", source="keyword", text="leave me alone")
    for model in (ConsentEvent, ConsentState, ConsentSubject, SubjectKey):
        dump = serialize("json", model.objects.all())
        assert ADA[1:] not in dump
        assert "leave me alone" not in dump


def test_history_is_newest_first_and_of_one_number_only():
    for kind in ("opt_out", "help", "opt_in"):
        ledger.record(msisdn=ADA, kind=kind, source="keyword")
    ledger.record(msisdn=BOB, kind="help", source="keyword")
    assert [opened.event.kind for opened in ledger.history(ADA)] == ["opt_in", "help", "opt_out"]


def test_history_costs_one_query(django_assert_num_queries):
    for kind in ("opt_out", "help", "opt_in"):
        ledger.record(msisdn=ADA, kind=kind, source="keyword")
    with django_assert_num_queries(1):
        assert len(ledger.history(ADA)) == 3


def test_stop_blocks_and_start_lifts():
    ledger.record(msisdn=ADA, kind="opt_out", source="keyword", text="STOP")
    asked = {"sender": "+14155550100", "purpose": Purpose.MARKETING, "require_opt_in": True}
    assert ledger.decide(states_of(ADA), **asked).reason == "opted_out"
    ledger.record(msisdn=ADA, kind="opt_in", source="keyword", text="START")
    assert ledger.decide(states_of(ADA), **asked).allowed


def test_a_late_start_is_kept_as_an_event_and_changes_nothing():
    ledger.record(msisdn=ADA, kind="opt_out", source="keyword")
    ledger.record(msisdn=ADA, kind="opt_in", source="keyword", occurred_at=now() - timedelta(minutes=5))
    assert [state.state for state in states_of(ADA)] == ["out"]
    assert len(ledger.history(ADA)) == 2


def test_the_order_of_receipt_holds_when_the_clock_of_another_host_is_behind():
    with time_machine.travel(now() + timedelta(seconds=30)):
        stop = ledger.record(msisdn=ADA, kind="opt_out", source="keyword")
    start = ledger.record(msisdn=ADA, kind="opt_in", source="keyword")
    assert start.received_at > stop.received_at
    assert [state.state for state in states_of(ADA)] == ["in"]


def test_a_time_from_the_future_counts_as_now():
    later = now() + timedelta(days=1)
    event = ledger.record(msisdn=ADA, kind="opt_out", source="keyword", occurred_at=later)
    assert event.occurred_at == event.received_at
    ledger.record(msisdn=ADA, kind="opt_in", source="keyword")
    assert [state.state for state in states_of(ADA)] == ["in"]
    assert ledger.history(ADA)[1].evidence == {"claimed_at": str(later)}


def test_help_changes_no_state():
    ledger.record(msisdn=ADA, kind="help", source="keyword")
    assert states_of(ADA) == ()


@pytest.mark.parametrize("source", ["staff", "api"])
@pytest.mark.parametrize(
    ("proof", "param"),
    [
        ({}, "reason"),
        ({"reason": "asked by phone"}, "evidence"),
        ({"evidence": {"call": "17"}}, "reason"),
        ({"reason": "asked by phone", "evidence": {"call": "17"}}, None),
        ({"reason": "asked by mail", "text": "please write to me again"}, None),
    ],
)
def test_out_to_in_by_staff_or_api_needs_reason_and_evidence(source, proof, param):
    ledger.record(msisdn=ADA, kind="opt_out", source="keyword")
    if param is None:
        ledger.record(msisdn=ADA, kind="opt_in", source=source, **proof)
        assert [state.state for state in states_of(ADA)] == ["in"]
        return
    with pytest.raises(RequestInvalid) as refused:
        ledger.record(msisdn=ADA, kind="opt_in", source=source, **proof)
    assert refused.value.param == param
    assert [state.state for state in states_of(ADA)] == ["out"]


def test_a_first_opt_in_by_the_api_needs_no_reason():
    ledger.record(msisdn=ADA, kind="opt_in", purpose="marketing", source="api")
    assert [state.state for state in states_of(ADA)] == ["in"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "opt"},
        {"source": "me"},
        {"scope": "everybody"},
        {"scope": "sender:"},
        {"purpose": "one_time_code"},
    ],
)
def test_unknown_words_are_refused(wrong):
    with pytest.raises(RequestInvalid):
        ledger.record(**{"msisdn": ADA, "kind": "opt_out", "source": "keyword", **wrong})
    assert not ConsentEvent.objects.exists()


@pytest.mark.parametrize("text", ["", "ok\x00", "lone \ud800 surrogate", "🛑" * 500])
def test_any_text_is_kept(text):
    ledger.record(msisdn=ADA, kind="opt_out", source="keyword", text=text)
    (opened,) = ledger.history(ADA)
    assert opened.text == text.replace("\ud800", "?")


def test_erasing_the_key_hides_the_person_and_keeps_the_block_and_the_proof():
    ledger.record(msisdn=ADA, kind="opt_out", source="keyword", text="STOP")
    subject = ledger.subjects_for([ADA])[ADA]
    SubjectKey.objects.filter(subject_id=subject).delete()
    (opened,) = ledger.history(ADA)
    assert (opened.erased, opened.number, opened.text) == (True, "", "")
    assert [state.state for state in states_of(ADA)] == ["out"]
    assert ledger.verify_chain(subject) == []
    ledger.record(msisdn=ADA, kind="help", source="keyword", text="HELP")
    newest, oldest = ledger.history(ADA)
    assert (newest.text, oldest.erased) == ("HELP", True)


def test_evidence_moved_to_another_event_does_not_open():
    ledger.record(msisdn=ADA, kind="opt_out", source="keyword", text="STOP")
    ledger.record(msisdn=ADA, kind="help", source="keyword", text="HELP")
    newest, oldest = ConsentEvent.objects.order_by("-sequence")
    newest.evidence = oldest.evidence
    from consent.selectors import open_event

    assert open_event(newest).erased


def test_evidence_holds_json():
    ledger.record(
        msisdn=ADA, kind="opt_in", source="api", evidence={"url": "https://example.com", "at": now()}
    )
    assert json.dumps(ledger.history(ADA)[0].evidence)


def test_recording_costs_few_queries(django_assert_max_num_queries):
    ledger.record(msisdn=ADA, kind="opt_out", source="keyword")
    with django_assert_max_num_queries(8):
        ledger.record(msisdn=ADA, kind="opt_in", source="keyword")
