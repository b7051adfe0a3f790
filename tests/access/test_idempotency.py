from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from access.idempotency import forget_old, run_once
from access.keys import issue_key
from access.models import IdempotencyRecord
from core.clock import now
from core.errors import IdempotencyConflict, IdempotencyInProgress, RequestInvalid


@pytest.fixture
def api_key(db):
    return issue_key(name="shop", scopes=["messages:send"])[0]


def work(name="made"):
    group = Group.objects.create(name=name)
    return 202, {"id": group.name}


def test_a_repeat_gets_the_stored_answer_and_does_nothing(api_key):
    body = {"to": "+14155550123", "text": "hi"}
    first = run_once(api_key=api_key, key="k1", request_body=body, work=work)
    second = run_once(api_key=api_key, key="k1", request_body=dict(reversed(body.items())), work=work)
    assert first == (202, {"id": "made"}, False)
    assert second == (202, {"id": "made"}, True)
    assert Group.objects.filter(name="made").count() == 1


def test_the_same_key_with_another_body_is_a_conflict(api_key):
    run_once(api_key=api_key, key="k1", request_body={"text": "hi"}, work=work)
    with pytest.raises(IdempotencyConflict):
        run_once(api_key=api_key, key="k1", request_body={"text": "hi!"}, work=lambda: work("other"))
    assert not Group.objects.filter(name="other").exists()


def test_keys_of_different_applications_do_not_meet(api_key):
    other, _ = issue_key(name="crm", scopes=["messages:send"])
    run_once(api_key=api_key, key="k1", request_body={"text": "hi"}, work=work)
    answer = run_once(api_key=other, key="k1", request_body={"text": "hi"}, work=lambda: work("other"))
    assert answer == (202, {"id": "other"}, False)


def test_without_a_key_the_work_is_just_done(api_key):
    assert run_once(api_key=api_key, key="", request_body={}, work=work) == (202, {"id": "made"}, False)
    assert not IdempotencyRecord.objects.exists()


def test_work_that_fails_leaves_neither_record_nor_effect(api_key):
    def fail():
        work()
        raise ValueError

    with pytest.raises(ValueError):
        run_once(api_key=api_key, key="k1", request_body={}, work=fail)
    assert not IdempotencyRecord.objects.exists()
    assert run_once(api_key=api_key, key="k1", request_body={}, work=work)[2] is False


def test_a_request_inside_its_own_first_one_is_in_progress(api_key):
    def nested():
        run_once(api_key=api_key, key="k1", request_body={}, work=work)
        return 200, {}

    with pytest.raises(IdempotencyInProgress):
        run_once(api_key=api_key, key="k1", request_body={}, work=nested)


@pytest.mark.parametrize(("length", "accepted"), [(255, True), (256, False)])
def test_the_key_has_a_longest_length(api_key, length, accepted):
    if accepted:
        assert run_once(api_key=api_key, key="k" * length, request_body={}, work=work)[0] == 202
    else:
        with pytest.raises(RequestInvalid):
            run_once(api_key=api_key, key="k" * length, request_body={}, work=work)


def test_the_record_does_not_hold_the_request(api_key):
    run_once(api_key=api_key, key="k1", request_body={"to": "+14155550123"}, work=work)
    record = IdempotencyRecord.objects.get()
    assert "4155550123" not in f"{record.request_digest}{record.response}"


@pytest.mark.django_db(transaction=True)
def test_of_racing_requests_one_works_and_all_get_its_answer():
    api_key, _ = issue_key(name="shop", scopes=["messages:send"])
    start, answers = threading.Barrier(8), []

    def request():
        try:
            start.wait()
            answers.append(run_once(api_key=api_key, key="race", request_body={"text": "hi"}, work=work))
        finally:
            connection.close()

    threads = [threading.Thread(target=request) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(replayed for *_, replayed in answers) == [False] + [True] * 7
    assert {(status, response["id"]) for status, response, _ in answers} == {(202, "made")}
    assert Group.objects.filter(name="made").count() == 1


def test_old_records_go_in_batches_and_fresh_ones_stay(api_key):
    for number in range(7):
        run_once(api_key=api_key, key=f"k{number}", request_body={}, work=lambda: (200, {}))
    old = IdempotencyRecord.objects.filter(key__in=["k0", "k1", "k2", "k3", "k4"])
    old.update(created_at=now() - timedelta(hours=72))
    assert forget_old(older_than=timedelta(hours=48), batch=2) == 5
    assert set(IdempotencyRecord.objects.values_list("key", flat=True)) == {"k5", "k6"}


def test_records_are_kept_at_least_two_days(db):
    with pytest.raises(ValueError, match="2 days"):
        forget_old(older_than=timedelta(hours=47))
