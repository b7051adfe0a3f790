from __future__ import annotations

from typing import Any

import pytest

from consent import ledger
from messaging.models import ChannelStatus
from reports.checklist import steps
from reports.dashboard import read_setup


def done() -> list[bool]:
    return [step.done for step in steps(read_setup())]


def test_nothing_is_done_at_first(db: None) -> None:
    assert done() == [False] * 6


def test_each_step_follows_what_was_really_done(request: pytest.FixtureRequest, db: None) -> None:
    request.getfixturevalue("credential")
    assert done() == [True, False, False, False, False, False]
    request.getfixturevalue("webhook")
    assert done() == [True, True, False, False, False, False]
    channel = request.getfixturevalue("channel")
    channel.status = ChannelStatus.DRAFT
    channel.save()
    assert done() == [True, True, True, False, False, False]
    channel.status = ChannelStatus.ACTIVE
    channel.save()
    assert done() == [True, True, True, True, False, False]
    message = request.getfixturevalue("message")
    message("failed")
    assert done() == [True, True, True, True, False, False]
    message("accepted")
    assert done() == [True, True, True, True, True, False]
    ledger.record(msisdn="+14155550101", kind="opt_out", source="staff", actor="boss", reason="asked")
    assert done()[5] is False
    ledger.record(msisdn="+14155550101", kind="opt_out", source="keyword", keyword="STOP")
    assert all(done())


def test_steps_lead_to_the_thing_itself_once_it_exists(channel: Any) -> None:
    targets = [step.target for step in steps(read_setup())]
    assert targets[3] is not None
    assert targets[3].object_id == str(channel.pk)
    assert targets[4] == targets[3]


def test_a_test_starts_from_the_credential_while_there_is_no_channel(credential: Any) -> None:
    activate, test = steps(read_setup())[3:5]
    assert activate.target is None
    assert test.target is not None
    assert test.target.object_id == str(credential.pk)
