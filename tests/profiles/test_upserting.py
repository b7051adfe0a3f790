from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from core.secrets import number_hash
from profiles import holding
from profiles.entries import Entry, Key, Policy, merged
from profiles.erasing import erase_number
from profiles.models import OtherNumber, Profile
from profiles.saving import make_preferred
from profiles.selectors import attributes_for, time_zones_for
from profiles.tagging import set_attribute
from profiles.upserting import judge_many, upsert_many

pytestmark = pytest.mark.django_db
A, B, C, D = (f"+1415555010{n}" for n in range(1, 5))


def upsert(*entries: Entry, key: Key = Key.EXTERNAL_ID, policy: Policy = Policy.UPDATE) -> list[str]:
    """Verdicts, with the code of what is refused; a dry run says the same."""
    told = [_word(one) for one in judge_many(entries, key=key, policy=policy)]
    done = [_word(one) for one in upsert_many(entries, key=key, policy=policy)]
    assert told == done
    return done


def _word(outcome: Any) -> str:
    return outcome.error.code if outcome.error else outcome.verdict.value


def stored() -> dict[str, tuple[str, list[str], dict[str, Any]]]:
    """External ID or number -> preferred number, others, attributes."""
    return {
        one.external_id or one.msisdn: (
            one.msisdn,
            sorted(one.other_numbers.values_list("msisdn", flat=True)),
            one.attributes,
        )
        for one in Profile.objects.all()
    }


def test_a_profile_is_made_updated_and_left_alone() -> None:
    ada = Entry("ada", (A, B), {"city": "London", "address": {"zip": "N1", "door": 3}}, "en", "Europe/London")
    assert upsert(ada) == ["created"]
    assert upsert(ada) == ["unchanged"]
    assert upsert(Entry("ada", (), {"address": {"door": None}, "age": 7})) == ["updated"]
    assert stored() == {"ada": (A, [B], {"city": "London", "address": {"zip": "N1"}, "age": 7})}
    profile = Profile.objects.get()
    assert (profile.language, profile.time_zone) == ("en", "Europe/London")


@pytest.mark.parametrize(
    ("policy", "verdict", "after"),
    [
        (Policy.UPDATE, "updated", (C, [A, B], {"a": 1, "b": 2})),
        (Policy.REPLACE, "updated", (C, [], {"b": 2})),
        (Policy.SKIP, "skipped", (A, [B], {"a": 1})),
    ],
)
def test_what_is_there_already_is_updated_replaced_or_left(policy: Policy, verdict: str, after: Any) -> None:
    upsert(Entry("ada", (A, B), {"a": 1}))
    assert upsert(Entry("ada", (C,), {"b": 2}), policy=policy) == [verdict]
    assert stored() == {"ada": after}


def test_by_number_the_preferred_one_stays_preferred() -> None:
    upsert(Entry("ada", (A, B), {"a": 1}))
    assert upsert(Entry("", (B, C), {"b": 2}), key=Key.NUMBER) == ["updated"]
    assert stored() == {"ada": (A, [B, C], {"a": 1, "b": 2})}


def test_a_number_known_without_an_external_id_gets_one() -> None:
    upsert(Entry("", (A,), {"a": 1}), key=Key.NUMBER)
    assert upsert(Entry("ada", (A,), {"b": 2})) == ["updated"]
    assert stored() == {"ada": (A, [], {"a": 1, "b": 2})}


