from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from bench.chaos import faults
from bench.chaos.judge import Verdict, judge
from bench.chaos.monkey import Monkey
from bench.chaos.record import Accepted, Kill, Row, Run, Seen, Try, read_log
from messaging.states import ALLOWED_PAIRS

T = 1000.0
TO_ACCEPTED = (("", "queued"), ("queued", "claimed"), ("claimed", "sending"), ("sending", "accepted"))
TO_UNKNOWN = (*TO_ACCEPTED[:-1], ("sending", "unknown"))
FINE = Seen(T, "m1", "hello", "fine", T + 0.1)
LOST_ANSWER = Try(T, "unknown", "answer_lost", "worker-1.1")
LOST_WORKER = Try(T, "unknown", "worker_lost", "worker-1.1")
OWN_KILL = Kill(T + 1, "worker", "worker-1.1")


def message(state: str = "accepted", **values: Any) -> Row:
    events = {"accepted": TO_ACCEPTED, "unknown": TO_UNKNOWN}.get(state, TO_ACCEPTED[:-1])
    return Row("m1", "hello", state, **{"events": events, "tries": (), **values})


def verdict_on(
    rows: Sequence[Row],
    *,
    seen: Sequence[Seen] = (),
    kills: Sequence[Kill] = (),
    ids: Sequence[str] = ("m1",),
) -> Verdict:
    accepted = [Accepted("hello", T, frozenset(ids))]
    return judge(Run(accepted, rows, seen, kills, timeout=3.0), allowed=ALLOWED_PAIRS)


@pytest.mark.parametrize(
    ("verdict", "missed"),
    [
        (verdict_on([message()], seen=[FINE]), []),
        (verdict_on([]), ["1 lost"]),
        (verdict_on([message()]), ["1 lost"]),
        (verdict_on([message()], seen=[Seen(T, "m1", "hello", "unavailable", T)]), ["1 lost"]),
        (verdict_on([message("sending")], seen=[FINE]), ["1 lost"]),
        (verdict_on([message("queued", events=TO_ACCEPTED[:1])]), ["1 lost"]),
        (verdict_on([message(events=TO_UNKNOWN)], seen=[FINE]), ["1 illegal histories"]),
        (verdict_on([message(events=TO_ACCEPTED[1:])], seen=[FINE]), ["1 illegal histories"]),
        (verdict_on([message(events=(("", "accepted"),))], seen=[FINE]), ["1 illegal histories"]),
        (verdict_on([message(events=(*TO_ACCEPTED[:1], ("queued", "queued"), *TO_ACCEPTED[1:]))], seen=[FINE]), []),
        (verdict_on([message(events=(*TO_ACCEPTED, ("sending", "sending")))], seen=[FINE]), ["1 illegal histories"]),
        (verdict_on([message()], seen=[FINE, FINE]), ["1 unflagged duplicates"]),
        (verdict_on([message(possible_duplicate=True)], seen=[FINE, FINE]), []),
        (verdict_on([message()], seen=[Seen(T - 1, "m1", "hello", "reset_unread"), FINE]), []),
        (verdict_on([message()], seen=[FINE], ids=("m1", "m2")), ["1 second messages of one key"]),
        (
            verdict_on([message(), Row("m2", "hello", "accepted", events=TO_ACCEPTED)],
                       seen=[FINE, Seen(T, "m2", "hello", "fine", T)]),
            ["1 unflagged duplicates", "1 second messages of one key"],
        ),
        (
            verdict_on([message(), Row("m2", "nobody's", "accepted", events=TO_ACCEPTED)],
                       seen=[FINE, Seen(T, "m2", "nobody's", "fine", T)]),
            ["1 second messages of one key"],
        ),
    ],
)  # fmt: skip
def test_what_was_lost_doubled_or_made_up_is_found(verdict: Verdict, missed: list[str]) -> None:
    assert verdict.missed == missed


