from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction

from tests.threads import run_together

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.sqlite,
]


def test_many_writers_take_turns_without_a_locked_database() -> None:
    names = iter(range(1000))

    def write() -> None:
        for _ in range(25):
            with transaction.atomic():
                Group.objects.create(name=f"group {next(names)}")

    run_together(write, times=8)
    assert Group.objects.filter(name__startswith="group ").count() == 200


def test_a_failed_transaction_gives_its_turn_away() -> None:
    with pytest.raises(ValueError, match="no such field"), transaction.atomic():  # noqa: PT012  both belong inside
        Group.objects.create(name="never")
        raise ValueError("no such field")
    run_together(lambda: Group.objects.create(name=f"after {threading.get_ident()}"), times=2)
    assert not Group.objects.filter(name="never").exists()


def test_closing_in_the_middle_gives_the_turn_away() -> None:
    def leave() -> None:
        transaction.set_autocommit(False)
        Group.objects.create(name="unfinished")
        connection.close()

    run_together(leave, times=1)
    started = time.monotonic()
    with transaction.atomic():
        Group.objects.create(name="next")
    assert time.monotonic() - started < 5


def test_a_writer_that_waits_too_long_is_told(monkeypatch: Any) -> None:
    from django.db.utils import OperationalError

    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.05)
    holding, release = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            holding.set()
            release.wait(5)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait(5)
    with pytest.raises(OperationalError, match="locked"), transaction.atomic():
        Group.objects.create(name="late")
    release.set()
    thread.join()
