from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
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
from operations.doctor import Grade, watching
from operations.models import AlertTarget, Heartbeat
from tests import services

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def healthy(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.SMSGATEWAY_SPOOL_DIR = tmp_path / "spool"
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


def spool_is_a_file(tmp_path: Path, settings: Any) -> None:
    settings.SMSGATEWAY_SPOOL_DIR.touch()


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
        (spool_is_a_file, "spool", "Cannot write"),
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


def spool_outgrows_the_disk(settings: Any) -> None:
    settings.SMSGATEWAY_SPOOL_MAX_BYTES = 1 << 62


def somebody_is_told(settings: Any) -> None:
    AlertTarget.objects.create(name="Night shift", addresses="night@example.com")


def nobody_is_told_any_more(settings: Any) -> None:
    AlertTarget.objects.create(name="Night shift", addresses="night@example.com", enabled=False)


def public_without_token(settings: Any) -> None:
    settings.SMSGATEWAY_PUBLIC_URL = "https://sms.example.com"


def public_with_token(settings: Any) -> None:
    public_without_token(settings)
    settings.SMSGATEWAY_METRICS_TOKEN = "t"


def beat_at_work(settings: Any) -> None:
    Heartbeat.objects.create(kind="beat", at=database_now())


def beat_gone(settings: Any) -> None:
    Heartbeat.objects.create(kind="beat", at=database_now() - timedelta(minutes=5))


def redis_gone(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    Heartbeat.objects.all().delete()  # no worker: the broker itself is not tried


def local(settings: Any) -> None:
    settings.SMSGATEWAY_PUBLIC_URL = "http://127.0.0.1:8000"


def nothing_special(settings: Any) -> None:
    """As it comes."""


@pytest.mark.parametrize(
    ("prepare", "subject", "grade", "words"),
    [
        (nothing_special, "spool", Grade.GOOD, "spool"),
        (spool_outgrows_the_disk, "spool", Grade.LOOK, "SMSGATEWAY_SPOOL_MAX_BYTES"),
        (nothing_special, "alerts", Grade.LOOK, "Alert targets"),
        (nobody_is_told_any_more, "alerts", Grade.LOOK, "Alert targets"),
        (somebody_is_told, "alerts", Grade.GOOD, "1 target"),
        (local, "metrics", Grade.GOOD, "this machine"),
        (public_without_token, "metrics", Grade.LOOK, "SMSGATEWAY_METRICS_TOKEN"),
        (public_with_token, "metrics", Grade.GOOD, "token"),
        (nothing_special, "beat", Grade.GOOD, "by itself"),
        (beat_at_work, "beat", Grade.GOOD, "at work"),
        (beat_gone, "beat", Grade.LOOK, "last seen"),
        (nothing_special, "Redis", Grade.GOOD, "not used"),
        (redis_gone, "Redis", Grade.LOOK, "does not answer"),
    ],
)
def test_what_somebody_should_look_at(
    prepare: Callable[[Any], None], subject: str, grade: Grade, words: str, settings: Any
) -> None:
    prepare(settings)
    finding = found()[subject]
    assert (finding.grade, words in finding.text) == (grade, True), finding


@pytest.mark.redis
@pytest.mark.parametrize(
    ("limit", "policy", "grade"),
    [
        ("0", "allkeys-lru", Grade.GOOD),
        ("64mb", "noeviction", Grade.GOOD),
        ("64mb", "allkeys-lru", Grade.LOOK),
    ],
)
def test_a_redis_that_forgets_is_told(limit: str, policy: str, grade: Grade, settings: Any) -> None:
    with services.redis() as url:
        with redis.Redis.from_url(url) as client:
            client.config_set("maxmemory", limit)
            client.config_set("maxmemory-policy", policy)
        settings.REDIS_URL = url
        finding = watching.broker_memory()
    assert finding.grade is grade
    assert finding.grade is Grade.GOOD or "maxmemory-policy noeviction" in finding.text


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
