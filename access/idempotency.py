"""Do a piece of work once per API key and Idempotency-Key, and answer repeats with the stored answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.db import OperationalError, transaction

from access.models import ApiKey, IdempotencyRecord
from core.clock import now
from core.errors import IdempotencyConflict, IdempotencyInProgress, RequestInvalid
from core.secrets import keyed_hash

KEPT_AT_LEAST = timedelta(hours=48)
LONGEST_KEY = 255
Work = Callable[[], tuple[int, dict[str, Any]]]


def run_once(
    *, api_key: ApiKey, key: str, request_body: Mapping[str, Any], work: Work
) -> tuple[int, dict[str, Any], bool]:
    """(status, response, replayed). Record and work share one transaction: both happen or neither.

    A second request with the same key waits for the first; with another body it gets IdempotencyConflict.
    Work that raises leaves no record, so the caller may repeat it. A blank key means: just work.
    """
    if not key:
        return *work(), False
    if len(key) > LONGEST_KEY:
        raise RequestInvalid(
            f"The Idempotency-Key is longer than {LONGEST_KEY} characters.", param="Idempotency-Key"
        )
    digest = keyed_hash(_canonical(request_body), use="idempotency")
    with transaction.atomic():
        record = _insert(IdempotencyRecord(api_key=api_key, key=key, request_digest=digest))
        if record is None:
            status, response = _stored(api_key, key, digest)
            return status, response, True
        status, response = work()
        record.status, record.response = status, response
        record.save(update_fields=("status", "response"))
    return status, response, False


def forget_old(*, older_than: timedelta = KEPT_AT_LEAST, batch: int = 500) -> int:
    """Delete records older than `older_than` (at least 48 h), a batch per transaction; gives how many."""
    if older_than < KEPT_AT_LEAST:
        raise ValueError(f"Idempotency records are kept for at least {KEPT_AT_LEAST}.")
    limit, deleted = now() - older_than, 0
    while True:
        old = IdempotencyRecord.objects.filter(created_at__lt=limit).order_by("created_at")
        ids = list(old.values_list("pk", flat=True)[:batch])
        deleted += IdempotencyRecord.objects.filter(pk__in=ids).delete()[0] if ids else 0
        if len(ids) < batch:
            return deleted


def forget_about(msisdn: str) -> int:
    """Blank stored answers that name a number (E.164); a repeat gets the same status and an empty answer."""
    return IdempotencyRecord.objects.filter(response__icontains=msisdn[1:]).update(response={})


def _insert(record: IdempotencyRecord) -> IdempotencyRecord | None:
    """The record if it is the first with its key; waits while another transaction holds the same key."""
    try:
        IdempotencyRecord.objects.bulk_create([record], ignore_conflicts=True)
    except OperationalError as error:  # lock_timeout of the server ended the wait
        raise IdempotencyInProgress(
            "The first request with this Idempotency-Key is still running; ask again in a second."
        ) from error
    return record if IdempotencyRecord.objects.filter(pk=record.pk).exists() else None


def _stored(api_key: ApiKey, key: str, digest: str) -> tuple[int, dict[str, Any]]:
    record = IdempotencyRecord.objects.get(api_key=api_key, key=key)
    if record.request_digest != digest:
        raise IdempotencyConflict(
            "This Idempotency-Key was used with another request; use a new key for a new request.",
            param="Idempotency-Key",
        )
    if not record.status:
        raise IdempotencyInProgress(
            "The first request with this Idempotency-Key is still running; ask again in a second."
        )
    return record.status, record.response


def _canonical(body: Mapping[str, Any]) -> str:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
