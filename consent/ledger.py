"""The consent ledger: who may be written to, and the only way in for what recipients asked for.

Lock order everywhere: the subject's row first, messages after it. Senders share the row, consent
writes own it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypedDict, Unpack

from django.db import connection
from django.db.models import CharField

from consent import writing
from consent.chain import CURRENT_FORMAT, hash_of, verify_chain
from consent.models import (
    ConsentEvent,
    ConsentSubject,
    DisclosureText,
    Kind,
    Source,
)
from consent.rules import Change, Decision, State, decide, fold, lifts_anything
from consent.sealing import data_key, number_hash, seal_evidence
from consent.selectors import history, standing_for
from core import prepared
from core.bulk import insert_new, new
from core.clock import now
from core.compiled import Compiled, Slot
from core.errors import RequestInvalid
from core.transactions import own_or_callers_transaction

__all__ = (
    "Decision", "State", "decide", "first_question", "history", "last_choice", "lock_for_sending", "record",
    "standing_for", "states_for", "subjects_for", "verify_chain",
)  # fmt: skip
_BATCH = 1000
_TICK = timedelta(microseconds=1)
_PURPOSES = ("all", "marketing", "transactional")
# Kinds by which a person chooses, and what each says.
CHOICES: dict[str, str] = {
    Kind.OPT_IN: Kind.OPT_IN, Kind.OPT_IN_CONFIRMED: Kind.OPT_IN, Kind.OPT_OUT: Kind.OPT_OUT,
}  # fmt: skip
# Kinds after which messages may have to stop.
WITHDRAWALS = (Kind.OPT_OUT, Kind.CARRIER_BLOCK, Kind.ERASE)


def subjects_for(msisdns: Collection[str]) -> dict[str, int]:
    """Subject ids by number (E.164), made where missing; 1 query per 1,000 known numbers, 2 for new ones.

    Inserts go in the order of the hash, so that two writers never wait for each other in a ring.
    """
    hashes = {msisdn: number_hash(msisdn) for msisdn in msisdns}
    ordered = sorted(set(hashes.values()))
    ids: dict[str, int] = {}
    for start in range(0, len(ordered), _BATCH):
        batch = ordered[start : start + _BATCH]
        ids |= _ids_of(batch)
        unknown = [digest for digest in batch if digest not in ids]
        if unknown:
            ids |= _insert_subjects(unknown)
        raced = [digest for digest in unknown if digest not in ids]
        if raced:
            ids |= _ids_of(raced)
    return {msisdn: ids[digest] for msisdn, digest in hashes.items()}


def lock_for_sending(subject_ids: Iterable[int]) -> None:
    """Share-lock subjects in id order until the transaction ends: STOP and gate wait for each other.

    SQLite needs nothing: its write transactions run one after another.
    """
    if connection.vendor != "postgresql":
        return
    sql = f"SELECT id FROM {ConsentSubject._meta.db_table} WHERE id = ANY(%s) ORDER BY id FOR SHARE"
    with connection.cursor() as cursor:
        cursor.execute(sql, [sorted(set(subject_ids))])


def try_lock_for_sending(subject_ids: Collection[int]) -> set[int]:
    """Share-lock those subjects that no consent write holds right now, without waiting; gives which."""
    if connection.vendor != "postgresql":
        return set(subject_ids)
    sql = f"SELECT id FROM {ConsentSubject._meta.db_table} WHERE id = ANY(%s) FOR SHARE SKIP LOCKED"
    return {row[0] for row in prepared.execute(sql, [list(subject_ids)])[0]}


def states_for(subject_ids: Collection[int]) -> dict[int, tuple[State, ...]]:
    """States by subject id, an empty tuple for those without any; one query."""
    found: dict[int, list[State]] = {subject_id: [] for subject_id in subject_ids}
    for subject_id, state in writing.read_states(found.keys()):
        found[subject_id].append(state)
    return {subject_id: tuple(states) for subject_id, states in found.items()}


def last_choice(msisdn: str) -> tuple[str, int]:
    """What the newest opt-in or opt-out says, and its sequence; ("", 0) without one. Call it in a transaction.

    The subject stays locked until the transaction ends, so no other choice can come between.
    """
    choices = ConsentEvent.objects.filter(subject=_locked_subject(msisdn), kind__in=CHOICES)
    kind, sequence = choices.order_by("-sequence").values_list("kind", "sequence").first() or ("", 0)
    return CHOICES.get(kind, ""), sequence


def last_choice_before(event: ConsentEvent) -> str:
    """What the person's last opt-in or opt-out before this event says, "" without one."""
    before = ConsentEvent.objects.filter(
        subject_id=event.subject_id, sequence__lt=event.sequence, kind__in=CHOICES
    )
    return CHOICES.get(before.order_by("-sequence").values_list("kind", flat=True).first() or "", "")


class Details(TypedDict, total=False):
    """What may be said about an event besides; `disclosure` is the text that was shown. Over-long words are cut."""

    keyword: str
    rule_version: str
    actor: str
    reason: str
    reference: str
    policy_version: str
    disclosure: DisclosureText | None


