"""Is the record what it was when it was written? Streams the whole ledger; says in words what is wrong with whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields

from django.db import connection, transaction

from consent import ledger
from consent.chain import problems_of
from consent.checks import missing_triggers
from consent.disclosures import digest_of
from consent.models import ConsentEvent, ConsentState, ConsentSubject, DisclosureText
from consent.rules import Change, State, fold
from consent.selectors import state_of

_BATCH = 500


@dataclass(frozen=True)
class Finding:
    """Something that is wrong; `subject_id` None: with the ledger as a whole."""

    text: str
    subject_id: int | None = None

    def __str__(self) -> str:
        return self.text if self.subject_id is None else f"Subject {self.subject_id}: {self.text}"


@dataclass(frozen=True)
class Cell:
    """A folded state and the event that made it so."""

    state: State
    event_id: int


def whole_findings() -> Iterator[Finding]:
    """What is wrong beside the chains: triggers that are missing, disclosure texts that were changed."""
    for name in missing_triggers():
        yield Finding(f"The trigger {name} is missing or switched off. Run manage.py migrate to put it back.")
    for text in DisclosureText.objects.order_by("id").iterator():
        if text.digest != digest_of(text.slug, text.version, text.text):
            yield Finding(f"The disclosure text {text} was changed after it was published.")


def subject_findings(
    *,
    subject_id: int | None = None,
    chains: bool = True,
    repair: bool = False,
    progress: Callable[[int], object] = lambda done: None,
) -> Iterator[Finding]:
    """What is wrong with the chains and states of all subjects, or of one; `progress` hears how many are done.

    `repair` writes the states anew from the events of chains that hold; the events themselves are never changed.
    """
    last, done = (0, 0) if subject_id is None else (subject_id - 1, 0)
    while True:
        subjects = ConsentSubject.objects.filter(id__gt=last).order_by("id")
        batch = list(subjects[: _BATCH if subject_id is None else 1].values_list("id", flat=True))
        if subject_id is not None and batch != [subject_id]:
            batch = []
        # Beyond the last subject too: an event or a state there has lost its subject.
        until = batch[-1] if batch else subject_id
        yield from _batch_findings(last + 1, until, chains=chains, repair=repair)
        done += len(batch)
        progress(done)
        if subject_id is not None or not batch:
            return
        last = batch[-1]


def fold_events(events: list[ConsentEvent]) -> dict[tuple[str, str], Cell]:
    """The state that a subject's events make, in the order they were received in."""
    cells: dict[tuple[str, str], Cell] = {}
    for event in events:
        for state in fold([cell.state for cell in cells.values()], change_of(event)):
            cells[state.scope, state.purpose] = Cell(state, event.pk)
    return cells


def change_of(event: ConsentEvent) -> Change:
    """An event as the rules see it."""
    return Change(**{field.name: getattr(event, field.name) for field in fields(Change)})


def _batch_findings(first: int, until: int | None, *, chains: bool, repair: bool) -> Iterator[Finding]:
    # One transaction: what is written meanwhile must not look like tampering.
    with transaction.atomic(), _one_moment():
        span = {"id__gte": first} | ({"id__lte": until} if until is not None else {})
        theirs = {f"subject_{name}": value for name, value in span.items()}
        subjects = {subject.pk: subject for subject in ConsentSubject.objects.filter(**span)}
        events: dict[int, list[ConsentEvent]] = defaultdict(list)
        for event in ConsentEvent.objects.filter(**theirs).order_by("subject_id", "sequence").iterator():
            events[event.subject_id].append(event)
        states: dict[int, list[ConsentState]] = defaultdict(list)
        for row in ConsentState.objects.filter(**theirs).iterator():
            states[row.subject_id].append(row)
    for subject_id in sorted(subjects.keys() | events.keys() | states.keys()):
        subject = subjects.get(subject_id)
        if subject is None:
            yield Finding("its row is gone, but events or states of it are there.", subject_id)
            continue
        found = problems_of(events[subject_id], subject) if chains else []
        yield from (Finding(text, subject_id) for text in found)
        wrong = list(_state_problems(events[subject_id], states[subject_id]))
        yield from (Finding(text, subject_id) for text in wrong)
        if repair and wrong and not problems_of(events[subject_id], subject):
            yield _repaired(subject_id)


@contextmanager
def _one_moment() -> Iterator[None]:
    """At the start of a transaction: every read sees the database as it was at the first one."""
    outermost = not connection.savepoint_ids
    if connection.vendor == "postgresql" and outermost:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    yield


def _state_problems(events: list[ConsentEvent], rows: list[ConsentState]) -> Iterator[str]:
    folded = fold_events(events)
    stored = {(row.scope, row.purpose): Cell(state_of(row), row.event_id) for row in rows}
    for scope, purpose in sorted(folded.keys() | stored.keys()):
        should, is_now = folded.get((scope, purpose)), stored.get((scope, purpose))
        if should != is_now:
            yield (
                f"the state of {scope}/{purpose} is {_words(is_now)}; its events make it {_words(should)}."
            )


def _words(cell: Cell | None) -> str:
    if cell is None:
        return "not there"
    state = cell.state
    paused = f", paused since {state.paused_at:%Y-%m-%d %H:%M:%S}" if state.paused_at else ""
    out = f", out at {state.out_at:%Y-%m-%d %H:%M:%S}" if state.out_at else ""
    return f'"{state.state}" by {state.source} (event {cell.event_id}{out}{paused})'


def _repaired(subject_id: int) -> Finding:
    with transaction.atomic():
        ledger.lock_subject(subject_id)
        events = list(ConsentEvent.objects.filter(subject_id=subject_id).order_by("sequence"))
        moments = {event.pk: event.received_at for event in events}
        ConsentState.objects.filter(subject_id=subject_id).delete()
        ConsentState.objects.bulk_create(
            ConsentState(
                subject_id=subject_id,
                scope=cell.state.scope,
                purpose=cell.state.purpose,
                state=cell.state.state,
                source=cell.state.source,
                out_at=cell.state.out_at,
                in_at=cell.state.in_at,
                paused_at=cell.state.paused_at,
                event_id=cell.event_id,
                changed_at=moments[cell.event_id],
            )
            for cell in fold_events(events).values()
        )
    return Finding("its state was written anew from its events.", subject_id)
