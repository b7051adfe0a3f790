"""The spool's directory: whole files or none, synced before anybody is told, bounded, in order of arrival."""

from __future__ import annotations

import fcntl
import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings

_COUNT_AGAIN_AFTER = 1.0  # seconds; meanwhile a process adds what it writes itself
_ENDING = ".sealed"


class SpoolUnavailable(Exception):
    """The spool cannot take a callback: full, not writable, or this host is not known to the senders."""


class Store:
    """One directory, shared by all web processes of a machine, owned by one user (0700, files 0600)."""

    def __init__(self, directory: Path, *, most_files: int, most_bytes: int) -> None:
        self._directory = directory
        self._most_files, self._most_bytes = most_files, most_bytes
        self._lock = threading.Lock()
        self._counted_at, self._files, self._bytes = -_COUNT_AGAIN_AFTER, 0, 0

    def put(self, *, request_id: uuid.UUID, received_at: datetime, data: bytes) -> str:
        """Keep `data` so that it survives a loss of power; gives its name. Raises SpoolUnavailable."""
        microseconds = int(received_at.timestamp() * 1_000_000)
        name = f"{microseconds:017d}-{request_id.hex}-{len(data)}{_ENDING}"
        try:
            self._make_room(len(data))
            self._write(name, data)
        except OSError as error:
            raise SpoolUnavailable(f"{self._directory} is not writable: {error.strerror}.") from error
        return name

    def names(self) -> list[str]:
        """All files that wait, oldest first."""
        try:
            return sorted(name for name in os.listdir(self._directory) if name.endswith(_ENDING))
        except FileNotFoundError:
            return []

    def has(self, name: str) -> bool:
        """Whether the file still waits."""
        return (self._directory / name).exists()

    def read(self, name: str) -> bytes:
        """The file's content."""
        return (self._directory / name).read_bytes()

    def remove(self, name: str) -> None:
        """Drop a file whose callback is in the database; losing the removal only means to look again."""
        (self._directory / name).unlink(missing_ok=True)

    def set_aside(self, name: str) -> None:
        """Put a file that cannot be opened where staff find it and replay does not."""
        aside = self._directory / "unreadable"
        aside.mkdir(mode=0o700, exist_ok=True)
        (self._directory / name).replace(aside / name)

    def count_set_aside(self) -> int:
        """How many files could not be opened."""
        try:
            return len(os.listdir(self._directory / "unreadable"))
        except FileNotFoundError:
            return 0

    def host_id(self) -> uuid.UUID:
        """Which host this is: made once, kept beside the files, so that a restart is the same host."""
        path = self._directory / "host"
        while not path.exists():
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = self._directory / f".host.{uuid.uuid4().hex}"
            self._write_file(draft, str(uuid.uuid4()).encode("ascii"))
            # Linked, not renamed: of two processes that start together the first one's id stays.
            with suppress(FileExistsError):
                os.link(draft, path)
            draft.unlink()
        return uuid.UUID(path.read_text(encoding="ascii"))

    def note_beat(self, counted_at: float) -> None:
        """Remember for all processes of this host that its row is fresh and tells what was counted at that moment.

        `counted_at` is monotonic: the clock is the machine's, the same in every process, and starts anew when it boots.
        """
        draft = self._directory / f".beat.{uuid.uuid4().hex}"
        draft.write_text(f"{counted_at!r} {time.monotonic()!r}", encoding="ascii")
        draft.replace(self._directory / "beat")

    def forget_beat(self) -> None:
        """This host has no row any more."""
        (self._directory / "beat").unlink(missing_ok=True)

    def last_beat(self) -> tuple[float, float] | None:
        """When this host last counted for its row and when the row was fresh, monotonic; None: it has no row."""
        try:
            counted_at, noted_at = (self._directory / "beat").read_text(encoding="ascii").split()
            return float(counted_at), float(noted_at)
        except (OSError, ValueError):
            return None

    @contextmanager
    def only_reader(self) -> Iterator[bool]:
        """Whether this process is the one that replays now; let go by the system when a process dies."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(self._directory / "reader.lock", "ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def join(self) -> int:
        """Count this process among those of the host; gives the descriptor that `is_last` and the system let go."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._directory / "processes.lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        return descriptor

    def is_last(self, descriptor: int) -> bool:
        """Whether no other web process of this host runs."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _make_room(self, size: int) -> None:
        with self._lock:
            if time.monotonic() - self._counted_at > _COUNT_AGAIN_AFTER:
                names = self.names()
                self._files, self._bytes = len(names), sum(map(_size_in, names))
                self._counted_at = time.monotonic()
            if self._files + 1 > self._most_files or self._bytes + size > self._most_bytes:
                raise SpoolUnavailable(f"The spool is full: {self._files} callbacks, {self._bytes} bytes.")
            self._files, self._bytes = self._files + 1, self._bytes + size

    def _write(self, name: str, data: bytes) -> None:
        draft = self._directory / f".{name}.{uuid.uuid4().hex}"
        try:
            self._write_file(draft, data)
            draft.replace(self._directory / name)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        descriptor = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _write_file(self, path: Path, data: bytes) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())


def store() -> Store:
    """This machine's spool, as the settings say."""
    return _store(
        str(settings.SMSGATEWAY_SPOOL_DIR),
        settings.SMSGATEWAY_SPOOL_MAX_FILES,
        settings.SMSGATEWAY_SPOOL_MAX_BYTES,
    )


@lru_cache(maxsize=4)
def _store(directory: str, most_files: int, most_bytes: int) -> Store:
    return Store(Path(directory), most_files=most_files, most_bytes=most_bytes)


def _size_in(name: str) -> int:
    size = name.removesuffix(_ENDING).rpartition("-")[2]
    return int(size) if size.isdigit() else 0