@own_or_callers_transaction()
def record(
    *,
    msisdn: str = "",
    subject_id: int | None = None,
    kind: str,
    scope: str = "all",
    purpose: str = "all",
    source: str,
    text: str = "",
    occurred_at: datetime | None = None,
    time_proven: bool = False,
    decision: str = "",
    evidence: Mapping[str, Any] | None = None,
    **details: Unpack[Details],
) -> ConsentEvent:
    """Write one event and fold it into the state, in one transaction, with the subject locked first.

    The person is named by `msisdn` (E.164), or by `subject_id` where the number may be erased already. `occurred_at`
    is the provider's time, `time_proven` that a signature covers it; one from the future counts as now and proves
    nothing. Staff and API need a `reason` and `evidence` (or `text`) to turn an opt-out into an opt-in: RequestInvalid
    without, and nothing is written. Of a web form `evidence` holds `url`, `ip` and `user_agent`.
    """
    _check_words(kind=kind, source=source, scope=scope, purpose=purpose)
    subject = lock_subject(subject_id) if subject_id is not None else _locked_subject(msisdn)
    # Never before the event it follows, whatever the clocks of two hosts say.
    received_at = max(now(), subject.touched_at + _TICK)
    claimed_at = occurred_at or received_at
    proven = time_proven and occurred_at is not None and claimed_at <= received_at
    change = Change(kind, scope, purpose, source, min(claimed_at, received_at), proven, decision)
    wrapped, states = writing.read_owned(subject)
    _check_proof(states, change, reason=details.get("reason", ""), proof=text or evidence)
    event = _event(subject, change, received_at, details)
    future = {"claimed_at": claimed_at} if claimed_at > received_at else {}
    with prepared.together():
        key = data_key(subject, msisdn, wrapped=wrapped)
        _append(event, key, {**(evidence or {}), **future, "number": msisdn, "text": text})
        writing.update_subject(subject)
        writing.write_states(event, fold(states, change))
    return event


def _event(subject: ConsentSubject, change: Change, received_at: datetime, details: Details) -> ConsentEvent:
    disclosure = details.pop("disclosure", None)
    event = new(
        ConsentEvent,
        **vars(change),
        subject_id=subject.pk,
        disclosure_id=disclosure.digest if disclosure else None,
        received_at=received_at,
        format=CURRENT_FORMAT,
        **details,
    )
    event.subject = subject
    for name, longest in _LONGEST.items():
        setattr(event, name, getattr(event, name)[:longest])
    return event


_LONGEST = {
    "keyword": 100, "rule_version": 50, "actor": 200, "reason": 500, "reference": 200, "policy_version": 50,
}  # fmt: skip


_KNOWN = Compiled(
    lambda: (
        ConsentSubject.objects.filter(number_hash__any_of=Slot("hashes", CharField()))
        .order_by()
        .values_list("number_hash", "id")
    )
)


def _ids_of(hashes: Collection[str]) -> dict[str, int]:
    return dict(_KNOWN.rows({"hashes": hashes}))


def _insert_subjects(hashes: Collection[str]) -> dict[str, int]:
    """Ids of the subjects this call made; one that somebody else made meanwhile is missing."""
    moment = now()
    made = insert_new(
        ConsentSubject,
        [{"number_hash": digest, "touched_at": moment} for digest in hashes],
        returning=("number_hash", "id"),
    )
    return dict(made)


def lock_subject(subject_id: int) -> ConsentSubject:
    """Own a subject until the transaction ends; every consent write starts here."""
    return writing.locked_subject(subject_id)


def first_question(msisdn: str) -> prepared.Question:
    """What `record` asks first about a number: a caller that has a row to insert before may put it along with that.

    A key that was made meanwhile without an event makes the transaction fail by IntegrityError; it can be repeated.
    """
    return writing.question_of(number_hash(msisdn))


def _locked_subject(msisdn: str) -> ConsentSubject:
    digest = number_hash(msisdn)
    known = writing.locked_by_hash(digest) or writing.new_subject(digest)
    # None of both: somebody else made it just now.
    return known or lock_subject(subjects_for([msisdn])[msisdn])


def _append(event: ConsentEvent, key: bytes, said: Mapping[str, Any]) -> None:
    """Join the event to its subject's chain; the subject is locked."""
    subject = event.subject
    event.sequence, event.previous_hash = subject.last_sequence + 1, subject.head_hash
    event.evidence = seal_evidence(key, said, number_hash=subject.number_hash, sequence=event.sequence)
    event.hash = hash_of(event, number_hash=subject.number_hash)
    writing.insert_event(event)
    subject.last_sequence, subject.head_hash, subject.touched_at = (
        event.sequence,
        event.hash,
        event.received_at,
    )


def _check_words(*, kind: str, source: str, scope: str, purpose: str) -> None:
    prefix, _, name = scope.partition(":")
    known_scope = scope == "all" or (prefix in {"brand", "sender"} and name != "")
    for ok, param in (
        (kind in _KINDS, "kind"),
        (source in _SOURCES, "source"),
        (known_scope and len(scope) <= 100, "scope"),
        (purpose in _PURPOSES, "purpose"),
    ):
        if not ok:
            raise RequestInvalid(_WORDS[param], param=param)


_KINDS, _SOURCES = frozenset(Kind.values), frozenset(Source.values)
_WORDS = {
    "kind": f"The event must be one of {', '.join(Kind.values)}.",
    "source": f"The source must be one of {', '.join(Source.values)}.",
    "scope": 'The scope must be "all", "brand:…" or "sender:…".',
    "purpose": f"The purpose must be one of {', '.join(_PURPOSES)}.",
}


def _check_proof(states: Iterable[State], change: Change, *, reason: str, proof: Any) -> None:
    if change.source not in {Source.STAFF, Source.API} or not lifts_anything(states, change):
        return
    if not reason:
        raise RequestInvalid("Say why this person may be written to again.", param="reason")
    if not proof:
        raise RequestInvalid("Add what proves the new consent.", param="evidence")
