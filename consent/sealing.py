"""Numbers and texts under a key of their own for each subject: delete the key and they are gone."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from consent.models import ConsentSubject, SubjectKey
from core.errors import SecretUnreadable
from core.secrets import keyed_hash, seal, seal_with, unseal, unseal_with

_KEY_BYTES = 32


def number_hash(msisdn: str) -> str:
    """The keyed hash under which a number (E.164) is known to the ledger; 64 hex digits."""
    return keyed_hash(msisdn, use="consent-subject")


def data_key(subject: ConsentSubject, msisdn: str) -> bytes:
    """The subject's data key, made when the first event is about to be written; the subject is locked."""
    stored = key_of(subject)
    if stored is not None:
        return _unwrap(stored)
    key = os.urandom(_KEY_BYTES)
    if not msisdn:  # the number is erased, and nothing said about it now shall be readable later
        return key
    SubjectKey.objects.create(
        subject=subject,
        wrapped_key=seal(key, aad=_place("wrapped_key", subject.pk)),
        sealed_number=seal_with(key, msisdn.encode("utf-8"), aad=_place("sealed_number", subject.pk)),
    )
    return key


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
        plain = unseal_with(_unwrap(key), ciphertext, aad=_event_place(number_hash, sequence))
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
    return unseal_with(_unwrap(key), key.sealed_number, aad=_place("sealed_number", key.pk)).decode("utf-8")


def _unwrap(key: SubjectKey) -> bytes:
    return unseal(key.wrapped_key, aad=_place("wrapped_key", key.pk))


def _place(column: str, subject_id: int) -> str:
    return f"consent.subjectkey:{subject_id}:{column}"


def _event_place(number_hash: str, sequence: int) -> str:
    return f"consent.consentevent:{number_hash}:{sequence}"
