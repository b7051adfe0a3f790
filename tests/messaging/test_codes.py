from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.vocabulary import FailureClass, Outcome
from credentials import codes
from credentials.models import ApiCredential, ProviderCode
from messaging import claiming, delivery, gate, results
from messaging.models import Message
from messaging.states import State
from tests.messaging.conftest import PROVIDER_URL, result_of

pytestmark = pytest.mark.django_db(transaction=True)

Queue = Callable[..., Message]
REFUSAL = {"error": {"code": "E77", "message": "Odd number"}}


def test_code_nobody_has_given_a_meaning_lands_in_the_inbox_and_counts(queue: Queue, provider: Any) -> None:
    provider.post(PROVIDER_URL, status=400, json=REFUSAL)
    for number in ("+14155550101", "+14155550102"):
        delivery.drain(queue(to=number).credential_id)
    noted = ProviderCode.objects.get()
    assert (noted.code, noted.sample, noted.seen, noted.failure) == ("E77", "Odd number", 2, "")


def test_code_with_a_meaning_is_not_noted_again(queue: Queue, provider: Any) -> None:
    provider.post(PROVIDER_URL, status=400, json=REFUSAL)
    first = queue()
    delivery.drain(first.credential_id)
    codes.map_code(code=ProviderCode.objects.get(), failure="invalid_number")
    second = queue()
    delivery.drain(second.credential_id)
    assert second.attempts.get().failure == FailureClass.INVALID_NUMBER
    assert ProviderCode.objects.get().seen == 1


@pytest.mark.parametrize(
    ("outcome", "failure", "noted"),
    [
        (Outcome.FAILED, FailureClass.UNKNOWN, True),
        (Outcome.FAILED, FailureClass.CONTENT, False),
        (Outcome.TEMPORARY, FailureClass.RATE, False),
        (Outcome.UNKNOWN, FailureClass.NONE, False),
        (Outcome.ACCEPTED, FailureClass.NONE, False),
    ],
)
def test_only_unknown_refusals_are_noted(
    queue: Queue, outcome: Outcome, failure: FailureClass, noted: bool
) -> None:
    (passed,) = gate.pass_gate(claiming.claim_one(queue().id))
    results.write([result_of(passed, outcome, code="E1", failure=failure)])
    assert ProviderCode.objects.exists() == noted


def test_inbox_that_does_not_work_costs_no_result(queue: Queue, provider: Any, monkeypatch: Any) -> None:
    def broken(**_: Any) -> None:
        raise RuntimeError("bug")

    monkeypatch.setattr(codes, "note", broken)
    provider.post(PROVIDER_URL, status=400, json=REFUSAL)
    message = queue()
    delivery.drain(message.credential_id)
    message.refresh_from_db()
    assert (message.state, message.attempts.count()) == (State.FAILED, 1)


def test_credential_of_the_message_is_the_one_that_learns(queue: Queue, provider: Any) -> None:
    provider.post(PROVIDER_URL, status=400, json=REFUSAL)
    message = queue()
    delivery.drain(message.credential_id)
    credential = ApiCredential.objects.get(id=message.credential_id)
    assert ProviderCode.objects.get().scope == codes.scope_of(credential)
