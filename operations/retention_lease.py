"""One process at a time deletes old records, and messages go through one archive directory or through none."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from django.conf import settings

from core.archive import Archive
from core.clock import now
from operations.models import RetentionLease

Row = TypeVar("Row")

_LEASE = timedelta(seconds=120)
_RENEW_AFTER_SECONDS = 10.0
_ID_FILE = "archive.id"


class RetentionRefused(Exception):
    """Nothing is deleted, and the text says what to do."""


class Lease:
    """The right to delete, renewed while the work goes on."""

    def __init__(self, token: uuid.UUID, archive: str) -> None:
        self._token, self._renew_at = token, time.monotonic() + _RENEW_AFTER_SECONDS
        self._archive = archive

    def renew(self) -> None:
        """Keep it; RetentionRefused when another process has it by now."""
        if time.monotonic() < self._renew_at:
            return
        if not RetentionLease.objects.filter(token=self._token).update(until=now() + _LEASE):
            raise RetentionRefused("Another process deletes old records by now.")
        self._renew_at = time.monotonic() + _RENEW_AFTER_SECONDS

    def while_reading(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows, and the lease kept while they pass."""
        for row in rows:
            self.renew()
            yield row

    def archive(self) -> Archive | None:
        """Where messages go before they are deleted; None: nowhere. RetentionRefused when it is another directory."""
        if not settings.SMSGATEWAY_ARCHIVE_DIR:
            if self._archive:
                raise RetentionRefused(
                    "Messages are archived before they are deleted, and SMSGATEWAY_ARCHIVE_DIR is not set here. Set "
                    "it, or run `manage.py retention --without-archive` once."
                )
            return None
        archive = Archive.at(settings.SMSGATEWAY_ARCHIVE_DIR)
        known = archive.known_as(_ID_FILE)
        if self._archive and self._archive != known:
            raise RetentionRefused(
                f"{archive.directory} is not the directory that messages were archived in before. Set "
                "SMSGATEWAY_ARCHIVE_DIR to that one, on one machine or on a disk that all share."
            )
        RetentionLease.objects.filter(token=self._token).update(archive=known)
        return archive


@contextmanager
def lease() -> Iterator[Lease | None]:
    """The lease, None when another process has it; given back at the end."""
    row, _ = RetentionLease.objects.get_or_create(id=1)
    token, moment = uuid.uuid4(), now()
    if not RetentionLease.objects.filter(until__lte=moment).update(token=token, until=moment + _LEASE):
        yield None
        return
    try:
        yield Lease(token, row.archive)
    finally:
        RetentionLease.objects.filter(token=token).update(token=None, until=now())


def forget_archive() -> None:
    """From now on messages may be deleted without an archive."""
    RetentionLease.objects.update(archive="")