@pytest.mark.parametrize(
    ("last", "seen", "kills", "why"),
    [
        (LOST_ANSWER, [Seen(T, "m1", "hello", "late", T + 4)], [], "injected"),
        (LOST_ANSWER, [Seen(T, "m1", "hello", "reset_unread")], [], "injected"),
        (LOST_ANSWER, [Seen(T, "m1", "hello", "fine", T + 3.5)], [], "injected"),
        (LOST_ANSWER, [FINE], [OWN_KILL], ""),
        (LOST_ANSWER, [Seen(T - 9, "m1", "hello", "reset_unread"), FINE], [], ""),
        (LOST_ANSWER, [], [OWN_KILL], ""),
        (LOST_WORKER, [FINE], [OWN_KILL], "kill"),
        (LOST_WORKER, [], [OWN_KILL], "kill"),
        (LOST_WORKER, [FINE], [], ""),
        (LOST_WORKER, [FINE], [Kill(T + 1, "worker", "worker-2.1")], ""),
        (LOST_WORKER, [FINE], [Kill(T + 1, "worker", "worker-1.2")], ""),
        (LOST_WORKER, [FINE], [Kill(T - 5, "worker", "worker-1.1")], ""),
        (LOST_WORKER, [FINE], [Kill(T + 60, "worker", "worker-1.1")], ""),
        (LOST_WORKER, [FINE], [Kill(T + 1, "web", "web.1"), Kill(T + 1, "redis", "redis.1")], ""),
        (LOST_WORKER, [FINE], [Kill(T + 1, "database", "database.1")], "kill"),
        (Try(T, "unknown", "worker_lost"), [FINE], [Kill(T + 1, "gateway", "gateway.4")], "kill"),
        (Try(T, "unknown", "internal_error"), [FINE], [OWN_KILL], ""),
    ],
)
def test_an_unknown_message_needs_a_reason_of_its_own(
    last: Try, seen: list[Seen], kills: list[Kill], why: str
) -> None:
    verdict = verdict_on([message("unknown", tries=(last,))], seen=seen, kills=kills)
    assert dict(verdict.explained) == ({why: 1} if why else {})
    assert verdict.missed == ([] if why else ["1 unexplained unknown"])


def test_the_figures_are_the_last_line() -> None:
    rows = [message("unknown", tries=(LOST_WORKER,))]
    assert verdict_on(rows, kills=[OWN_KILL]).lines()[-1] == (
        "lost 0, unflagged duplicates 0, unknown 1 (1 explained: 1 by kills, 0 by injected ambiguity)"
    )


def test_the_log_of_the_provider_pairs_requests_with_answers() -> None:
    lines = [
        {"at": 1.0, "id": "a", "text": "A", "fault": "unavailable"},
        {"at": 1.1, "id": "b", "text": "B", "fault": "reset_taken"},
        {"at": 1.2, "id": "a", "answered": "unavailable"},
        {"at": 2.0, "id": "a", "text": "A", "fault": "fine"},
        {"at": 2.1, "id": "a", "answered": "fine"},
    ]
    assert read_log(map(json.dumps, lines)) == [
        Seen(1.0, "a", "A", "unavailable", 1.2),
        Seen(1.1, "b", "B", "reset_taken"),
        Seen(2.0, "a", "A", "fine", 2.1),
    ]


def test_faults_repeat_with_their_seed_and_end() -> None:
    drawn = [faults.draw(seed=1, message_id=str(number), number=1) for number in range(2000)]
    assert drawn == [faults.draw(seed=1, message_id=str(number), number=1) for number in range(2000)]
    assert set(drawn) == set(faults.BY_NAME.values())
    assert {faults.draw(seed=1, message_id=str(number), number=3) for number in range(2000)} == {faults.FINE}


def test_the_monkey_carries_out_its_whole_plan_as_messages_leave() -> None:
    progress, killed = iter(range(10_000)), []
    monkey = Monkey(
        seed=1, kills={"worker": 3, "web": 2}, progress=lambda: next(progress) / 100, keep_alive=lambda: None,
        victims={"worker": lambda: killed.append("worker") or "w", "web": lambda: killed.append("web") or "web"},
    )  # fmt: skip
    monkey._run()
    assert sorted(killed) == ["web", "web", "worker", "worker", "worker"]
    assert [kill.kind for kill in monkey.kills] == killed
