from __future__ import annotations

import pytest

from campaigns.audiences.checking import check, read
from campaigns.audiences.describing import describe
from core.errors import AudienceFilterInvalid

CHANNEL = "01990000-0000-7000-8000-000000000001"


def condition(field, op, value=None, **options):
    return {"field": field, "op": op, **({} if value is None else {"value": value}), **options}


CITY = condition("attributes.city", "is", "Berlin")

WRONG = [
    ([], "", "is an object"),
    ({"version": 2, "all": []}, "version", "reads version 1"),
    ({"all": CITY}, "all", "takes a list"),
    ({"all": [5]}, "all[0]", "a condition"),
    ({"all": [CITY], "any": [CITY]}, "", "stands alone"),
    ({"all": [{"any": []}]}, "all[0].any", "group is empty"),
    ({"any": []}, "any", "group is empty"),
    ({"not": {"not": {"not": {"not": {"not": {"not": CITY}}}}}}, "not.not.not.not.not", "nested deeper"),
    ({"all": [{"op": "is", "value": "x"}]}, "all[0].field", "field is missing"),
    ({"all": [condition("langauge", "is", "de")]}, "all[0].field", "Did you mean “language”?"),
    ({"all": [condition("profile.city", "is", "x")]}, "all[0].field", "attributes.city"),
    ({"all": [condition("city", "is", "x")]}, "all[0].field", "write attributes.city"),
    ({"all": [condition("attributes.first name", "is", "x")]}, "all[0].field", "attributes.address.city"),
    ({"all": [condition("attributes.a'); --", "is", "x")]}, "all[0].field", "attributes.address.city"),
    ({"all": [condition("language", "contains", "de")]}, "all[0].op", "Use one of: is, is_not"),
    ({"all": [condition("language", "isnot", "de")]}, "all[0].op", "Did you mean “is_not”?"),
    ({"all": [{"field": "language"}]}, "all[0].op", "operator is missing"),
    ({"all": [condition("language", "is")]}, "all[0].value", "value is missing"),
    ({"all": [condition("language", "is", " ")]}, "all[0].value", "value is missing"),
    ({"all": [condition("language", "one_of", [])]}, "all[0].value", "one or more"),
    ({"all": [condition("language", "one_of", ["x"] * 501)]}, "all[0].value", "at most 500"),
    ({"all": [condition("attributes.city", "is", "x" * 201)]}, "all[0].value", "at most 200"),
    ({"all": [condition("attributes.city", "is", "a\x00b")]}, "all[0].value", "NUL"),
    ({"all": [condition("attributes.age", "more_than", "old")]}, "all[0].value", "a number such as"),
    ({"all": [condition("attributes.age", "more_than", True)]}, "all[0].value", "a number such as"),
    ({"all": [condition("attributes.age", "more_than", "nan")]}, "all[0].value", "a number such as"),
    ({"all": [condition("created", "before", "1.5.2026")]}, "all[0].value", "a date such as"),
    ({"all": [condition("created", "before", "2026-02-30")]}, "all[0].value", "a date such as"),
    ({"all": [condition("created", "in_last_days", 0)]}, "all[0].value", "days from 1"),
    ({"all": [condition("country", "is", "UK")]}, "all[0].value", "is no country code"),
    ({"all": [condition("consent", "is", "opted-in")]}, "all[0].value", "Did you mean “opted_in”?"),
    ({"all": [condition("messages", "sent", days="x")]}, "all[0].days", "days from 1"),
    ({"all": [condition("messages", "sent", chanel=CHANNEL)]}, "all[0].chanel", "Did you mean “channel”?"),
    ({"all": [condition("messages", "sent", channel="Shop")]}, "all[0].channel", "an id"),
    ({"all": [condition("messages", "sent", purpose="fun")]}, "all[0].purpose", "marketing, transactional"),
    ({"all": [condition("language", "is", "de", days=3)]}, "all[0].days", "It takes: value"),
    ({"any": [CITY, {"not": {"all": [CITY, condition("country", "is", "DEU")]}}]}, "any[1].not.all[1].value", "DEU"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "path", "says"), WRONG, ids=lambda value: str(value)[:50])
