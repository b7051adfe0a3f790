from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from core.clock import database_now
from core.triggers import remove
from messaging.models import SendHold
from messaging.triggers import TRIGGERS
from operations import doctor, installation, pulse
from operations.doctor import Grade
from operations.models import Heartbeat

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def healthy(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    installation.verify()
    pulse.beat_of_worker()


def found() -> dict[str, doctor.Finding]:
    return {finding.subject: finding for finding in doctor.examine()}


def test_a_sound_installation_has_nothing_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("doctor")
    printed = capsys.readouterr().out
    assert printed.endswith("Nothing is wrong.\n")
    assert "wrong  " not in printed


def others_can_read_keys(tmp_path: Path, settings: Any) -> None:
    (tmp_path / "keys.json").touch(mode=0o644)


def directory_is_a_file(tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR = tmp_path / "taken"
    settings.DATA_DIR.touch()


def keys_of_another(tmp_path: Path, settings: Any) -> None:
    settings.SMSGATEWAY_PEPPER = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


def trigger_removed(tmp_path: Path, settings: Any) -> None:
    remove(connection, TRIGGERS)


def worker_silent(tmp_path: Path, settings: Any) -> None:
    Heartbeat.objects.filter(kind=pulse.WORKER).update(at=database_now() - timedelta(minutes=2))


def worker_never(tmp_path: Path, settings: Any) -> None:
    Heartbeat.objects.all().delete()


def migration_missing(tmp_path: Path, settings: Any) -> None:
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes("operations")[0]
    MigrationRecorder(connection).record_unapplied(*newest)


def sending_on_hold(tmp_path: Path, settings: Any) -> None:
    SendHold.objects.create(reason="Drill", placed_by="ada")


@pytest.mark.parametrize(
    ("harm", "subject", "words"),
    [
        (others_can_read_keys, "data directory", "chmod 600"),
        (directory_is_a_file, "data directory", "Cannot write"),
        (keys_of_another, "keys", "do not belong to this database"),
        (trigger_removed, "protections", "messaging_message_state_transitions"),
        (worker_silent, "worker", "last sign of life"),
        (worker_never, "worker", "none has ever run"),
        (migration_missing, "tables", "manage.py migrate"),
        (sending_on_hold, "attention", "on hold"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(
    harm: Callable[[Path, Any], None], subject: str, words: str, tmp_path: Path, settings: Any
) -> None:
    harm(tmp_path, settings)
    finding = found()[subject]
    assert finding.grade is Grade.BAD
    assert words in finding.text
    with pytest.raises(CommandError, match="1 thing is wrong"):
        call_command("doctor")


@pytest.mark.parametrize(
    ("url", "grade"),
    [
        ("http://127.0.0.1:8000", Grade.LOOK),
        ("https://gateway.internal", Grade.LOOK),
        ("http://sms.example.com", Grade.LOOK),
        ("https://sms.example.com", Grade.GOOD),
    ],
)
def test_public_address(url: str, grade: Grade, settings: Any) -> None:
    settings.SMSGATEWAY_PUBLIC_URL = url
    assert found()["public address"].grade is grade


def test_a_clock_that_is_off_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = database_now() + timedelta(minutes=5)
    monkeypatch.setattr("operations.doctor.traffic.now", lambda: ahead)
    assert "NTP" in found()["clock"].text


def test_without_a_database_the_rest_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise DatabaseError("connection\n refused")

    monkeypatch.setattr("operations.doctor.records.connection.cursor", refuse)
    *_, last = doctor.examine()
    assert (last.subject, last.grade) == ("database", Grade.BAD)
    assert "connection refused" in last.text
