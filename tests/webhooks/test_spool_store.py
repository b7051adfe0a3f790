from __future__ import annotations

import os
import stat
import uuid
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from django.utils import timezone

from webhooks.callback import Callback
from webhooks.spool.entries import Entry, EntryUnreadable, from_bytes, to_bytes
from webhooks.spool.store import SpoolUnavailable, Store

CALLBACK = Callback(
    path="/hooks/x/",
    query="a=1",
    headers={"X-Sign": "ü"},
    body=b"\x00\xffbody",
    role="sent",
    address="192.0.2.1",
)


@pytest.fixture
def spool(tmp_path: Path) -> Store:
    return Store(tmp_path / "files", most_files=3, most_bytes=1000)


def put(spool: Store, data: bytes = b"data", *, age: int = 0) -> str:
    return spool.put(request_id=uuid.uuid4(), received_at=timezone.now() - timedelta(seconds=age), data=data)


def test_files_are_whole_private_and_in_order_of_arrival(spool: Store, tmp_path: Path) -> None:
    late, early = put(spool, b"late"), put(spool, b"early", age=10)
    assert spool.names() == [early, late]
    assert spool.read(early) == b"early"
    assert stat.S_IMODE((tmp_path / "files").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "files").iterdir()} == {0o600}
    spool.remove(early)
    spool.remove(early)
    assert (spool.has(early), spool.has(late)) == (False, True)


def test_file_and_directory_are_synced_before_anybody_is_told(spool: Store) -> None:
    order: list[str] = []
    real_sync, real_replace = os.fsync, Path.replace

    def sync(descriptor: int) -> None:
        order.append("directory" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        real_sync(descriptor)

    def replace(path: Path, target: Path) -> Path:
        order.append("rename")
        return real_replace(path, target)

    with patch("os.fsync", sync), patch.object(Path, "replace", replace):
        put(spool)
    assert order == ["file", "rename", "directory"]


@pytest.mark.parametrize(("files", "size"), [(3, 1), (1, 900)])
def test_a_full_spool_takes_nothing_more(spool: Store, files: int, size: int) -> None:
    names = [put(spool, b"x" * size) for _ in range(files)]
    with pytest.raises(SpoolUnavailable, match="full"):
        put(spool, b"x" * 200)
    assert sorted(spool.names()) == sorted(names)


def test_a_spool_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file stands in the way")
    with pytest.raises(SpoolUnavailable, match="not writable"):
        put(Store(tmp_path / "taken" / "spool", most_files=3, most_bytes=1000))


def test_a_write_that_fails_leaves_nothing_behind(spool: Store, tmp_path: Path) -> None:
    with (
        patch("os.fsync", side_effect=OSError(28, "No space left on device")),
        pytest.raises(SpoolUnavailable),
    ):
        put(spool)
    assert list((tmp_path / "files").iterdir()) == []


def test_a_host_keeps_its_id(spool: Store, tmp_path: Path) -> None:
    again = Store(tmp_path / "files", most_files=3, most_bytes=1000)
    assert spool.host_id() == again.host_id() == spool.host_id()
    assert Store(tmp_path / "other", most_files=3, most_bytes=1000).host_id() != spool.host_id()


def test_one_process_reads_at_a_time(spool: Store, tmp_path: Path) -> None:
    with (
        spool.only_reader() as first,
        Store(tmp_path / "files", most_files=1, most_bytes=1).only_reader() as second,
    ):
        assert (first, second) == (True, False)
    with spool.only_reader() as again:
        assert again


def test_the_last_process_of_a_host_knows_it_is(spool: Store) -> None:
    first, second = spool.join(), spool.join()
    assert not spool.is_last(first)
    os.close(second)
    assert spool.is_last(first)
    os.close(first)


def test_an_entry_comes_back_as_it_was_and_its_file_tells_nothing() -> None:
    entry = Entry(request_id=uuid.uuid4(), webhook_id=uuid.uuid4(), callback=CALLBACK)
    data = to_bytes(entry)
    assert from_bytes(f"1-{entry.request_id.hex}-2.sealed", data) == entry
    assert b"body" not in data
    for name, changed in (
        (f"1-{uuid.uuid4().hex}-2.sealed", data),
        (f"1-{entry.request_id.hex}-2.sealed", data[:-5] + b"AAAAA"),
        (f"1-{entry.request_id.hex}-2.sealed", b"\xff"),
        ("nonsense.sealed", data),
    ):
        with pytest.raises(EntryUnreadable):
            from_bytes(name, changed)
