from __future__ import annotations

import pytest

from profiles.models import Profile
from profiles.selectors import attributes_for

pytestmark = pytest.mark.django_db


def test_attributes_come_by_number_in_one_query(django_assert_num_queries):
    for number in range(3):
        Profile.objects.create(msisdn=f"+1415555010{number}", attributes={"firstName": f"n{number}"})
    with django_assert_num_queries(1):
        found = attributes_for(["+14155550100", "+14155550102", "+14155550102", "+14155559999"])
    assert found == {"+14155550100": {"firstName": "n0"}, "+14155550102": {"firstName": "n2"}}


def test_asking_for_nobody_costs_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert attributes_for([]) == {}


def test_a_profile_is_called_by_its_masked_number():
    assert "5550100" not in str(Profile(msisdn="+14155550100"))