def test_a_slip_is_named_by_its_path(source, path, says):
    (problem,) = check(source)
    assert (problem.path, problem.level) == (path, "error")
    assert says in problem.message
    with pytest.raises(AudienceFilterInvalid) as raised:
        read(source)
    assert raised.value.param == f"filter.{path}".rstrip(".")


def test_too_many_conditions_are_said_once():
    problems = check({"any": [CITY] * 60})
    assert len(problems) == 1
    assert "more than 50 conditions" in problems[0].message


def test_every_slip_is_named_at_once():
    slips = {"all": [condition("langauge", "is", "de"), CITY, condition("country", "is", "XX")]}
    assert [problem.path for problem in check(slips)] == ["all[0].field", "all[2].value"]


@pytest.mark.parametrize(
    ("attribute", "known", "says"),
    [
        ("citty", ["city", "firstName"], "Did you mean “city”?"),
        ("City", ["city"], "Did you mean “city”?"),
        ("zzz", ["city"], "until profiles have it"),
        ("address.zip", ["address.city"], "Did you mean “address.city”?"),
    ],
)
def test_an_attribute_nobody_has_is_a_warning_with_a_suggestion(attribute, known, says):
    (problem,) = check({"all": [condition(f"attributes.{attribute}", "is_set")]}, known=known)
    assert (problem.level, problem.path) == ("warning", f"attributes.{attribute}")
    assert says in problem.message


@pytest.mark.parametrize("attribute", ["city", "address", "address.city"])
def test_attributes_that_profiles_have_and_their_parents_are_fine(attribute):
    source = {"all": [condition(f"attributes.{attribute}", "is_set")]}
    assert check(source, known=["city", "address.city"]) == []


IN_WORDS = [
    ({}, "All profiles"),
    ({"version": 1, "all": []}, "All profiles"),
    ({"all": [CITY]}, "City is “Berlin”"),
    ({"all": [CITY, condition("language", "is", "de")]}, "City is “Berlin” and language is “de”"),
    ({"any": [CITY, condition("country", "one_of", "de, at")]}, "City is “Berlin” or country is one of “DE”, “AT”"),
    (
        {"all": [CITY, {"any": [condition("language", "is", "de"), condition("attributes.vip", "is_true")]}]},
        "City is “Berlin” and (language is “de” or vip is yes)",
    ),
    ({"not": {"any": [CITY, condition("language", "is_set")]}}, "Not (city is “Berlin” or language is filled in)"),
    ({"all": [condition("attributes.loyalty.points", "at_least", "12.5")]}, "Loyalty.points is at least 12.5"),
    ({"all": [condition("attributes.birthday", "in_last_days", 1)]}, "Birthday is in the last day"),
    ({"all": [condition("created", "before", "2026-05-01")]}, "Creation of the profile is before 2026-05-01"),
    ({"all": [condition("consent", "is", "opted_in")]}, "Opted in to marketing"),
    ({"all": [condition("suppressed", "is_false")]}, "Not on the suppression list"),
    ({"all": [condition("messages", "not_sent", days=30, purpose="marketing")]},
     "Was not sent any marketing message in the last 30 days"),
    ({"all": [condition("messages", "delivered", channel=CHANNEL)]}, "Received a message through “Shop”"),
    ({"all": [condition("clicks", "clicked", link=CHANNEL, days=7)]}, "Clicked the link “Shop” in the last 7 days"),
    ({"all": [condition("clicks", "not_clicked")]}, "Did not click any link"),
    ({"all": [condition("language", "one_of", [str(n) for n in range(9)])]},
     "Language is one of “0”, “1”, “2”, “3”, “4”, “5” and 3 more"),
    ({"all": 5}, "A filter that cannot be read"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "words"), IN_WORDS, ids=lambda value: str(value)[:60])
def test_a_filter_is_told_in_words(source, words):
    assert describe(source, {CHANNEL: "Shop"}) == words
