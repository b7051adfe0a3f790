from __future__ import annotations

import random
import threading
import time

import pytest
from django.db import connection, transaction

from consent import ledger
from consent.models import ConsentEvent, ConsentSubject

pytestmark = pytest.mark.django_db(transaction=True)
ADA = "+14155550123"


def together(*jobs):
    start, errors = threading.Barrier(len(jobs)), []

    def run(job):
        try:
            start.wait()
            job()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_racing_events_of_one_person_make_one_unbroken_chain():
    together(*[lambda: ledger.record(msisdn=ADA, kind="opt_out", source="keyword")] * 8)
    assert list(ConsentEvent.objects.order_by("sequence").values_list("sequence", flat=True)) == list(
        range(1, 9)
    )
    assert ledger.verify_chain(ledger.subjects_for([ADA])[ADA]) == []


def test_racing_batches_make_each_subject_once():
    numbers = [f"+1415555{number:04}" for number in range(200)]

    def batch():
        mine = random.sample(numbers, k=len(numbers))
        with transaction.atomic():
            assert len(ledger.subjects_for(mine)) == len(numbers)

    together(*[batch] * 4)
    assert ConsentSubject.objects.count() == len(numbers)


@pytest.mark.postgresql
def test_a_stop_waits_for_an_open_gate_and_gates_do_not_wait_for_each_other():
    subject = ledger.subjects_for([ADA])[ADA]
    moments, first_gate_open = {}, threading.Event()

    def gate():
        with transaction.atomic():
            ledger.lock_for_sending([subject])
            first_gate_open.set()
            time.sleep(0.3)
        moments["gate closed"] = time.monotonic()

    def second_gate():
        first_gate_open.wait()
        with transaction.atomic():
            ledger.lock_for_sending([subject])
            moments["second gate open"] = time.monotonic()

    def stop():
        first_gate_open.wait()
        time.sleep(0.1)
        ledger.record(msisdn=ADA, kind="opt_out", source="keyword")
        moments["stopped"] = time.monotonic()

    together(gate, second_gate, stop)
    assert moments["second gate open"] < moments["gate closed"] < moments["stopped"] + 0.01
    assert moments["stopped"] - moments["second gate open"] > 0.1
