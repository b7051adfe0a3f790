"""A filter that finds few among many: read by stretches, on every page that shows or collects its members."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.audiences import counting, listing, scanning
from campaigns.audiences.counting import Count, has_more_than, is_empty
from campaigns.audiences.listing import page_of
from campaigns.audiences.scanning import next_stretch
from campaigns.models import Audience, AudienceKind, AudienceMember
from profiles.models import Profile

pytestmark = pytest.mark.django_db
OLD = {"all": [{"field": "attributes.age", "op": "more_than", "value": 80}]}


@pytest.fixture
def stretch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "STRETCH", dict.fromkeys(scanning.STRETCH, 10))


@pytest.fixture
def people(db: None) -> list[Profile]:
    """Of 35 the 4th, the 24th and the last are old."""
    ages = [90 if index in (3, 23, 34) else 20 for index in range(35)]
    return Profile.objects.bulk_create(
        [Profile(msisdn=f"+4915112{index:06}", attributes={"age": age}) for index, age in enumerate(ages)]
    )


@pytest.fixture
def old(people: list[Profile]) -> Audience:
    return Audience.objects.create(name="Old", filter=OLD)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is found in the time that a question is given."""
    for place in (listing, counting):
        monkeypatch.setattr(place, "within", lambda seconds, ask: None)


def test_a_stretch_looks_at_so_many_profiles_and_says_where_it_ended(
    stretch: None, old: Audience, people: list[Profile]
) -> None:
    ids, after, found = [one.id for one in people], None, []
    for end in (ids[9], ids[19], ids[29], None):
        page = next_stretch(old, after=after, size=5)
        assert page.after == end
        found.append([row[0] for row in page.rows])
        after = page.after
    assert found == [[ids[3]], [], [ids[23]], [ids[34]]]


def test_a_full_page_goes_on_after_its_last_member(stretch: None, people: list[Profile]) -> None:
    everybody = Audience.objects.create(name="All", filter={})
    page = next_stretch(everybody, after=None, size=4, columns=("msisdn",))
    assert [row[1] for row in page.rows] == [one.msisdn for one in people[:4]]
    assert page.after == people[3].id


def test_a_list_is_not_divided(stretch: None, people: list[Profile]) -> None:
    guests = Audience.objects.create(name="Guests", kind=AudienceKind.STATIC)
    AudienceMember.objects.create(audience=guests, profile=people[34])
    assert next_stretch(guests, after=None, size=5).rows == ((people[34].id,),)


def test_no_statement_of_a_stretch_reads_beyond_it(stretch: None, old: Audience) -> None:
    with CaptureQueriesContext(connection) as asked:
        next_stretch(old, after=None, size=5)
    _, members = [query["sql"] for query in asked if "profiles_profile" in query["sql"]]
    assert '"profiles_profile"."id" <=' in members


def test_how_far_a_place_is_is_told_unless_that_takes_too_long(
    people: list[Profile], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [scanning.percent_up_to(people[place].id) for place in (0, 17, 34)] == [2, 51, 99]
    monkeypatch.setattr(scanning, "within", lambda seconds, ask: None)
    assert scanning.percent_up_to(people[0].id) is None


def test_where_the_first_question_takes_too_long_the_page_is_looked_for_in_stretches(
    stretch: None, slow: None, old: Audience, people: list[Profile]
) -> None:
    page = page_of(old)
    assert [member.profile for member in page.members] == [people[3], people[23], people[34]]
    assert (page.after, page.is_short) == (None, False)
    first = page_of(old, size=2)
    assert ([member.profile for member in first.members], first.is_short) == ([people[3], people[23]], False)
    assert [member.profile for member in page_of(old, after=first.after).members] == [people[34]]


def test_a_page_whose_time_is_over_leads_on_to_the_rest(
    stretch: None, slow: None, old: Audience, people: list[Profile], monkeypatch: pytest.MonkeyPatch,
    admin_client: Client, settings: Any,
) -> None:  # fmt: skip
    monkeypatch.setattr(listing, "_SECONDS", 0.0)
    monkeypatch.setattr(listing, "_SECONDS", 0.0)
    page = page_of(old)
    assert (len(page.members), page.after, page.is_short) == (1, people[9].id, True)
    address = reverse("admin:campaigns_audience_members", args=[old.pk])
    shown = admin_client.get(address, {"after": str(people[9].id)}).content.decode()
    assert "Nobody was found so far" in shown
    assert f'href="?after={people[19].id}">Look further' in shown
    assert "Look further" not in admin_client.get(address, {"after": str(people[29].id)}).content.decode()


def test_whoever_may_be_there_keeps_an_audience_from_counting_as_empty(slow: None, old: Audience) -> None:
    assert not is_empty(old)


def test_an_audience_without_anybody_is_empty(people: list[Profile]) -> None:
    assert is_empty(Audience.objects.create(name="Nobody", filter={"all": [{**OLD["all"][0], "value": 99}]}))


@pytest.mark.parametrize(("estimate", "asks"), [(900, True), (700, False)])
def test_an_estimate_near_the_limit_counts_as_over_it(
    estimate: int, asks: bool, slow: None, old: Audience, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "count_in", lambda audience: Count(estimate, exact=False))
    assert has_more_than(old, 1000) is asks


def test_how_many_is_told_exactly_where_there_is_time(old: Audience) -> None:
    assert has_more_than(old, 2)
    assert not has_more_than(old, 3)
