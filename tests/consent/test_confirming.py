from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from consent import confirming, disclosures, erasing, ledger
from consent.models import ConsentEvent, PendingOptIn
from core.errors import RequestInvalid
from core.vocabulary import Purpose

ADA = "+14155550123"


@pytest.fixture
def clock(db):
    with time_machine.travel(datetime(2026, 6, 1, 9, 0, tzinfo=UTC), tick=False) as traveller:
        yield traveller


def begin(**values):
    return confirming.begin(**{"msisdn": ADA, "source": "web", "purpose": "marketing"} | values)


def reason():
    subject = ledger.subjects_for([ADA])[ADA]
    return ledger.decide(
        ledger.standing_for([subject])[subject], sender="+1", purpose=Purpose.MARKETING, require_opt_in=True
    ).reason


def kinds():
    return list(ConsentEvent.objects.order_by("sequence").values_list("kind", flat=True))


def test_nothing_is_agreed_to_before_the_answer_and_it_is_in_force_with_it(clock):
    shown = disclosures.publish(slug="newsletter", text="Up to 4 a month.")
    begun = begin(disclosure=shown, evidence={"url": "https://acme.test/join", "ip": "203.0.113.9"})
    assert begun.ask
    assert reason() == "no_opt_in"
    clock.shift(60)
    event = confirming.confirm(begun.pending, text="YES", keyword="YES", rule_version="2")
    assert reason() == ""
    assert (event.kind, event.disclosure, event.keyword) == ("opt_in_confirmed", shown, "YES")
    assert event.reference == f"event:{begun.pending.event_id}"
    assert ledger.history(ADA)[1].evidence == {"url": "https://acme.test/join", "ip": "203.0.113.9"}
    begun.pending.refresh_from_db()
    assert begun.pending.state == "confirmed"


def test_a_repeated_request_asks_no_second_time(clock):
    first = begin()
    clock.shift(60)
    second = begin()
    assert (second.pending, second.ask) == (first.pending, False)
    assert kinds() == ["opt_in_pending", "opt_in_pending"]


def test_another_purpose_is_another_question(clock):
    assert begin().ask
    assert begin(purpose="transactional").ask


@pytest.mark.parametrize(("hours", "open_still"), [(23.9, True), (24.1, False), (100, False)])
def test_a_question_expires_at_reading_without_any_periodic_work(clock, hours, open_still):
    pending = begin().pending
    clock.shift(timedelta(hours=hours))
    assert (confirming.pending_for(pending.subject_id) == pending) is open_still
    if open_still:
        return
    with pytest.raises(RequestInvalid, match="no longer open"):
        confirming.confirm(pending, text="YES")
    assert reason() == "no_opt_in"
    assert begin().ask
    assert PendingOptIn.objects.filter(state="expired").count() == 1


def test_expired_questions_are_closed_for_the_record(clock):
    begin()
    assert confirming.expire() == 0
    clock.shift(timedelta(hours=25))
    assert confirming.expire() == 1
    assert confirming.expire() == 0


def test_an_answer_counts_once(clock):
    pending = begin().pending
    clock.shift(60)
    confirming.confirm(pending, text="YES")
    with pytest.raises(RequestInvalid):
        confirming.confirm(pending, text="YES")
    with pytest.raises(RequestInvalid):
        confirming.decline(pending, text="NO")
    assert kinds() == ["opt_in_pending", "opt_in_confirmed"]


def test_a_no_leaves_no_opt_in(clock):
    pending = begin().pending
    confirming.decline(pending, text="NO", keyword="NO")
    assert kinds() == ["opt_in_pending", "opt_in_declined"]
    assert reason() == "no_opt_in"
    assert confirming.pending_for(pending.subject_id) is None


@pytest.mark.parametrize("kind", ["opt_out", "carrier_block", "erase"])
def test_whoever_opts_out_meanwhile_has_no_open_question(clock, kind):
    pending = begin().pending
    clock.shift(60)
    ledger.record(msisdn=ADA, kind=kind, source="keyword" if kind == "opt_out" else "provider")
    assert confirming.pending_for(pending.subject_id) is None
    with pytest.raises(RequestInvalid):
        confirming.confirm(pending, text="YES")
    assert reason() == "opted_out"


def test_an_earlier_keyword_opt_out_is_lifted_by_the_answer_a_staff_one_is_not(clock):
    ledger.record(msisdn=ADA, kind="opt_out", source="keyword")
    clock.shift(60)
    pending = begin(purpose="all").pending
    clock.shift(60)
    confirming.confirm(pending, text="YES")
    assert reason() == ""
    ledger.record(msisdn=ADA, kind="opt_out", source="staff")
    clock.shift(60)
    confirming.confirm(begin(purpose="all").pending, text="YES")
    assert reason() == "opted_out"


@pytest.mark.parametrize(
    ("asked_from", "written_to", "found"), [("+1", "+1", True), ("+1", "+2", False), ("", "+2", True)]
)
def test_a_question_belongs_to_the_number_it_was_sent_from(clock, asked_from, written_to, found):
    pending = begin(sender=asked_from).pending
    assert (confirming.pending_for(pending.subject_id, sender=written_to) == pending) is found


def test_erasing_closes_the_question(clock):
    pending = begin().pending
    clock.shift(60)
    erasing.erase(msisdn=ADA, actor="ada", reason="request")
    pending.refresh_from_db()
    assert pending.state == "expired"
    assert erasing.is_erased(ADA)
    assert not erasing.is_erased("+14155559999")


@pytest.mark.parametrize("missing", ["actor", "reason"])
def test_erasing_needs_somebody_and_a_reason(clock, missing):
    with pytest.raises(RequestInvalid) as refused:
        erasing.erase(**{"msisdn": ADA, "actor": "ada", "reason": "request", missing: ""})
    assert refused.value.param == missing
    assert kinds() == []


@pytest.mark.parametrize(("slug", "text"), [("", "x"), ("News letter", "x"), ("newsletter", "  ")])
def test_a_disclosure_needs_a_name_and_words(clock, slug, text):
    with pytest.raises(RequestInvalid):
        disclosures.publish(slug=slug, text=text)
