"""Nobody sends any more: that is told all the same, by web processes."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
from django.core import mail

from core.clock import database_now
from operations import pulse, stand_in
from operations.models import AlertNotice, AlertTarget, Heartbeat
from tests.operations.processes import environment

LOADED = "import threading, smsgateway.wsgi; print([one.name for one in threading.enumerate()])"


def worker_seen(ago: timedelta) -> None:
    Heartbeat.objects.update_or_create(kind=pulse.WORKER, defaults={"at": database_now() - ago})


@pytest.mark.django_db
def test_web_processes_tell_that_no_worker_is_at_work() -> None:
    AlertTarget.objects.create(name="Night shift", addresses="ada@example.com")
    worker_seen(timedelta(minutes=5))
    stand_in.tell_that_nobody_works()
    assert [notice.kind for notice in AlertNotice.objects.all()] == ["no_worker"]
    [told] = mail.outbox
    assert "No worker is at work" in told.subject
    assert "messages, campaigns and callbacks wait" in told.body


@pytest.mark.django_db
@pytest.mark.parametrize("ago", [timedelta(seconds=3), timedelta(seconds=40), None])
def test_a_worker_that_lives_is_restarted_or_was_never_there_is_no_alarm(ago: timedelta | None) -> None:
    AlertTarget.objects.create(name="Night shift", addresses="ada@example.com")
    if ago is not None:
        worker_seen(ago)
    stand_in.tell_that_nobody_works()
    assert not AlertNotice.objects.exists()


def test_every_web_process_looks(tmp_path: object) -> None:
    env = environment(SMSGATEWAY_DATA_DIR=str(tmp_path))
    names = subprocess.run(
        [sys.executable, "-c", LOADED], env=env, capture_output=True, text=True, check=True
    ).stdout
    assert "tick-tell_that_nobody_works" in names
