"""Judging a run, message by message: what is not explained by something done to this very message is a fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from bench.chaos import faults
from bench.chaos.record import Kill, Row, Run, Seen, Try

SENT = frozenset({"accepted", "sent", "delivered"})
# Seconds between an answer and its written result, on a machine as busy as this one.
_WRITTEN_WITHIN = 6.0
_EARLIER = 0.5  # seconds; clocks are read at different moments of the same thing
# How the gateway says that it lost an answer, and that it lost a worker.
_LOST_ANSWER = frozenset({"answer_lost", "answer_unreadable"})
_LOST_WORKER = "worker_lost"


@dataclass
class Verdict:
    """Faults by kind, each with the message it is about, and how the unknown ones were explained."""

    lost: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    illegal: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    explained: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)

    @property
    def unknown(self) -> int:
        """Messages of which nobody knows whether the provider has them."""
        return self.explained.total() + len(self.unexplained)

    @property
    def missed(self) -> list[str]:
        """Targets that were missed, in words."""
        found = {
            "lost": self.lost,
            "unflagged duplicates": self.duplicates,
            "unexplained unknown": self.unexplained,
            "illegal histories": self.illegal,
            "second messages of one key": self.repeated,
        }
        return [f"{len(about)} {what}" for what, about in found.items() if about]

    def lines(self) -> list[str]:
        """What to print: examples of every fault, then the figures."""
        shown = [*self.lost, *self.duplicates, *self.unexplained, *self.illegal, *self.repeated][:20]
        figures = (
            f"lost {len(self.lost)}, unflagged duplicates {len(self.duplicates)}, unknown {self.unknown} "
            f"({self.explained.total()} explained: {self.explained['kill']} by kills, "
            f"{self.explained['injected']} by injected ambiguity)"
        )
        return [*shown, "states: " + ", ".join(f"{n} {state}" for state, n in self.states.items()), figures]


def judge(run: Run, *, allowed: Iterable[tuple[str, str]]) -> Verdict:
    """Compare what was promised, stored and seen; `allowed` are the changes of state that exist."""
    verdict = Verdict(states=Counter(row.state for row in run.rows))
    _judge_accepted(run, verdict)
    changes = frozenset(allowed) | {("", "queued")}
    for row in run.rows:
        _judge_row(run, row, verdict)
        if not _is_legal(row, changes):
            verdict.illegal.append(f"{row.message_id} ({row.state}) has the history {row.events}")
    for text, seen in run.by_text.items():
        _judge_copies(run, text, seen, verdict)
    return verdict


def _judge_accepted(run: Run, verdict: Verdict) -> None:
    stored: dict[str, list[str]] = {}
    for row in run.rows:
        stored.setdefault(row.text, []).append(row.message_id)
    for accepted in run.accepted:
        ids = stored.pop(accepted.text, [])
        if not ids:
            verdict.lost.append(f"{accepted.text!r} was accepted and is not in the database")
        if len(accepted.ids.union(ids)) > 1:
            verdict.repeated.append(f"{accepted.text!r}: answered {sorted(accepted.ids)}, stored {ids}")
    verdict.repeated += [f"{text!r} is stored and was never accepted: {ids}" for text, ids in stored.items()]


def _judge_row(run: Run, row: Row, verdict: Verdict) -> None:
    seen = run.by_message.get(row.message_id, [])
    if row.state == "unknown":
        why = explanation(run, row)
        if why:
            verdict.explained[why] += 1
        else:
            verdict.unexplained.append(
                f"{row.message_id} is unknown: {list(row.tries)[-1:]}, provider {seen}"
            )
    elif row.state not in SENT:
        verdict.lost.append(f"{row.message_id} ended as {row.state}")
    elif not any(faults.BY_NAME[item.fault].taken for item in seen):
        verdict.lost.append(f"{row.message_id} is {row.state}, and the provider never took it: {seen}")


def explanation(run: Run, row: Row) -> str:
    """Why nobody knows the outcome of the last attempt: "injected", "kill", or "" for no reason we caused."""
    if not row.tries:
        return ""
    last = row.tries[-1]
    if last.code in _LOST_ANSWER and _was_ambiguous(run, row, last):
        return "injected"
    if last.code == _LOST_WORKER and any(_may_have_ended(run, kill, last) for kill in run.kills):
        return "kill"
    return ""


def _was_ambiguous(run: Run, row: Row, last: Try) -> bool:
    """The request of this attempt got no clear answer within the time there is for one."""
    answered = [
        item for item in run.by_message.get(row.message_id, ()) if item.at >= last.started_at - _EARLIER
    ]
    return any(
        faults.BY_NAME[item.fault].ambiguous
        or item.answered_at is None
        or item.answered_at - last.started_at >= run.timeout
        for item in answered[-1:]
    )


def _may_have_ended(run: Run, kill: Kill, last: Try) -> bool:
    """The kill hit this attempt's worker, or the database, before the result can have been written."""
    if kill.kind not in ("worker", "database", "gateway"):
        return False
    if kill.kind == "worker" and last.worker and kill.name != last.worker:
        return False
    return -_EARLIER <= kill.at - last.started_at <= run.timeout + _WRITTEN_WITHIN


def _judge_copies(run: Run, text: str, seen: list[Seen], verdict: Verdict) -> None:
    taken = [item for item in seen if faults.BY_NAME[item.fault].taken]
    flagged = {row.message_id for row in run.rows if row.possible_duplicate} if len(taken) > 1 else set()
    if len(taken) > 1 and not {item.message_id for item in taken} <= flagged:
        verdict.duplicates.append(f"{text!r} reached the provider {len(taken)} times: {taken}")


def _is_legal(row: Row, changes: frozenset[tuple[str, str]]) -> bool:
    """The history begins with nothing, each change exists and starts where the last one ended, and it ends here.

    From a state to itself is a note, such as why a message waits; nobody writes one on the wire.
    """
    ends = ["", *(after for _, after in row.events)]
    starts = [before for before, _ in row.events]
    return starts == ends[:-1] and ends[-1] == row.state and changes.union(_NOTES).issuperset(row.events)


_NOTES = frozenset((state, state) for state in ("queued", "accepted", "sent", "delivered", "unknown"))
