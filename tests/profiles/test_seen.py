"""What a sample of profiles says about their attributes."""

from __future__ import annotations

from typing import Any

import pytest

from core.brief import forget_everything
from profiles.models import Profile
from profiles.seen import attribute_group, attributes_in, leaves, seen_attributes, seen_names


def test_attributes_are_those_of_real_profiles_with_their_kinds() -> None:
    found = attributes_in(
        [
            {"firstName": "Ada", "address": {"city": "Paris"}, "none": None},
            {"firstName": "Bert", "vip": False, "tags": [1], "age": 3},
        ]
    )

    assert [(one.path, one.kind, one.share) for one in found] == [
        ("firstName", "text", 100),
        ("address", "map", 50),
        ("address.city", "text", 50),
        ("age", "number", 50),
        ("tags", "list", 50),
        ("vip", "yes or no", 50),
    ]


@pytest.mark.django_db
def test_looking_for_attributes_reads_a_bounded_number_of_profiles(django_assert_num_queries: Any) -> None:
    Profile.objects.bulk_create(
        Profile(msisdn=f"+1415555{number:04}", attributes={"n": number}) for number in range(700)
    )
    forget_everything()

    with django_assert_num_queries(2):
        assert [one.share for one in seen_attributes()] == [100]
        assert seen_attributes()


def test_attributes_seen_are_named_with_dots_and_offer_values_that_many_share(db: None) -> None:
    for n in range(6):
        Profile.objects.create(
            msisdn=f"+4915112{n:06}",
            attributes={
                "city": "Berlin" if n else "Paris", "email": f"{n}@example.com", "vip": True, "tags": ["a", "b"],
                "address": {"zip": str(n)},
            },
        )  # fmt: skip
    forget_everything()
    seen = {one.path: one.values for one in seen_attributes()}
    own = {"email": (), "address.zip": (), "address": ()}
    assert seen == {"city": ("Berlin",), "vip": ("true",), "tags": ("a", "b"), **own}
    assert set(seen_names()) == set(seen) - {"address"}


def test_values_that_differ_from_person_to_person_are_not_offered() -> None:
    rows = [{"city": f"Town {index}", "plan": "a" * 50, "note": ""} for index in range(13)] * 3
    assert [one.values for one in attributes_in(rows)] == [(), (), ()]


def test_leaves_are_texts_and_items_count_one_by_one() -> None:
    attributes = {"a": {"b": 1, "c": None}, "d": ["x", {"y": 2}, True], "e": ""}
    assert list(leaves(attributes)) == [("a.b", "1"), ("d", "x"), ("d", "true"), ("e", "")]


def test_an_editor_has_something_to_insert_before_there_are_profiles() -> None:
    assert [item.insert for item in attribute_group(()).items] == ["{{profile.NAME}}"]
    (item,) = attribute_group(attributes_in([{"vip": True}] * 3)).items
    assert (item.insert, item.help) == ("{{profile.vip}}", "yes or no, in 100 % of profiles")
