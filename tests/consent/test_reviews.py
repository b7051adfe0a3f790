from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from consent import ledger, reviews
from consent.calendar import after_business_days
from consent.models import ConsentEvent, ConsentReview
from core.clock import now
from core.errors import RequestInvalid
from core.vocabulary import Purpose

ADA = "+14155550123"
SENDER = "+14155550100"
MONDAY = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "days", "zone", "expected"),
    [
        ("2026-06-01T09:00", 0, "UTC", "2026-06-01T09:00"),
        ("2026-06-01T09:00", 1, "UTC", "2026-06-02T09:00"),
        ("2026-06-05T09:00", 1, "UTC", "2026-06-08T09:00"),  # Friday
        ("2026-06-06T09:00", 1, "UTC", "2026-06-08T09:00"),  # Saturday
        ("2026-06-07T23:30", 1, "UTC", "2026-06-08T23:30"),  # Sunday
        ("2026-06-01T09:00", 9, "UTC", "2026-06-12T09:00"),
        ("2026-06-01T09:00", 10, "UTC", "2026-06-15T09:00"),
        ("2026-06-07T23:30", 1, "Europe/Berlin", "2026-06-08T23:30"),  # Monday 01:30 there: Tuesday is next
        ("2026-03-27T09:00", 1, "Europe/Berlin", "2026-03-30T08:00"),  # summer time began on Sunday
    ],
)
def test_business_days_are_monday_to_friday_where_the_gateway_stands(moment, days, zone, expected):
    moment = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert after_business_days(moment, days, zone=ZoneInfo(zone)).astimezone(UTC) == datetime.fromisoformat(
        expected
    ).replace(tzinfo=UTC)


@pytest.fixture
def clock(db):
    with time_machine.travel(MONDAY - timedelta(minutes=1), tick=False) as traveller:
        ledger.subjects_for([ADA])  # known to the gateway before
        traveller.move_to(MONDAY, tick=False)
        yield traveller


def opened(kind="free_words", text="leave me alone", **values):
    return reviews.open_review(msisdn=ADA, kind=kind, text=text, rule_version="2/phrase", **values)


def reason_for(purpose, sender=SENDER):
    subject = ledger.subjects_for([ADA])[ADA]
    standing = ledger.standing_for([subject])[subject]
    return ledger.decide(standing, sender=sender, purpose=Purpose(purpose), require_opt_in=False).reason


def kinds():
    return list(ConsentEvent.objects.order_by("sequence").values_list("kind", flat=True))


@pytest.mark.parametrize(
    ("kind", "held", "passes"),
    [
        ("free_words", ["marketing"], ["transactional", "one_time_code", "consent_reply"]),
        ("near_miss", ["marketing"], ["transactional", "one_time_code", "consent_reply"]),
        ("required_word", ["marketing", "transactional"], ["one_time_code", "consent_reply"]),
    ],
)
def test_a_possible_opt_out_pauses_until_it_is_decided(clock, kind, held, passes):
    opened(kind)
    assert [reason_for(purpose) for purpose in held] == ["consent_paused"] * len(held)
    assert [reason_for(purpose) for purpose in passes] == [""] * len(passes)


def test_a_pause_within_one_sender_leaves_the_others(clock):
    opened(scope=f"sender:{SENDER}")
    assert reason_for("marketing") == "consent_paused"
    assert reason_for("marketing", sender="+14155550999") == ""


def test_an_earlier_opt_in_waits_too_and_goes_on_when_the_review_is_dismissed(clock):
    ledger.record(msisdn=ADA, kind="opt_in", source="keyword", purpose="marketing")
    review = opened()
    assert reason_for("marketing") == "consent_paused"
    clock.shift(60)
    decided = reviews.decide(review, decision="not_an_opt_out", actor="ada", reason="a joke")
    assert decided.opt_out is None
    assert reason_for("marketing") == ""
    review.refresh_from_db()
    assert (review.state, review.decision, review.decided_by) == ("decided", "not_an_opt_out", "ada")
    event = ConsentEvent.objects.get(kind="review_decision")
    assert (event.decision, event.actor, event.reason, event.source) == (
        "not_an_opt_out", "ada", "a joke", "staff",
    )  # fmt: skip


def test_an_opt_out_decided_by_staff_dates_from_the_persons_words_and_their_start_lifts_it(clock):
    review = opened(purpose="all", keyword="leave me alone")
    clock.shift(3600)
    decided = reviews.decide(review, decision="opt_out", actor="ada")
    assert decided.opt_out.occurred_at == MONDAY
    assert (decided.opt_out.scope, decided.opt_out.purpose, decided.opt_out.source) == (
        "all",
        "all",
        "keyword",
    )
    assert reason_for("transactional") == "opted_out"
    clock.shift(60)
    ledger.record(msisdn=ADA, kind="opt_in", source="keyword", text="START")
    assert reason_for("marketing") == ""
    assert kinds() == ["possible_opt_out", "opt_out", "review_decision", "opt_in"]
    assert ledger.verify_chain(review.subject_id) == []


