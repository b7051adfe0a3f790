"""A compiled queryset gives what the queryset gives."""

from __future__ import annotations

import pytest
from django.db.models import BigIntegerField, CharField, UUIDField
from django.db.models.functions import Now

from core.compiled import LIMIT, Compiled, Slot
from profiles.models import Profile

pytestmark = pytest.mark.django_db

NUMBERS = ["+14155550101", "+14155550102", "+14155550103"]


@pytest.fixture
def profiles() -> list[Profile]:
    return [
        Profile.objects.create(msisdn=number, attributes={"firstName": "Ada", "place": place})
        for place, number in enumerate(NUMBERS)
    ]


def test_instances_are_those_of_the_queryset_with_annotations(profiles: list[Profile]) -> None:
    by_number = Compiled(
        lambda: Profile.objects.filter(msisdn=Slot("number", CharField())).annotate(database_now=Now())
    )

    for profile in profiles:
        (found,) = by_number.instances({"number": profile.msisdn})
        assert found == profile
        assert (found.attributes, found.id) == (profile.attributes, profile.id)
        assert found.database_now.tzinfo is not None


def test_a_list_is_one_value_however_long_it_is(profiles: list[Profile]) -> None:
    among = Compiled(
        lambda: (
            Profile.objects.filter(id__any_of=Slot("ids", UUIDField()))
            .order_by("msisdn")
            .values_list("msisdn", "id")
        )
    )

    for count in range(len(profiles) + 1):
        some = profiles[:count]
        assert among.rows({"ids": [one.id for one in some]}) == [(one.msisdn, one.id) for one in some]


def test_the_limit_is_given_with_each_call(profiles: list[Profile]) -> None:
    first = Compiled(
        lambda: (
            Profile.objects.exclude(msisdn=Slot("not", CharField()))
            .order_by("msisdn")
            .values_list("msisdn")[:LIMIT]
        )
    )

    assert first.rows({"not": NUMBERS[0]}, limit=1) == [(NUMBERS[1],)]
    assert first.rows({"not": NUMBERS[0]}, limit=5) == [(NUMBERS[1],), (NUMBERS[2],)]


def test_words_that_never_change_are_taken_as_they_are(profiles: list[Profile]) -> None:
    Profile.objects.create(msisdn="+14155550104", external_id="it's 100 %s \\ %% of 'em")
    query = Compiled(
        lambda: Profile.objects.filter(external_id="it's 100 %s \\ %% of 'em").values_list("msisdn")
    )

    assert query.rows() == [("+14155550104",)]


def test_each_shape_is_a_statement_of_its_own(profiles: list[Profile]) -> None:
    ordered = Compiled(lambda field: Profile.objects.order_by(field).values_list("msisdn"))

    assert ordered.rows(shape=["msisdn"]) == [(number,) for number in NUMBERS]
    assert ordered.rows(shape=["-msisdn"]) == [(number,) for number in reversed(NUMBERS)]
    assert len(ordered._made) == 2


def test_it_is_compiled_once(profiles: list[Profile], monkeypatch: pytest.MonkeyPatch) -> None:
    built = []

    def build() -> object:
        built.append(1)
        return Profile.objects.filter(msisdn=Slot("number", CharField()))

    query = Compiled(build)  # type: ignore[arg-type]
    for number in NUMBERS:
        assert [one.msisdn for one in query.instances({"number": number})] == [number]
    assert built == [1]


def test_a_value_that_is_missing_is_an_error() -> None:
    query = Compiled(lambda: Profile.objects.filter(msisdn=Slot("number", CharField())))

    with pytest.raises(KeyError, match="number"):
        query.instances({})


def test_a_foreign_key_takes_a_list(profiles: list[Profile], django_assert_num_queries: object) -> None:
    from consent.models import ConsentState

    states = Compiled(
        lambda: ConsentState.objects.filter(subject_id__any_of=Slot("ids", BigIntegerField())).values_list(
            "state"
        )
    )

    assert states.rows({"ids": [1, 2, 3]}) == []
