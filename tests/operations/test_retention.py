from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from access.models import AuditEntry, RetentionMark
from access.retention import delete_evidence, door_open
from consent.ledger import subjects_for
from consent.models import ConsentEvent
from core import archive as archives
from core.archive import Archive, ArchiveDamaged
from core.clock import now
from core.ids import first_id_at
from credentials.models import ApiCredential
from links.models import Click, LinkTarget, TrackedLink
from messaging import retention as old_messages
from messaging.models import Attempt, Message, MessageEvent, MessagePart, StatusLookup
from operations import retention
from operations.models import RetentionLease
from operations.retention_lease import RetentionRefused
from webhooks.models import InboundMessage

pytestmark = pytest.mark.django_db
NUMBER = "+14155550101"
Add = Callable[..., Message]


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(retention, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(retention, "BATCH", 3)
    settings.SMSGATEWAY_MESSAGE_DAYS = 30
    settings.SMSGATEWAY_ARCHIVE_DIR = ""


@pytest.fixture
def directory(tmp_path: Path, settings: Any) -> Path:
    settings.SMSGATEWAY_ARCHIVE_DIR = str(tmp_path / "archive")
    return tmp_path / "archive"


@pytest.fixture
def add() -> Add:
    credential = ApiCredential.objects.create(name="P", provider_url="https://p.example.com/")
    subject_id = subjects_for([NUMBER])[NUMBER]

    def add(days: int, *, state: str = "delivered", text: str = "Hello") -> Message:
        moment = (now() - timedelta(days=days)).astimezone(UTC).replace(hour=12)
        message = Message.objects.create(
            id=uuid.UUID(int=first_id_at(moment).int + uuid.uuid4().int % (1 << 60)),
            credential=credential, subject_id=subject_id, msisdn=NUMBER, sender="+15005550006", purpose="transactional",
            source="api", text=text, state=state, created_at=moment, valid_until=moment,
        )  # fmt: skip
        MessagePart.objects.create(message=message, number=1, state=state, provider_id=f"p-{message.pk}")
        Attempt.objects.create(message=message, number=1, request={"body": "hidden"})
        for step in ("queued", state):
            MessageEvent.objects.create(message=message, after=step, at=moment)
        return message

    return add


def archived(directory: Path) -> list[dict[str, Any]]:
    """Every row of every complete file."""
    complete = sorted(path.with_suffix(".jsonl.gz") for path in directory.glob("*.json"))
    return [json.loads(line) for path in complete for line in gzip.open(path, "rt", encoding="utf-8")]


def left() -> set[uuid.UUID]:
    return set(Message.objects.values_list("id", flat=True))


def test_old_messages_go_with_all_that_hangs_on_them_and_others_stay(add: Add) -> None:
    gone = [add(days) for days in (31, 40, 40, 40, 400)]
    young, waiting = add(29), add(50, state="queued")
    inbound = InboundMessage.objects.create(dedupe_key="1", msisdn=NUMBER, reply=gone[0])
    assert retention.run() == {
        "messages": 5,
        "inbound messages": 0,
        "marks of conversations": 0,
        "recipients of campaigns": 0,
        "audit entries": 0,
    }
    assert left() == {young.id, waiting.id}
    for model in (MessagePart, Attempt, MessageEvent):
        assert {row.message_id for row in model.objects.all()} == left()
    inbound.refresh_from_db()
    assert inbound.reply_id is None


def test_tracked_links_go_with_their_message_and_what_was_counted_stays(add: Add, directory: Path) -> None:
    gone, young = add(40), add(3)
    target = LinkTarget.objects.create(owner="channel:1", written="https://shop.example", clicks=2)
    for message in (gone, young):
        link = TrackedLink.objects.create(
            slug=f"s{message.pk}"[:16], target=target, message_id=message.pk, clicks=1
        )
        Click.objects.create(link=link, kind="person")
        StatusLookup.objects.create(message=message, said="nothing", times=1)
    assert retention.run()["messages"] == 1
    for model in (TrackedLink, StatusLookup):
        assert set(model.objects.values_list("message_id", flat=True)) == {young.pk}
    assert (Click.objects.count(), LinkTarget.objects.get().clicks) == (1, 2)
    [row] = archived(directory)
    assert (row["links"][0]["clicks"], row["look_ups"][0]["said"]) == (1, "nothing")


def test_nothing_goes_where_all_is_kept(add: Add, settings: Any) -> None:
    settings.SMSGATEWAY_MESSAGE_DAYS = settings.SMSGATEWAY_INBOUND_DAYS = 0
    add(4000)
    InboundMessage.objects.create(dedupe_key="1", msisdn=NUMBER, received_at=now() - timedelta(days=4000))
    assert set(retention.run().values()) == {0}


def test_the_archive_has_a_file_for_each_whole_day_and_every_word(add: Add, directory: Path) -> None:
    first, second, third = add(40, text="Grüße ✓"), add(40), add(45)
    today_30_days_ago = add(30)
    assert retention.run()["messages"] == 3
    assert left() == {today_30_days_ago.id}
    names = sorted(path.name for path in directory.iterdir() if path.name != "archive.id")
    days = sorted({f"messages-{one.created_at:%Y-%m-%d}" for one in (first, second, third)})
    assert names == [f"{day}{ending}" for day in days for ending in (".json", ".jsonl.gz")]
    rows = {row["id"]: row for row in archived(directory)}
    row = rows[str(first.id)]
    assert row["text"] == "Grüße ✓"
    assert [event["after"] for event in row["events"]] == ["queued", "delivered"]
    assert row["parts"][0]["provider_id"] == f"p-{first.pk}"
    assert row["attempts"][0]["request"] == {"body": "hidden"}
    manifest = json.loads((directory / f"{days[-1]}.json").read_text())
    assert (manifest["rows"], manifest["deleted"]) == (2, True)
    assert {path.stat().st_mode & 0o777 for path in directory.iterdir()} == {0o600}


def test_a_message_that_was_under_way_goes_into_a_second_file(add: Add, directory: Path) -> None:
    add(40)
    late = add(40, state="queued")
    retention.run()
    Message.objects.filter(id=late.id).update(state="expired")
    assert retention.run()["messages"] == 1
    assert sorted(path.name for path in directory.glob("*.json")) == [
        f"messages-{late.created_at:%Y-%m-%d}.2.json",
        f"messages-{late.created_at:%Y-%m-%d}.json",
    ]
    assert left() == set()


def dies_at(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, call: int, after: bool) -> None:
    """Call number `call` of a function is the last thing the process does, or the last it begins."""
    real, calls = getattr(place, name), iter(range(1, 1000))

    def dying(*args: Any, **kwargs: Any) -> Any:
        is_last = next(calls) == call
        if is_last and not after:
            raise Killed
        result = real(*args, **kwargs)
        if is_last:
            raise Killed
        return result

    monkeypatch.setattr(place, name, dying)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", [1, 2, 3, 4])
@pytest.mark.parametrize(
    ("place", "name"),
    [
        (archives.os, "replace"),
        (archives.os, "fsync"),
        (archives, "_sha256"),
        (Archive, "mark_deleted"),
        (old_messages, "delete"),
        (old_messages, "delete_evidence"),
        (old_messages, "_by_message"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_process_killed_anywhere_loses_nothing_and_archives_nothing_twice(
    add: Add, directory: Path, place: Any, name: str, call: int, after: bool
) -> None:
    every = {add(days).id for days in (40, 40, 40, 40, 41, 42)}
    with pytest.MonkeyPatch.context() as patch:
        dies_at(patch, place, name, call, after)
        with suppress(Killed):
            retention.run()
    safe = {uuid.UUID(row["id"]) for row in archived(directory)} if directory.exists() else set()
    assert every - left() <= safe
    retention.run()
    assert left() == set()
    ids = [uuid.UUID(row["id"]) for row in archived(directory)]
    assert sorted(ids) == sorted(every)


def test_nothing_is_deleted_by_a_damaged_file(add: Add, directory: Path) -> None:
    message = add(40)
    with pytest.MonkeyPatch.context() as patch:
        dies_at(patch, old_messages, "delete", 1, after=False)
        with pytest.raises(Killed):
            retention.run()
    (file,) = directory.glob("*.gz")
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ArchiveDamaged, match=file.name):
        retention.run()
    assert left() == {message.id}


def test_messages_do_not_go_another_way_than_before(
    add: Add, directory: Path, settings: Any, tmp_path: Path
) -> None:
    retention.run()
    add(40)
    settings.SMSGATEWAY_ARCHIVE_DIR = ""
    with pytest.raises(RetentionRefused, match="SMSGATEWAY_ARCHIVE_DIR is not set here"):
        retention.run()
    settings.SMSGATEWAY_ARCHIVE_DIR = str(tmp_path / "other")
    with pytest.raises(RetentionRefused, match="not the directory"):
        retention.run()
    retention.retain()  # a worker only says so in its log
    assert len(left()) == 1
    settings.SMSGATEWAY_ARCHIVE_DIR = ""
    call_command("retention", "--without-archive", stdout=StringIO())
    assert left() == set()


def test_one_process_at_a_time_deletes(add: Add) -> None:
    add(40)
    RetentionLease.objects.create(token=uuid.uuid4(), until=now() + timedelta(seconds=60))
    assert retention.run() is None
    assert len(left()) == 1
    RetentionLease.objects.update(until=now() - timedelta(seconds=1))
    assert retention.run()["messages"] == 1


def test_a_round_ends_when_its_time_is_over_and_the_next_goes_on(add: Add) -> None:
    for _ in range(7):
        add(40)
    assert [retention.run(budget=0.0)["messages"] for _ in range(4)] == [3, 3, 1, 0]


def test_a_round_that_ended_within_a_file_goes_on_there(add: Add, directory: Path) -> None:
    for _ in range(7):
        add(40)
    assert [retention.run(budget=0.0)["messages"] for _ in range(4)] == [3, 3, 1, 0]
    assert len(archived(directory)) == 7


def test_inbound_messages_and_audit_entries_go_by_their_own_days(settings: Any) -> None:
    settings.SMSGATEWAY_INBOUND_DAYS, settings.SMSGATEWAY_AUDIT_DAYS = 10, 20
    for days in (5, 9, 11, 21, 22, 23, 24):
        moment = now() - timedelta(days=days)
        InboundMessage.objects.create(dedupe_key=f"{days}", msisdn=NUMBER, received_at=moment)
        AuditEntry.objects.create(actor="ada", action="changed", object_type="x.y", at=moment)
    assert retention.run() == {
        "messages": 0,
        "inbound messages": 5,
        "marks of conversations": 0,
        "recipients of campaigns": 0,
        "audit entries": 4,
    }
    assert (InboundMessage.objects.count(), AuditEntry.objects.count()) == (2, 3)
    assert RetentionMark.objects.count() == 0


def refused(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError:
        return True
    return False


@pytest.fixture
def door() -> Iterator[None]:
    with door_open():
        yield


@pytest.mark.parametrize("table", ["access_auditentry", "messaging_messageevent"])
def test_evidence_goes_through_the_door_only_and_only_when_it_is_old(add: Add, table: str) -> None:
    add(1)
    add(40)
    for days in (1, 40):
        AuditEntry.objects.create(
            actor="ada", action="changed", object_type="x.y", at=now() - timedelta(days=days)
        )
    assert refused(f"DELETE FROM {table}")
    with door_open():
        assert refused(f"DELETE FROM {table}")  # some are too young, whoever asks
        assert refused(f"UPDATE {table} SET actor = 'bob'")
        old = f"'{datetime.now(tz=UTC) - timedelta(days=20):%Y-%m-%d %H:%M:%S+00:00}'"
        assert not refused(f"DELETE FROM {table} WHERE at < {old}")
    assert refused(f"DELETE FROM {table}")


def test_the_door_does_not_open_the_ledger(door: None) -> None:
    from consent import ledger

    event = ledger.record(msisdn=NUMBER, kind="opt_out", source="keyword")
    with pytest.raises(DatabaseError), transaction.atomic():
        delete_evidence(ConsentEvent, "id", [event.pk])


def test_commands_say_what_is_due_and_do_it(add: Add, directory: Path) -> None:
    one = add(40)
    add(45)
    out = StringIO()
    call_command("archive", "--dry-run", stdout=out)
    assert f"{one.created_at:%Y-%m-%d}: 1 messages" in out.getvalue()
    call_command("retention", "--dry-run", stdout=out)
    assert "messages: 2 would go (SMSGATEWAY_MESSAGE_DAYS)" in out.getvalue()
    assert "audit entries: all are kept" in out.getvalue()
    assert len(left()) == 2
    call_command("archive", stdout=out)
    assert "2 messages deleted" in out.getvalue()
    assert left() == set()


@pytest.mark.parametrize(("days", "place"), [(0, "somewhere"), (30, "")])
def test_the_archive_needs_days_and_a_directory(settings: Any, days: int, place: str) -> None:
    settings.SMSGATEWAY_MESSAGE_DAYS, settings.SMSGATEWAY_ARCHIVE_DIR = days, place
    with pytest.raises(CommandError):
        call_command("archive")