def test_further_messages_join_the_open_review_and_a_decision_on_old_words_is_refused(clock):
    first = opened()
    seen = first.event_id
    clock.shift(60)
    second = opened("near_miss", text="stoop")
    assert (second.pk, second.messages) == (first.pk, 2)
    with pytest.raises(RequestInvalid, match="wrote again"):
        reviews.decide(first, decision="not_an_opt_out", actor="ada", seen=seen)
    assert reviews.decide(first, decision="not_an_opt_out", actor="ada", seen=second.event_id)
    assert reason_for("marketing") == ""


def test_two_pauses_end_with_two_decisions(clock):
    words, required = opened(), opened("required_word", text="revoke")
    assert words.pk != required.pk
    clock.shift(60)
    reviews.decide(words, decision="not_an_opt_out", actor="ada")
    assert reason_for("marketing") == "consent_paused"


def test_a_required_word_cannot_be_dismissed(clock):
    review = opened("required_word", text="revoke")
    with pytest.raises(RequestInvalid, match="cannot be dismissed"):
        reviews.decide(review, decision="not_an_opt_out", actor="ada")
    assert reason_for("transactional") == "consent_paused"


def test_a_closed_review_stays_closed(clock):
    review = opened()
    reviews.decide(review, decision="opt_out", actor="ada")
    with pytest.raises(RequestInvalid, match="closed already"):
        reviews.decide(review, decision="not_an_opt_out", actor="bob")


@pytest.mark.parametrize("decision", ["overtaken", "", "yes"])
def test_staff_decide_one_way_or_the_other(clock, decision):
    with pytest.raises(RequestInvalid):
        reviews.decide(opened(), decision=decision, actor="ada")


@pytest.mark.parametrize(
    ("kind", "still_open", "lapsed"),
    [
        ("free_words", "2026-06-12T08:59", "2026-06-12T09:00"),
        ("near_miss", "2026-06-12T08:59", "2026-06-12T09:00"),
        ("required_word", "2026-06-02T08:59", "2026-06-02T09:00"),
    ],
)
def test_undecided_it_becomes_an_opt_out_in_time(clock, kind, still_open, lapsed):
    review = opened(kind)
    assert review.due_at == datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
    assert reviews.lapse_due(at=datetime.fromisoformat(still_open).replace(tzinfo=UTC)) == []
    clock.move_to(datetime.fromisoformat(lapsed).replace(tzinfo=UTC))
    (done,) = reviews.lapse_due()
    assert done.opt_out.kind == "opt_out"
    assert done.review.state == "lapsed"
    assert done.opt_out.actor == "gateway"
    assert reason_for("marketing") == "opted_out"
    assert reviews.lapse_due() == []


@pytest.mark.parametrize(
    ("kind", "state", "reason"), [("opt_in", "overtaken", ""), ("opt_out", "overtaken", "opted_out")]
)
def test_the_persons_own_next_word_makes_the_review_needless(clock, kind, state, reason):
    review = opened("required_word", text="revoke")
    clock.shift(60)
    ledger.record(msisdn=ADA, kind=kind, source="keyword", text="START or STOP")
    (done,) = reviews.lapse_due()
    assert (done.review.pk, done.review.state, done.opt_out) == (review.pk, state, None)
    assert reason_for("marketing") == reason


def test_an_opt_in_by_others_does_not_end_the_pause(clock):
    opened()
    clock.shift(60)
    for source in ("api", "import", "staff", "provider"):
        ledger.record(msisdn=ADA, kind="opt_in", source=source, reason="r", evidence={"form": 1})
    assert reason_for("marketing") == "consent_paused"
    assert reviews.lapse_due() == []


def test_a_start_that_is_older_than_the_words_does_not_end_the_pause(clock):
    opened()
    ledger.record(msisdn=ADA, kind="opt_in", source="keyword", occurred_at=now() - timedelta(minutes=1))
    assert reason_for("marketing") == "consent_paused"


def test_that_the_recipient_was_asked_is_noted_once(clock):
    review = opened()
    reviews.asked(review)
    clock.shift(60)
    reviews.asked(review)
    review.refresh_from_db()
    assert review.asked_at == MONDAY
    assert reviews.open_reviews_of(review.subject_id) == [review]


def test_open_reviews_are_counted(clock):
    opened()
    assert reviews.due_count() == 1
    assert reviews.due_count(until=now() + timedelta(days=1)) == 0
    assert reviews.due_count(until=now() + timedelta(days=14)) == 1


def test_deciding_many_lapsed_reviews_takes_a_bounded_number_at_once(clock, monkeypatch):
    monkeypatch.setattr(reviews, "_AT_ONCE", 2)
    for last in range(3):
        reviews.open_review(msisdn=f"+1415555010{last}", kind="free_words", text="x", rule_version="2")
    clock.move_to(datetime(2026, 7, 1, tzinfo=UTC))
    assert [len(reviews.lapse_due()) for _ in range(3)] == [2, 1, 0]
    assert set(ConsentReview.objects.values_list("state", flat=True)) == {"lapsed"}
