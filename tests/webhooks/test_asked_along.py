"""What a STOP asks of the ledger comes along with its insert, and is as true as if it had been asked by itself."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.test import Client

from consent import ledger
from consent.models import ConsentEvent, ConsentState, ConsentSubject, SubjectKey
from consent.optout import url_for
from consent.selectors import history
from core import prepared
from tests.webhooks.conftest import PERSON, inbound, path_of
from webhooks.models import InboundMessage, Webhook

OTHER = "+14155550177"  # one whose events come one after the other
pytestmark = pytest.mark.django_db(transaction=True)


def _nothing() -> None:
    """The number was never heard of."""


def _known() -> None:
    ledger.subjects_for([PERSON])


def _key_only() -> None:
    url_for(msisdn=PERSON, sender="+14155550100", reference="credential:x")


def _narrow_states() -> None:
    for kind, scope in (("opt_in", "all"), ("opt_out", "sender:+1"), ("opt_out", "brand:x")):
        ledger.record(msisdn=PERSON, kind=kind, scope=scope, source="import")


@pytest.mark.parametrize("before", [_nothing, _known, _key_only, _narrow_states])
@pytest.mark.parametrize("text", ["STOP", "START", "HELP"])
def test_whatever_is_on_record_the_event_joins_it(
    client: Client, webhook: Webhook, before: Callable[[], None], text: str
) -> None:
    before()
    states = ConsentState.objects.count()
    for number in range(2):
        body = json.dumps(inbound(text, id=f"m-{number}"))
        assert client.post(path_of(webhook), body, content_type="application/json").status_code == 200
    subject = ConsentSubject.objects.get()
    assert ledger.verify_chain(subject.pk) == []
    assert SubjectKey.objects.count() == 1
    assert {event.text for event in history(PERSON)[:2]} == {text}
    assert (
        ConsentState.objects.count() == states if text == "HELP" else states <= ConsentState.objects.count()
    )


def test_a_stop_that_waited_for_another_writer_sees_what_that_one_wrote(webhook: Webhook) -> None:
    """The other one gives the number its key and its states while the STOP waits for the lock."""
    ledger.subjects_for([PERSON])
    held = threading.Event()
    errors: list[BaseException] = []

    def other() -> None:
        try:
            with transaction.atomic():
                ledger.record(
                    msisdn=PERSON, kind="opt_in", source="web", scope="sender:+1", evidence={"url": "x"}
                )
                held.set()
                time.sleep(0.4)
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=other)
    thread.start()
    assert held.wait(10)
    client = Client()
    answer = client.post(path_of(webhook), json.dumps(inbound("STOP")), content_type="application/json")
    thread.join()
    assert (errors, answer.status_code) == ([], 200)
    subject = ConsentSubject.objects.get()
    assert ledger.verify_chain(subject.pk) == []
    assert list(ConsentEvent.objects.order_by("sequence").values_list("kind", flat=True)) == [
        "opt_in",
        "opt_out",
    ]
    assert [event.text for event in history(PERSON)] == ["STOP", ""]
    assert not any(event.erased for event in history(PERSON))
    ledger.record(msisdn=OTHER, kind="opt_in", source="web", scope="sender:+1", evidence={"url": "x"})
    ledger.record(msisdn=OTHER, kind="opt_out", source="keyword")
    assert _cells(subject.pk) == _cells(ledger.subjects_for([OTHER])[OTHER])


def _cells(subject_id: int) -> set[tuple[str, str]]:
    return set(ConsentState.objects.filter(subject_id=subject_id).values_list("scope", "state"))


def test_a_key_made_meanwhile_by_nobody_who_locks_costs_a_second_attempt(
    webhook: Webhook, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opt-out links make a key without an event and without the lock."""
    ledger.subjects_for([PERSON])
    genuine, made = ledger.data_key, []

    def late(*args: object, **words: object) -> bytes:
        if not made:
            made.append(True)

            def make() -> None:
                _key_only()
                connection.close()

            thread = threading.Thread(target=make)
            thread.start()
            thread.join(10)
        return genuine(*args, **words)  # type: ignore[arg-type]

    if connection.vendor == "postgresql":  # on SQLite no other writer can come between
        monkeypatch.setattr(ledger, "data_key", late)
    assert (
        client.post(
            path_of(webhook), json.dumps(inbound("STOP")), content_type="application/json"
        ).status_code
        == 200
    )
    assert ledger.verify_chain(ConsentSubject.objects.get().pk) == []
    assert InboundMessage.objects.count() == ConsentEvent.objects.count() == SubjectKey.objects.count() == 1
    assert history(PERSON)[0].text == "STOP"


def test_an_answer_is_given_once_and_not_outside_its_block() -> None:
    question = ("SELECT 1 AS one WHERE 1 = %s", (1,))
    insert = "INSERT INTO asked_along (place) VALUES (%s) ON CONFLICT DO NOTHING"
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE asked_along (place integer PRIMARY KEY)")
    try:
        postgresql = connection.vendor == "postgresql"
        with transaction.atomic(), prepared.together():
            assert prepared.write_and_ask(insert, [5], question) == 1
            assert prepared.answer_to(question) == ([(1,)] if postgresql else None)
            assert prepared.answer_to(question) is None
            assert prepared.write_and_ask(insert, [5], ("SELECT 1 AS one WHERE 1 = %s", (2,))) == 0
            assert prepared.answer_to(("SELECT 1 AS one WHERE 1 = %s", (2,))) == ([] if postgresql else None)
            assert prepared.write_and_ask(insert, [6], question) == 1
        assert prepared.answer_to(question) is None
        assert prepared.write_and_ask(insert, [7], question) == 1
        assert prepared.answer_to(question) is None
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE asked_along")
