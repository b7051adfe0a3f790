from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from campaigns import outcomes, steps
from campaigns.forgetting import erase_number, forget_recipients, recipients_due
from campaigns.models import CampaignRun, Recipient
from campaigns.progress import progress_of
from campaigns.running.advancing import advance, advance_runs
from core.clock import now
from messaging.models import Message
from tests.campaigns.sending.conftest import leave, number

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_erased_person_gets_nothing_more_and_still_counts(campaign: Any) -> None:
    made = campaign()
    steps.start(campaign_id=made.id, actor="ada")
    advance(made.runs.get().id)
    assert erase_number(number(1)) == 1
    assert erase_number(number(1)) == 0
    advance_runs()
    found = progress_of(made.runs.get())
    assert (found.audience, found.accepted, dict(found.excluded)) == (3, 2, {"erased": 1})
    assert not Recipient.objects.filter(msisdn=number(1)).exists()
    assert set(Message.objects.values_list("msisdn", flat=True)) == {number(0), number(2)}


def test_two_erased_people_of_one_run_do_not_collide(run: Any) -> None:
    done = run()
    assert erase_number(number(0)) + erase_number(number(1)) == 2
    assert progress_of(done).accepted == 3


def test_recipients_of_old_runs_go_and_the_numbers_stay(run: Any) -> None:
    done = run()
    leave()
    advance_runs()
    outcomes.keep_counting()
    moment = now()
    assert forget_recipients(before=moment - timedelta(days=1), batch=2) == 0
    assert recipients_due(moment) == 3
    assert [forget_recipients(before=moment, batch=2) for _ in range(3)] == [2, 1, 0]
    found = progress_of(CampaignRun.objects.get(id=done.id))
    assert (found.audience, found.accepted, found.outcomes["delivered"]) == (3, 3, 3)
