"""Numbers and texts under a key of their own for each subject: delete the key and they are gone."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from consent.models import ConsentSubject, SubjectKey
from core.bulk import insert_rows
from core.errors import SecretUnreadable
from core.secrets import number_hash as number_hash
from core.secrets import seal, seal_with, unseal, unseal_with

_KEY_BYTES = 32


def data_key(subject: ConsentSubject, msisdn: str, *, wrapped: str) -> bytes:
    """The subject's data key, from its `wrapped` form or, where that is "", made now; the subject is locked."""
    if wrapped:
        return unseal(wrapped, aad=_place("wrapped_key", subject.pk))
    if not msisdn:  # the number is erased, and nothing said about it now shall be readable later
        return os.urandom(_KEY_BYTES)
    key, row = new_key(subject.pk, msisdn)
    made = {
        "subject_id": subject.pk,
        "wrapped_key": row.wrapped_key,
        "sealed_number": row.sealed_number,
        "created_at": row.created_at,
    }
    insert_rows(SubjectKey, [made])
    return key


def new_key(subject_id: int, msisdn: str) -> tuple[bytes, SubjectKey]:
    """A fresh data key and the row that keeps it, not saved yet."""
    key = os.urandom(_KEY_BYTES)
    row = SubjectKey(
        subject_id=subject_id,
        wrapped_key=seal(key, aad=_place("wrapped_key", subject_id)),
        sealed_number=seal_with(key, msisdn.encode("utf-8"), aad=_place("sealed_number", subject_id)),
    )
    return key, row


def seal_evidence(key: bytes, evidence: Mapping[str, Any], *, number_hash: str, sequence: int) -> str:
    """JSON of `evidence` under the data key, bound to its place in the chain."""
    plain = json.dumps(evidence, ensure_ascii=False, sort_keys=True, default=str).encode("utf-8", "replace")
    return seal_with(key, plain, aad=_event_place(number_hash, sequence))


def open_evidence(
    key: SubjectKey | None, ciphertext: str, *, number_hash: str, sequence: int
) -> dict[str, Any] | None:
    """What `seal_evidence` was given, or None once the key is erased."""
    if key is None:
        return None
    try:
        plain = unseal_with(unwrap(key), ciphertext, aad=_event_place(number_hash, sequence))
    except SecretUnreadable:  # written under an earlier key of this subject, erased since
        return None
    evidence: dict[str, Any] = json.loads(plain)
    return evidence


def key_of(subject: ConsentSubject) -> SubjectKey | None:
    """The subject's key, None when there is none (any more); no query when `key` was selected along."""
    try:
        return subject.key
    except SubjectKey.DoesNotExist:
        return None


def open_number(key: SubjectKey | None) -> str:
    """The subject's number (E.164), or "" once the key is erased."""
    if key is None:
        return ""
    return unseal_with(unwrap(key), key.sealed_number, aad=_place("sealed_number", key.pk)).decode("utf-8")


def unwrap(key: SubjectKey) -> bytes:
    """The data key that a row keeps."""
    return unseal(key.wrapped_key, aad=_place("wrapped_key", key.pk))


def _place(column: str, subject_id: int) -> str:
    return f"consent.subjectkey:{subject_id}:{column}"


def _event_place(number_hash: str, sequence: int) -> str:
    return f"consent.consentevent:{number_hash}:{sequence}"
