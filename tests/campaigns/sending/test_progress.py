from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from campaigns import outcomes
from campaigns.outcomes import LABELS, OUTCOME_OF
from campaigns.progress import progress_of
from consent import ledger
from links.models import TrackedLink
from messaging.models import Message
from messaging.states import State
from tests.campaigns.sending.conftest import number

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_state_of_a_message_is_an_outcome_with_words() -> None:
    assert set(OUTCOME_OF) == set(State)
    assert set(OUTCOME_OF.values()) | {"forgotten"} == set(LABELS)


def test_the_numbers_add_up(campaign: Any, run: Any, people: Any, opt_out: Any) -> None:
    made = campaign(profiles=[*people(6), *people(2, attributes={})], holdout_percent=20)
    opt_out(number(0))
    done = run(made)
    Message.objects.filter(msisdn=number(1)).update(state="cancelled")
    found = progress_of(done)
    assert found.audience == 8 == found.accepted + found.excluded_in_all
    assert sum(found.outcomes[name] for name in LABELS if name in found.outcomes) == found.accepted
    assert found.excluded.keys() <= {"holdout", "opted_out", "missing_attribute"}
    assert found.done_share == 1.0


def test_variants_are_compared_by_clicks_and_opt_outs(
    campaign: Any, version: Any, run: Any, channel: Any, opt_out: Any
) -> None:
    channel.track_links = True
    channel.save()
    variants = {"A": (version("A https://example.com/a"), 1), "B": (version("B https://example.com/a"), 1)}
    done = run(campaign(20, variants=variants))
    clicked = Message.objects.filter(text__startswith="A ").first()
    left = Message.objects.filter(text__startswith="B ").first()
    assert clicked is not None
    assert left is not None
    assert TrackedLink.objects.first().target.owner == f"campaign:{done.campaign_id}"  # type: ignore[union-attr]
    TrackedLink.objects.filter(message_id=clicked.id).update(first_click_at=timezone.now())
    opt_out(left.msisdn)
    results = {variant.label: variant.outcomes for variant in progress_of(done).variants}
    assert (results["A"]["clicks"], results["B"].get("clicks", 0)) == (1, 0)
    assert (results["A"].get("opt_outs", 0), results["B"]["opt_outs"]) == (0, 1)


def test_an_opt_out_from_before_is_no_answer(run: Any) -> None:
    done = run()
    ledger.record(msisdn=number(0), kind="opt_out", source="keyword")
    Message.objects.update(created_at=timezone.now() + timedelta(minutes=1))
    assert "opt_outs" not in progress_of(done).variants[0].outcomes


def test_large_runs_show_what_was_counted_last(run: Any, monkeypatch: Any) -> None:
    done = run()
    monkeypatch.setattr(outcomes, "COUNTED_AT_ONCE", 2)
    assert outcomes.keep_counting() == 1
    assert outcomes.keep_counting() == 0
    done.refresh_from_db()
    Message.objects.update(state="cancelled")
    assert progress_of(done).outcomes["under_way"] == 3
    done.__class__.objects.update(outcomes_at=timezone.now() - timedelta(minutes=1))
    assert outcomes.keep_counting() == 1
    done.refresh_from_db()
    assert progress_of(done).outcomes["stopped"] == 3


def test_messages_that_are_no_longer_kept_are_counted_as_such(run: Any) -> None:
    done = run()
    done.recipients.update(message_id=None)
    assert progress_of(done).outcomes == {"forgotten": 3}
