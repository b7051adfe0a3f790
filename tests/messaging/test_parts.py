"""Long messages: each part goes out once, in order, and none that was accepted is ever sent again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from core.vocabulary import Outcome
from credentials.models import ApiCredential
from credentials.pausing import resume
from messaging import attempting, claiming, delivery, gate, parts, results, staff
from messaging.models import Attempt, Message, SendHold, Source
from messaging.results import Result
from messaging.states import State
from messaging.suppress import suppress_waiting
from messaging.sweeping import sweep
from tests.messaging.conftest import PROVIDER_URL, result_of
from tests.operations.processes import ROOT

pytestmark = pytest.mark.django_db(transaction=True)

Queue = Callable[..., Message]
TEXTS = ["first part", "second one", "third part"]
TEXT = " ".join(TEXTS)
AGO = timedelta(seconds=5)


class Script:
    """A provider that answers each text with what is next for it, else accepts it; remembers what it got."""

    def __init__(self, provider: Any) -> None:
        self.sent: list[str] = []
        self.references: list[str] = []
        self.answers: dict[str, list[Any]] = {}
        self._lock = threading.Lock()
        provider.add_callback("POST", PROVIDER_URL, callback=self._answer, content_type="application/json")

    def on(self, text: str, *answers: Any) -> None:
        """Statuses, functions to call while the request is on the wire, or pairs of both."""
        self.answers[text] = list(answers)

    def _answer(self, request: Any) -> tuple[int, dict[str, str], str]:
        body = json.loads(request.body)
        with self._lock:
            self.sent.append(body["content"])
            self.references.append(body["clientReference"])
            waiting = self.answers.get(body["content"], [])
            answer = waiting.pop(0) if waiting else None
        work, status = answer if isinstance(answer, tuple) else (answer, answer)
        if callable(work):
            work()
        status = status if isinstance(status, int) else 202
        return status, {}, json.dumps({"messageId": f"p-{body['content']}", "code": "E7", "detail": "words"})


@pytest.fixture
def script(provider: Any) -> Script:
    return Script(provider)


@pytest.fixture
def credential(credential: ApiCredential) -> ApiCredential:
    credential.max_length = 10
    credential.payload = '{"content": "{{message}}", "clientReference": "{{partReference}}"}'
    credential.save()
    return credential


def parts_of(message: Message) -> list[str]:
    return list(message.parts.order_by("number").values_list("state", flat=True))


def attempts_of(message: Message) -> list[tuple[int, int, str]]:
    return list(message.attempts.values_list("number", "part", "outcome"))


def shown(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, message.reason


def due(message: Message) -> None:
    Message.objects.filter(id=message.id).update(due_at=timezone.now() - AGO)


def lease_over(message: Message) -> None:
    Message.objects.filter(id=message.id).update(lease_until=timezone.now() - AGO)


def from_a_thread(work: Callable[[], Any]) -> Callable[[], None]:
    """What another process does meanwhile: on a connection of its own, committed before the answer comes."""

    def run() -> None:
        def and_close() -> None:
            work()
            connection.close()

        thread = threading.Thread(target=and_close)
        thread.start()
        thread.join()

    return run


def test_parts_go_out_in_order_in_one_attempt(queue: Queue, script: Script) -> None:
    message = queue(text=TEXT)
    delivery.drain(message.credential_id)
    assert shown(message) == (State.ACCEPTED, "")
    assert script.sent == TEXTS
    assert script.references == [str(message.id), f"{message.id}.2", f"{message.id}.3"]
    assert [part.provider_id for part in message.parts.all()] == [f"p-{text}" for text in TEXTS]
    assert (message.provider_id, message.detail, message.tries) == ("p-first part", "", 1)
    assert attempts_of(message) == [(1, 1, "accepted"), (1, 2, "accepted"), (1, 3, "accepted")]
    assert [event.after for event in message.events.all()] == ["queued", "sending", "accepted"]


@pytest.mark.parametrize(
    ("status", "expected", "second", "detail"),
    [
        (400, (State.FAILED, "refused"), "failed", "1 of 3 parts was accepted. words"),
        (503, (State.QUEUED, "temporary"), "waiting", "1 of 3 parts was accepted. words"),
        (500, (State.UNKNOWN, "answer_lost"), "unknown", "1 of 3 parts was accepted. words"),
    ],
)
def test_first_part_that_is_not_accepted_ends_the_attempt(
    queue: Queue, script: Script, status: int, expected: tuple[str, str], second: str, detail: str
) -> None:
    script.on(TEXTS[1], status)
    message = queue(text=TEXT)
    delivery.drain(message.credential_id)
    assert shown(message) == expected
    assert script.sent == TEXTS[:2]
    assert parts_of(message) == ["accepted", second, "waiting"]
    assert (message.detail, message.provider_id) == (detail, "p-first part")
    assert message.events.last().detail.startswith("1 of 3 parts was accepted.")


def test_retry_starts_at_the_part_that_was_not_accepted(queue: Queue, script: Script) -> None:
    script.on(TEXTS[1], 503, 503)
    message = queue(text=TEXT)
    for _ in range(3):
        delivery.drain(message.credential_id)
        due(message)
    assert shown(message) == (State.ACCEPTED, "")
    assert script.sent == [TEXTS[0], TEXTS[1], TEXTS[1], TEXTS[1], TEXTS[2]]
    assert message.provider_id == "p-first part"
    assert [(number, part) for number, part, _ in attempts_of(message)] == [
        (1, 1), (1, 2), (2, 2), (3, 2), (3, 3),
    ]  # fmt: skip


def test_failed_message_never_sends_its_later_parts(queue: Queue, script: Script) -> None:
    script.on(TEXTS[0], 400)
    message = queue(text=TEXT)
    delivery.drain(message.credential_id)
    due(message)
    delivery.drain(message.credential_id)
    assert script.sent == TEXTS[:1]
    assert (shown(message)[0], message.detail) == (State.FAILED, "words")


@pytest.mark.parametrize("unknown", [0, 1, 2])
def test_staff_send_again_from_the_first_part_not_certainly_accepted(
    queue: Queue, script: Script, unknown: int
) -> None:
    script.on(TEXTS[unknown], 500)
    message = queue(text=TEXT)
    delivery.drain(message.credential_id)
    delivery.drain(message.credential_id)
    assert script.sent == TEXTS[: unknown + 1]
    assert staff.take("resend", [message], actor="ada") == 1
    delivery.drain(message.credential_id)
    assert script.sent == TEXTS[: unknown + 1] + TEXTS[unknown:]
    assert (shown(message)[0], message.possible_duplicate) == (State.ACCEPTED, True)
    assert parts_of(message) == ["accepted"] * 3


def test_opt_out_between_two_parts_stops_the_rest_and_shows_what_went_out(
    queue: Queue, script: Script, opt_out: Callable[..., Any]
) -> None:
    script.on(TEXTS[0], from_a_thread(opt_out))
    message = queue(text=TEXT)
    delivery.drain(message.credential_id)
    assert shown(message) == (State.QUEUED, "given_back")
    assert parts_of(message) == ["accepted", "waiting", "waiting"]
    delivery.drain(message.credential_id)
    assert shown(message) == (State.SUPPRESSED, "opted_out")
    assert message.detail == "1 of 3 parts was accepted."
    assert script.sent == TEXTS[:1]


def test_stop_that_finds_the_rest_waiting_leaves_what_went_out_on_show(queue: Queue, script: Script) -> None:
    script.on(TEXTS[1], 503)
    message = queue(text=TEXT)
    delivery.drain(message.credential_id)
    suppress_waiting(subject_id=message.subject_id, scope="all", purpose="all")
    assert shown(message) == (State.SUPPRESSED, "opted_out")
    assert message.detail.startswith("1 of 3 parts was accepted.")


def test_hold_between_two_parts_keeps_the_rest_until_it_is_released(queue: Queue, script: Script) -> None:
    script.on(TEXTS[1], from_a_thread(lambda: SendHold.objects.create(reason="Fraud", placed_by="ada")))
    message = queue(text=TEXT)
    delivery.drain(message.credential_id)
    assert (shown(message), message.tries) == ((State.QUEUED, "given_back"), 0)
    assert (parts_of(message), message.detail) == (
        ["accepted", "accepted", "waiting"],
        "2 of 3 parts were accepted.",
    )
    delivery.drain(message.credential_id)
    assert script.sent == TEXTS[:2]
    SendHold.objects.update(released_at=timezone.now())
    delivery.drain(message.credential_id)
    assert script.sent == TEXTS
    assert (shown(message), message.detail) == ((State.ACCEPTED, ""), "")


def test_further_part_that_cannot_start_in_time_is_given_back(
    queue: Queue, script: Script, monkeypatch: Any
) -> None:
    script.on(TEXTS[0], lambda: monkeypatch.setattr(attempting, "START_WITHIN_SECONDS", -1.0))
    message = queue(text=TEXT)
    delivery.drain(message.credential_id)
    assert script.sent == TEXTS[:1]
    assert parts_of(message) == ["accepted", "waiting", "waiting"]
    assert attempts_of(message) == [(1, 1, "accepted"), (1, 2, "not_sent")]


def test_a_stop_of_the_process_between_two_parts_leaves_the_rest_to_the_next_one(
    queue: Queue, script: Script, monkeypatch: Any
) -> None:
    ends = threading.Event()
    monkeypatch.setattr(attempting, "stopping", ends)
    script.on(TEXTS[0], ends.set)
    message = queue(text=TEXT)
    delivery.drain(message.credential_id)
    assert (shown(message), parts_of(message)[:2]) == ((State.QUEUED, "given_back"), ["accepted", "waiting"])
    ends.clear()
    delivery.drain(message.credential_id)
    assert (shown(message)[0], script.sent) == (State.ACCEPTED, TEXTS)


def test_refused_credential_at_a_further_part_waits_there(queue: Queue, script: Script) -> None:
    script.on(TEXTS[1], 401)
    message = queue(text=TEXT)
    delivery.drain(message.credential_id)
    assert (shown(message), message.tries) == ((State.QUEUED, "credential_paused"), 0)
    resume(credential=ApiCredential.objects.get(id=message.credential_id))
    delivery.drain(message.credential_id)
    assert script.sent == [*TEXTS[:2], *TEXTS[1:]]
    assert shown(message)[0] == State.ACCEPTED


@pytest.mark.parametrize(
    ("where", "left", "parts_then", "again"),
    [
        (TEXTS[0], TEXTS[:1], ["unknown", "waiting", "waiting"], TEXTS),
        ("between", TEXTS[:1], ["unknown", "waiting", "waiting"], TEXTS),
        (TEXTS[1], TEXTS[:2], ["accepted", "unknown", "waiting"], TEXTS[1:]),
        (TEXTS[2], TEXTS, ["accepted", "accepted", "unknown"], TEXTS[2:]),
    ],
)
def test_killed_worker_has_nothing_sent_again_by_itself_and_no_accepted_part_by_anybody(
    queue: Queue, script: Script, where: str, left: list[str], parts_then: list[str], again: list[str]
) -> None:
    message = queue(text=TEXT)
    assert killed_while_sending(message, where) == left
    lease_over(message)
    sweep()
    delivery.drain(message.credential_id)
    assert shown(message) == (State.UNKNOWN, "worker_lost")
    assert parts_of(message) == parts_then
    assert [outcome for _, _, outcome in attempts_of(message)][-1] == "unknown"
    assert script.sent == []
    staff.take("resend", [message], actor="ada")
    delivery.drain(message.credential_id)
    assert script.sent == again
    assert (shown(message)[0], message.provider_id) == (State.ACCEPTED, "p-first part")


def killed_while_sending(message: Message, where: str) -> list[str]:
    """The texts that left before a worker of its own process was killed."""
    settings = connection.settings_dict
    url = f"sqlite:///{settings['NAME']}"
    if connection.vendor == "postgresql":
        url = f"postgres://{settings['USER']}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"
    worker = subprocess.run(
        [sys.executable, "-m", "tests.messaging.killed", str(message.id), where],
        env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert worker.returncode == -signal.SIGKILL, worker.stderr
    return worker.stdout.splitlines()


def test_each_part_renews_the_lease(queue: Queue, script: Script) -> None:
    message = queue(text=TEXT)
    script.on(TEXTS[0], from_a_thread(lambda: lease_over(message)))
    script.on(TEXTS[1], from_a_thread(sweep))
    delivery.drain(message.credential_id)
    assert shown(message) == (State.ACCEPTED, "")


def test_worker_that_lost_its_message_sends_no_further_part_and_its_late_answer_counts(
    queue: Queue, script: Script
) -> None:
    message = queue(text=TEXT)
    script.on(TEXTS[0], from_a_thread(lambda: (lease_over(message), sweep())))
    assert delivery.deliver_one(message.id)
    assert script.sent == TEXTS[:1]
    assert parts_of(message) == ["accepted", "waiting", "waiting"]
    assert shown(message) == (State.QUEUED, "given_back")
    delivery.drain(message.credential_id)
    assert script.sent == TEXTS
    assert (shown(message)[0], message.possible_duplicate) == (State.ACCEPTED, False)


def test_every_part_is_open_before_its_first_byte(queue: Queue, script: Script) -> None:
    seen: list[list[tuple[int, str]]] = []

    def look() -> None:
        seen.append(list(Attempt.objects.order_by("id").values_list("part", "outcome")))

    for text in TEXTS:
        script.on(text, from_a_thread(look))
    delivery.drain(queue(text=TEXT).credential_id)
    assert seen == [
        [(1, "")],
        [(1, "accepted"), (2, "")],
        [(1, "accepted"), (2, "accepted"), (3, "")],
    ]


def test_part_whose_request_cannot_be_made_fails_with_a_record(queue: Queue, script: Script) -> None:
    message = queue(text=TEXT)
    credential = ApiCredential.objects.get(id=message.credential_id)
    credential.payload = (
        '{"content": "{{message}}{% if part == 2 %}{{profile.nobody}}{% endif %}",'
        ' "clientReference": "{{partReference}}"}'
    )
    credential.save()
    delivery.drain(message.credential_id)
    assert shown(message) == (State.FAILED, "configuration")
    assert parts_of(message) == ["accepted", "failed", "waiting"]
    assert attempts_of(message) == [(1, 1, "accepted"), (1, 2, "failed")]


def test_change_of_the_settings_does_not_change_a_message_under_way(queue: Queue, script: Script) -> None:
    script.on(TEXTS[1], 503)
    message = queue(text=TEXT)
    delivery.drain(message.credential_id)
    credential = ApiCredential.objects.get(id=message.credential_id)
    credential.max_length, credential.split_mode = 5, "together"
    credential.save()
    due(message)
    delivery.drain(message.credential_id)
    assert script.sent == [TEXTS[0], TEXTS[1], TEXTS[1], TEXTS[2]]


def test_all_parts_in_one_request(queue: Queue, credential: ApiCredential, provider: Any) -> None:
    provider.post(PROVIDER_URL, json={"messageId": "p-1"}, status=202)
    credential.split_mode = "together"
    credential.payload = (
        '{"to": "{{toNumber}}", "whole": "{{message}}", "parts": {{parts}},'
        ' "contents": {"{% for text in messageParts %}": {"text": "{{text}}"}}}'
    )
    credential.save()
    message = queue(text=TEXT, credential=credential)
    delivery.drain(message.credential_id)
    assert shown(message)[0] == State.ACCEPTED
    (call,) = provider.calls
    body = json.loads(call.request.body)
    assert (body["contents"], body["parts"]) == ([{"text": text} for text in TEXTS], 3)
    assert body["whole"] == TEXT
    assert message.parts.get().provider_id == "p-1"


def test_smaller_limit_set_later_never_makes_a_request_of_too_many_parts(
    queue: Queue, credential: ApiCredential, provider: Any
) -> None:
    credential.split_mode, credential.max_length = "together", 100
    credential.payload = '{"to": "{{toNumber}}", "texts": "{{ messageParts | join: \',\' }}"}'
    credential.save()
    message = queue(text="x" * 101, credential=credential)
    credential.max_length = 1
    credential.save()
    delivery.drain(message.credential_id)
    assert shown(message) == (State.FAILED, "configuration")
    attempt = message.attempts.get()
    assert (attempt.outcome, attempt.code, attempt.request) == ("failed", "text_too_long", {})
    assert "101 parts" in attempt.detail
    assert len(provider.calls) == 0


def test_long_and_short_messages_leave_side_by_side(queue: Queue, script: Script) -> None:
    long, short = queue(text=TEXT), queue(text="short", to="+14155550102")
    script.on(TEXTS[2], 503)
    delivery.drain(long.credential_id)
    assert (shown(long)[0], shown(short)[0]) == (State.QUEUED, State.ACCEPTED)
    assert (parts_of(long), parts_of(short)) == (["accepted", "accepted", "waiting"], ["accepted"])


def test_test_send_of_a_long_message_is_not_retried(queue: Queue, script: Script) -> None:
    script.on(TEXTS[1], 503)
    message = queue(text=TEXT, source=Source.TEST)
    delivery.deliver_one(message.id)
    assert shown(message) == (State.FAILED, "temporary")
    assert parts_of(message) == ["accepted", "failed", "waiting"]


def test_message_without_a_part_left_to_send_does_not_pass(queue: Queue) -> None:
    message = queue(text=TEXT)
    message.parts.update(state="accepted")
    assert gate.pass_gate(claiming.claim_one(message.id)) == []
    assert shown(message)[0] == State.CLAIMED


def test_answer_to_a_request_of_an_older_revision_does_not_pause(queue: Queue, script: Script) -> None:
    message = queue()
    credential = ApiCredential.objects.get(id=message.credential_id)
    script.on("Hello", (from_a_thread(credential.save), 401))
    delivery.drain(message.credential_id)
    credential.refresh_from_db()
    assert shown(message)[0] == State.QUEUED
    assert credential.paused_at is None
    delivery.drain(message.credential_id)
    assert shown(message)[0] == State.ACCEPTED


def test_result_of_a_message_given_back_before_anything_keeps_its_parts(queue: Queue) -> None:
    message = queue(text=TEXT)
    (passed,) = gate.pass_gate(claiming.claim_one(message.id))
    results.write([Result(passed, (parts.Sent(1, passed.attempt_id),), given_back="given_back")])
    assert parts_of(message) == ["waiting"] * 3
    (passed,) = gate.pass_gate(claiming.claim_one(message.id))
    assert passed.waiting == (1, 2, 3)
    results.write([result_of(passed, Outcome.TEMPORARY)])
    assert parts_of(message) == ["waiting"] * 3