@pytest.mark.parametrize(
    ("entry", "key", "code"),
    [
        (Entry("", (C,)), Key.EXTERNAL_ID, "request_invalid"),
        (Entry("new"), Key.EXTERNAL_ID, "request_invalid"),
        (Entry("ada"), Key.NUMBER, "request_invalid"),
        (Entry("new", (A,)), Key.EXTERNAL_ID, "number_taken"),
        (Entry("new", (C, B)), Key.EXTERNAL_ID, "number_taken"),
        (Entry("bob", (C, A)), Key.EXTERNAL_ID, "number_taken"),
        (Entry("ada", (C,)), Key.NUMBER, "external_id_taken"),
        (Entry("new", (A,)), Key.NUMBER, "external_id_taken"),
        (Entry("ada", (), {"not a name": 1}), Key.EXTERNAL_ID, "request_invalid"),
        (Entry("ada", (), {"a": "x" * 17_000}), Key.EXTERNAL_ID, "request_invalid"),
        (
            Entry("ada", tuple(f"+141555502{n:02}" for n in range(30))),
            Key.EXTERNAL_ID,
            "request_invalid",
        ),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_no_trace(entry: Entry, key: Key, code: str) -> None:
    upsert(Entry("ada", (A, B)), Entry("bob", (D,)))
    before = stored()
    assert upsert(entry, key=key) == [code]
    assert stored() == before


def test_entries_of_one_profile_count_in_their_order() -> None:
    verdicts = upsert(Entry("ada", (A,), {"n": 1}), Entry("ada", (), {"n": 2}), Entry("bob", (A,)))
    assert verdicts == ["created", "updated", "number_taken"]
    assert stored() == {"ada": (A, [], {"n": 2})}


def test_numbers_change_hands_in_one_go() -> None:
    upsert(Entry("ada", (A, B)), Entry("bob", (C, D)))
    verdicts = upsert(
        Entry("bob", ("+14155550109",)),
        Entry("ada", (C, D)),
        Entry("eve", (A, B)),
        policy=Policy.REPLACE,
    )
    assert verdicts == ["updated", "updated", "created"]
    assert {name: numbers[:2] for name, numbers in stored().items()} == {
        "ada": (C, [D]), "bob": ("+14155550109", []), "eve": (A, [B]),
    }  # fmt: skip


def test_each_profile_has_the_hash_of_its_preferred_number() -> None:
    upsert(Entry("ada", (A, B)), Entry("bob", (C,)))
    upsert(Entry("bob", (D,)), Entry("ada", (C,)), policy=Policy.REPLACE)
    ada = Profile.objects.get(external_id="ada")
    make_preferred(profile_id=ada.pk, number_id=ada.other_numbers.create(msisdn=A).pk)
    hashes = dict(Profile.objects.values_list("msisdn", "number_hash"))
    assert hashes == {number: number_hash(number) for number in (A, D)}


def test_a_profile_is_found_by_any_of_its_numbers(django_assert_num_queries: Any) -> None:
    upsert(Entry("ada", (A, B), {"n": 1}, None, "Europe/Berlin"), Entry("bob", (C,), {"n": 2}))
    with django_assert_num_queries(1):
        assert attributes_for([A, B, C, D]) == {A: {"n": 1}, B: {"n": 1}, C: {"n": 2}}
    with django_assert_num_queries(1):
        assert time_zones_for([A, B, C, D]) == dict.fromkeys((A, B), "Europe/Berlin")


def test_a_tag_goes_to_whoever_has_the_number() -> None:
    upsert(Entry("ada", (A, B), {"n": 1}))
    set_attribute(msisdn=B, name="vip", value="yes")
    set_attribute(msisdn=C, name="vip", value="no")
    assert stored() == {"ada": (A, [B], {"n": 1, "vip": "yes"}), C: (C, [], {"vip": "no"})}


def test_erasing_any_number_of_a_person_deletes_the_profile() -> None:
    upsert(Entry("ada", (A, B)), Entry("bob", (C,)))
    assert (erase_number(B), erase_number(B), erase_number(D)) == (1, 0, 0)
    assert (list(stored()), OtherNumber.objects.count()) == (["bob"], 0)


@pytest.mark.parametrize(
    ("value", "patch", "after"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({"a": "foo"}, {"a": {"b": {"c": None}}}, {"a": {"b": {}}}),
    ],
)
def test_merge_patches_are_those_of_rfc_7396(value: Any, patch: Any, after: Any) -> None:
    assert merged(value, patch) == after


@pytest.mark.postgresql
def test_a_thousand_external_ids_are_looked_up_by_their_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # a test's few rows are read whole otherwise
        condition, value = holding.among([f"c{n}" for n in range(150)])
        cursor.execute("EXPLAIN " + holding._BY_EXTERNAL_ID.format(among=condition), [value])
        assert "profiles_external_id_once" in str(cursor.fetchall())


@pytest.mark.sqlite
def test_external_ids_are_looked_up_by_their_index_in_the_embedded_database_too() -> None:
    condition, value = holding.among(["c1", "c2"])
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN QUERY PLAN " + holding._BY_EXTERNAL_ID.format(among=condition), [value])
        assert "profiles_external_id_once" in str(cursor.fetchall())
