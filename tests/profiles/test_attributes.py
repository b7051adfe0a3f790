from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from profiles.attributes import check_attributes, check_language, check_time_zone


def nested(levels):
    value = {"a": 1}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"firstName": "Ada"},
        {"_x1": None},
        {"tags": ["a", {"b": 1}]},
        {"loyalty": {"points": 7}},
        nested(5),
    ],
)
def test_good_attributes(value):
    check_attributes(value)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([], "JSON object"),
        ("text", "JSON object"),
        (None, "JSON object"),
        ({"first name": "Ada"}, "first name"),
        ({"1st": "Ada"}, "1st"),
        ({"": 1}, "attribute name"),
        ({"tags": [{"a-b": 1}]}, "a-b"),
        ({"a" * 65: 1}, "attribute name"),
        ({"a": "x" * 20_000}, "16 KiB"),
        (nested(6), "deeper"),
    ],
)
def test_bad_attributes_are_named(value, says):
    with pytest.raises(ValidationError, match=says):
        check_attributes(value)


@pytest.mark.parametrize(
    ("value", "good"), [("en", True), ("pt-BR", True), ("zh-Hant", True), ("e", False), ("en_US", False)]
)
def test_language_tags(value, good):
    assert passes(check_language, value) is good


@pytest.mark.parametrize(
    ("value", "good"), [("UTC", True), ("Europe/Berlin", True), ("Mars/Base", False), ("+02:00", False)]
)
def test_time_zones(value, good):
    assert passes(check_time_zone, value) is good


def passes(check, value):
    try:
        check(value)
    except ValidationError:
        return False
    return True
