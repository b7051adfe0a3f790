from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.audiences import counting
from campaigns.audiences.counting import Count, count_of, within
from campaigns.audiences.members import add_numbers, add_profiles, ids_by_external_id, remove_ids
from campaigns.audiences.querying import matching, profiles_in
from campaigns.models import Audience, AudienceKind
from core.errors import AudienceNotAList
from profiles.erasing import erase_number
from profiles.models import OtherNumber, Profile

pytestmark = pytest.mark.django_db
ADA, BOB, CYD = "+14155550101", "+14155550102", "+14155550103"


@pytest.fixture
def audience(db):
    return Audience.objects.create(name="Guests", kind=AudienceKind.STATIC)


def numbers_in(audience):
    return set(profiles_in(audience).values_list("msisdn", flat=True))


def test_numbers_are_added_once_and_get_a_profile_where_there_is_none(audience):
    Profile.objects.create(msisdn=ADA, attributes={"city": "Berlin"})
    first = add_numbers(audience=audience, msisdns=[ADA, BOB, ADA])
    assert (first.added, first.already, first.created, first.unknown) == (2, 0, 1, ())
    again = add_numbers(audience=audience, msisdns=[BOB, CYD])
    assert (again.added, again.already, again.created) == (1, 1, 1)
    assert numbers_in(audience) == {ADA, BOB, CYD}
    assert Profile.objects.get(msisdn=ADA).attributes == {"city": "Berlin"}


def test_numbers_without_a_profile_can_be_left_out(audience):
    Profile.objects.create(msisdn=ADA)
    added = add_numbers(audience=audience, msisdns=[ADA, BOB], create_profiles=False)
    assert (added.added, added.unknown) == (1, (BOB,))
    assert Profile.objects.count() == 1


def test_a_selection_is_added_in_one_statement_however_many_it_has(audience):
    rows = ((f"+4915112{n:06}", "de" if n % 2 else "en") for n in range(3000))
    Profile.objects.bulk_create([Profile(msisdn=msisdn, language=language) for msisdn, language in rows])
    with CaptureQueriesContext(connection) as asked:
        assert add_profiles(audience=audience, profiles=matching({"all": [LANGUAGE]})) == 1500
    assert len([query for query in asked if query["sql"].startswith("INSERT")]) == 1
    assert add_profiles(audience=audience, profiles=Profile.objects.all()) == 1500
    assert add_profiles(audience=audience, profiles=Profile.objects.none()) == 0


LANGUAGE = {"field": "language", "op": "is", "value": "de"}


def test_members_are_taken_off(audience):
    add_numbers(audience=audience, msisdns=[ADA, BOB])
    ada = Profile.objects.get(msisdn=ADA)
    assert remove_ids(audience=audience, profile_ids=[ada.pk, audience.pk]) == 1
    assert numbers_in(audience) == {BOB}
    assert Profile.objects.count() == 2


def test_a_filter_takes_no_members(audience):
    audience.kind = AudienceKind.FILTER
    for change in (
        lambda: add_numbers(audience=audience, msisdns=[ADA]),
        lambda: add_profiles(audience=audience, profiles=Profile.objects.all()),
        lambda: remove_ids(audience=audience, profile_ids=[]),
    ):
        with pytest.raises(AudienceNotAList, match="finds its members by a filter"):
            change()
    assert not Profile.objects.exists()


def test_external_ids_lead_to_profiles(db):
    known = Profile.objects.create(msisdn=ADA, external_id="a-1")
    Profile.objects.create(msisdn=BOB)
    assert ids_by_external_id(["a-1", "", "b-2"]) == {"a-1": known.pk}


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (Count(0), "0 profiles"),
        (Count(1), "1 profile"),
        (Count(12_345), "12,345 profiles"),
        (Count(120_000, exact=False), "about 120,000 profiles"),
        (Count(800, exact=False, is_most=True), "fewer than 800 profiles"),
    ],
)
def test_a_count_says_how_sure_it_is(count, text):
    assert count.text == text


@pytest.fixture
def many(db):
    Profile.objects.bulk_create(
        [Profile(msisdn=f"+4915112{n:06}", language="de" if n % 4 == 0 else "en") for n in range(4000)]
    )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE profiles_profile")


def test_a_count_is_exact_where_there_is_time(many):
    assert count_of(matching({"all": [LANGUAGE]})) == Count(1000)


def test_a_count_that_takes_too_long_becomes_an_estimate(many, monkeypatch):
    asked = []

    def no_time_at_first(seconds, ask):
        asked.append(seconds)
        return None if len(asked) == 1 else ask()

    monkeypatch.setattr(counting, "within", no_time_at_first)
    count = count_of(matching({"all": [LANGUAGE]}))
    assert not count.exact
    assert 800 <= count.number <= 1200
    asked.clear()
    nobody = count_of(matching({"all": [{**LANGUAGE, "value": "fr"}]}))
    assert nobody.is_most
    assert nobody.text.startswith("fewer than")


def test_a_question_ends_when_its_time_is_over_and_the_next_has_its_own(many):
    if connection.vendor == "postgresql":
        slow = "SELECT pg_sleep(5)"
    else:
        slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000000) SELECT max(i) FROM n"

    def ask(sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0]

    assert within(0.05, lambda: ask(slow)) is None
    assert within(0.05, lambda: ask("SELECT 7")) == 7
    assert Profile.objects.count() == 4000


def test_whoever_is_erased_leaves_every_list(audience):
    add_numbers(audience=audience, msisdns=[ADA, BOB])
    erase_number(ADA)
    assert numbers_in(audience) == {BOB}


def test_a_number_that_is_not_the_preferred_one_finds_its_profile(audience):
    ada = Profile.objects.create(msisdn=ADA)
    OtherNumber.objects.create(profile=ada, msisdn=BOB)
    added = add_numbers(audience=audience, msisdns=[BOB, ADA])
    assert (added.added, added.already, added.created) == (1, 0, 0)
    assert list(profiles_in(audience)) == [ada]


def test_ten_thousand_numbers_are_added_at_once(audience):
    numbers = [f"+4915112{n:06}" for n in range(10_000)]
    added = add_numbers(audience=audience, msisdns=numbers)
    assert (added.added, added.created) == (10_000, 10_000)
