"""Messages to numbers that follow each other are told of."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from consent.ledger import subjects_for
from core.clock import now
from credentials.models import ApiCredential
from messaging.models import Message, Source
from operations.alerting.runs import densest, number_runs

FIRST = 14155550000


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        (range(FIRST, FIRST + 19), 0),
        (range(FIRST, FIRST + 20), 20),
        ([FIRST] * 50, 0),
        (range(FIRST, FIRST + 40, 2), 20),
        (range(FIRST, FIRST + 60, 3), 0),
        ([*range(FIRST, FIRST + 10), *range(FIRST + 500, FIRST + 530)], 30),
        (range(FIRST, FIRST + 100), 40),
        ([], 0),
    ],
)
def test_what_counts_as_a_run(numbers: Iterable[int], found: int) -> None:
    assert len(densest(reversed(list(numbers)))) == found


def submitted(source: Source, count: int) -> None:
    credential = ApiCredential.objects.create(
        name=f"Acme {source}", provider_url="https://provider.example.com/"
    )
    numbers = [f"+{FIRST + index}" for index in range(count)]
    subjects = subjects_for(numbers)
    Message.objects.bulk_create(
        Message(
            credential=credential, subject_id=subjects[number], msisdn=number, sender="ACME", source=source,
            purpose="one_time_code", text="1234", valid_until=now(),
        )
        for number in numbers
    )  # fmt: skip


@pytest.mark.django_db
def test_a_run_of_an_application_is_told_without_the_numbers() -> None:
    submitted(Source.CAMPAIGN, 40)
    assert not list(number_runs())
    submitted(Source.API, 25)
    [alert] = number_runs()
    assert "25 of 40 numbers that follow each other, from +1415•••0000 on" in alert.text
    assert alert.kind == "number_run"
