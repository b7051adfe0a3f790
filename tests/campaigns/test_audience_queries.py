"""Who a filter finds: a table of conditions over a handful of people, each turned round as well."""

from __future__ import annotations

from datetime import timedelta

import phonenumbers
import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.audiences.countries import numbers_of
from campaigns.audiences.describing import describe
from campaigns.audiences.naming import Names
from campaigns.audiences.querying import matching, profiles_in
from campaigns.models import Audience, AudienceKind, AudienceMember, Campaign, CampaignRun, Recipient
from core.clock import now
from core.numbers import country_or_main
from links.models import Click, LinkTarget, TrackedLink
from profiles.models import Profile
from tests.campaigns.conftest import says, suppress
from tests.campaigns.test_audience_filters import condition

pytestmark = pytest.mark.django_db


def day(shift: int) -> str:
    return (timezone.localdate() + timedelta(days=shift)).isoformat()


@pytest.fixture
def people() -> dict[str, Profile]:
    rows = {
        "ada": ("+14155550101", "en", "Europe/London", {
            "city": "Berlin", "age": 36, "vip": True, "tags": ["gold", "news"], "address": {"zip": "10115"},
            "birthday": day(2), "joined": day(-3), "score": "12.5", "note": "100% _sure_ \\o/", "nil": None,
        }),
        "bob": ("+4915112345678", "de-AT", "Europe/Berlin", {
            "city": "berlin", "age": "41", "vip": False, "tags": ["silver"], "address": {"zip": "20095"},
            "birthday": f"{day(9)}T10:00:00Z", "joined": day(-40), "score": 7, "note": "",
        }),
        "cyd": ("+79261234567", "de", "", {
            "city": "Paris", "age": "young", "vip": "true", "tags": "gold", "address": "none", "joined": day(0),
            "score": True, "birthday": "soon",
        }),
        "dee": ("+77012345678", "", "", {}),
    }  # fmt: skip
    return {
        name: Profile.objects.create(
            msisdn=msisdn, external_id=f"x-{name}", language=language, time_zone=zone, attributes=attributes
        )
        for name, (msisdn, language, zone, attributes) in rows.items()
    }


def found(source):
    return {profile.external_id.removeprefix("x-") for profile in matching(source)}


EVERYBODY = {"ada", "bob", "cyd", "dee"}
CASES = [
    (condition("attributes.city", "is", "Berlin"), {"ada"}),
    (condition("attributes.city", "one_of", ["Berlin", "Paris"]), {"ada", "cyd"}),
    (condition("attributes.city", "contains", "ERL"), {"ada", "bob"}),
    (condition("attributes.city", "starts_with", "pa"), {"cyd"}),
    (condition("attributes.city", "is_set"), {"ada", "bob", "cyd"}),
    (condition("attributes.note", "is_set"), {"ada"}),
    (condition("attributes.nil", "is_set"), set()),
    (condition("attributes.note", "contains", "0% _s"), {"ada"}),
    (condition("attributes.note", "contains", "%x"), set()),
    (condition("attributes.note", "contains", "\\o"), {"ada"}),
    (condition("attributes.note", "contains", "'); DROP TABLE x; --"), set()),
    (condition("attributes.address.zip", "is", "10115"), {"ada"}),
    (condition("attributes.address.zip", "is", 10115), {"ada"}),
    (condition("attributes.address.zip", "starts_with", "1"), {"ada"}),
    (condition("attributes.age", "is", "36"), {"ada"}),
    (condition("attributes.age", "is", 41), {"bob"}),
    (condition("attributes.age", "more_than", 36), {"bob"}),
    (condition("attributes.age", "at_least", "36"), {"ada", "bob"}),
    (condition("attributes.age", "less_than", 41), {"ada"}),
    (condition("attributes.age", "at_most", 41.0), {"ada", "bob"}),
    (condition("attributes.score", "more_than", 12), {"ada"}),
    (condition("attributes.score", "less_than", 8), {"bob"}),
    (condition("attributes.vip", "is_true"), {"ada", "cyd"}),
    (condition("attributes.vip", "is_false"), {"bob"}),
    (condition("attributes.vip", "is", "true"), {"ada", "cyd"}),
    (condition("attributes.tags", "has", "gold"), {"ada"}),
    (condition("attributes.tags", "is", "gold"), {"cyd"}),
    (condition("attributes.joined", "in_last_days", 3), {"ada", "cyd"}),
    (condition("attributes.joined", "in_last_days", 2), {"cyd"}),
    (condition("attributes.joined", "before", day(-3)), {"bob"}),
    (condition("attributes.joined", "after", day(-3)), {"cyd"}),
    (condition("attributes.birthday", "in_next_days", 2), {"ada"}),
    (condition("attributes.birthday", "in_next_days", 9), {"ada", "bob"}),
    (condition("attributes.birthday", "in_last_days", 30), set()),
    (condition("language", "is", "de"), {"bob", "cyd"}),
    (condition("language", "is", "DE-at"), {"bob"}),
    (condition("language", "one_of", ["en", "de-AT"]), {"ada", "bob"}),
    (condition("language", "is_set"), {"ada", "bob", "cyd"}),
    (condition("time_zone", "is", "Europe/Berlin"), {"bob"}),
    (condition("time_zone", "one_of", "Europe/Berlin, Europe/London"), {"ada", "bob"}),
    (condition("external_id", "starts_with", "x-a"), {"ada"}),
    (condition("external_id", "is_set"), EVERYBODY),
    (condition("country", "is", "us"), {"ada"}),
    (condition("country", "one_of", ["DE", "KZ"]), {"bob", "dee"}),
    (condition("country", "is", "RU"), {"cyd"}),
    (condition("created", "in_last_days", 1), EVERYBODY),
    (condition("created", "before", day(0)), set()),
    (condition("updated", "after", day(-1)), EVERYBODY),
]


@pytest.mark.parametrize(
    ("one", "who"), CASES, ids=lambda value: str(sorted(value) if isinstance(value, set) else value)[:70]
)
def test_a_condition_finds_the_right_people_and_turned_round_all_others(people, one, who):
    assert found({"all": [one]}) == who
    assert found({"not": one}) == EVERYBODY - who


@pytest.mark.parametrize(
    ("value", "is_number"),
    [
        (2000, True), (2000.5, True), (1e30, True), ("2000", True), ("2000.5", True), ("-2000", False), ("20", False),
        ([2000], False), ({"of": 2000}, False), (True, False), (None, False), ("", False), (" 2000", False),
        ("1e9", False), ("2,000", False), ("9" * 16, False), ("NaN", False), ("2000 EUR", False),
    ],
)  # fmt: skip
def test_what_reads_as_a_number_is_the_same_on_both_databases(db, value, is_number):
    Profile.objects.create(msisdn="+14155550101", attributes={"of": {"spent": value}}, external_id="x-ada")
    asked = [
        condition("attributes.of.spent", op, limit) for op, limit in (("more_than", 999.5), ("at_least", -5))
    ]
    assert [found({"all": [one]}) == {"ada"} for one in asked] == [is_number, is_number or value == "20"]


NEGATED = [
    ("attributes.city", "is_not", "is", "Berlin"),
    ("attributes.city", "none_of", "one_of", ["Berlin", "Paris"]),
    ("attributes.tags", "has_not", "has", "gold"),
    ("attributes.joined", "not_in_last_days", "in_last_days", 3),
    ("attributes.city", "is_not_set", "is_set", None),
    ("language", "is_not", "is", "de"),
    ("country", "none_of", "one_of", ["US", "DE"]),
]


@pytest.mark.parametrize(("field", "op", "positive", "value"), NEGATED)
def test_a_negated_operator_finds_all_others(people, field, op, positive, value):
    assert found({"all": [condition(field, op, value)]}) == EVERYBODY - found(
        {"all": [condition(field, positive, value)]}
    )


def test_groups_join_conditions(people):
    berlin, german = condition("attributes.city", "is", "Berlin"), condition("language", "is", "de")
    assert found({"any": [berlin, german]}) == {"ada", "bob", "cyd"}
    assert found({"all": [berlin, german]}) == set()
    assert found({"all": [{"not": berlin}, {"any": [german, condition("country", "is", "KZ")]}]}) == {
        "bob", "cyd", "dee",
    }  # fmt: skip
    assert found({}) == EVERYBODY


def test_consent_is_that_of_the_ledger(people):
    says(people["ada"], "opt_in")
    says(people["bob"], "opt_in")
    says(people["bob"], "opt_out", purpose="all")
    says(people["cyd"], "opt_in", purpose="transactional")
    asked = {value: found({"all": [condition("consent", "is", value)]}) for value in CONSENT}
    assert asked == CONSENT
    assert found({"all": [condition("consent", "is_not", "opted_in")]}) == {"bob", "cyd", "dee"}


CONSENT = {
    "opted_in": {"ada"},
    "refused": {"bob"},
    "not_refused": {"ada", "cyd", "dee"},
    "no_choice": {"cyd", "dee"},
}


def test_an_opt_out_of_one_sender_does_not_refuse_all(people):
    says(people["ada"], "opt_in")
    says(people["ada"], "opt_out", scope="sender:+15005550006")
    assert found({"all": [condition("consent", "is", "opted_in")]}) == {"ada"}


def test_the_suppression_list_counts_while_it_is_in_force(people):
    suppress(people["ada"])
    suppress(people["bob"], scope="sender:+15005550006")
    over = suppress(people["cyd"], until=now() + timedelta(days=1))
    assert found({"all": [condition("suppressed", "is_true")]}) == {"ada", "cyd"}
    over.until = now() - timedelta(seconds=1)
    over.save()
    assert found({"all": [condition("suppressed", "is_false")]}) == {"bob", "cyd", "dee"}


def test_past_messages_count_by_state_time_channel_and_purpose(people, message, channel):
    message(people["ada"], days_ago=1)
    message(people["bob"], days_ago=20, state="undelivered")
    message(people["cyd"], days_ago=1, state="suppressed")
    message(people["dee"], days_ago=1, state="accepted", purpose="transactional", channel=None)
    cases = [
        (condition("messages", "sent"), {"ada", "bob", "dee"}),
        (condition("messages", "sent", days=10), {"ada", "dee"}),
        (condition("messages", "not_sent", days=10), {"bob", "cyd"}),
        (condition("messages", "delivered"), {"ada"}),
        (condition("messages", "not_delivered"), {"bob", "cyd", "dee"}),
        (condition("messages", "sent", channel=str(channel.pk)), {"ada", "bob"}),
        (condition("messages", "sent", purpose="transactional"), {"dee"}),
        (condition("messages", "not_sent", purpose="marketing", days=10), {"bob", "cyd", "dee"}),
    ]
    for one, who in cases:
        assert found({"all": [one]}) == who, one


def test_clicks_are_those_of_people(people, message, channel):
    offer = LinkTarget.objects.create(
        owner="channel:shop", written="https://a.example", url="https://a.example"
    )
    other = LinkTarget.objects.create(
        owner="channel:shop", written="https://b.example", url="https://b.example"
    )
    for name, target, days, kind in (
        ("ada", offer, 1, "person"), ("bob", offer, 20, "person"), ("cyd", offer, 1, "machine"),
        ("dee", other, 1, "person"),
    ):  # fmt: skip
        link = TrackedLink.objects.create(
            slug=name, target=target, message_id=message(people[name]).pk, clicks=int(kind == "person")
        )
        Click.objects.create(link=link, kind=kind, at=now() - timedelta(days=days))
    cases = [
        (condition("clicks", "clicked"), {"ada", "bob", "dee"}),
        (condition("clicks", "not_clicked"), {"cyd"}),
        (condition("clicks", "clicked", days=10), {"ada", "dee"}),
        (condition("clicks", "clicked", link=str(offer.pk)), {"ada", "bob"}),
        (condition("clicks", "clicked", link=str(offer.pk), days=10), {"ada"}),
        (condition("clicks", "clicked", channel=str(channel.pk)), {"ada", "bob", "dee"}),
        (condition("clicks", "clicked", channel=str(offer.pk)), set()),
    ]
    for one, who in cases:
        assert found({"all": [one]}) == who, one


def test_messages_and_clicks_of_a_campaign_are_those_of_its_runs(people, message, channel):
    campaigns = [Campaign.objects.create(name=name, channel=channel) for name in ("Spring", "Summer")]
    runs = [CampaignRun.objects.create(campaign=one, number=1, planned_at=now()) for one in campaigns]
    target = LinkTarget.objects.create(owner="x", written="https://a.example", url="https://a.example")
    for name, run in (("ada", runs[0]), ("bob", runs[1]), ("cyd", None)):
        sent = message(people[name])
        TrackedLink.objects.create(slug=name, target=target, message_id=sent.pk, clicks=1)
        if run:
            Recipient.objects.create(run=run, msisdn=sent.msisdn, due_at=now(), message_id=sent.pk)
    spring = str(campaigns[0].pk)
    cases = [
        (condition("messages", "sent", campaign=spring), {"ada"}),
        (condition("messages", "not_sent", campaign=spring, days=5), {"bob", "cyd", "dee"}),
        (condition("clicks", "clicked", campaign=spring), {"ada"}),
        (condition("clicks", "not_clicked", campaign=str(campaigns[1].pk)), {"ada", "cyd", "dee"}),
    ]
    for one, who in cases:
        assert found({"all": [one]}) == who, one
    assert describe({"all": [cases[0][0]]}, Names()) == "Was sent a message of the campaign “Spring”"


def test_members_are_one_query_in_the_order_of_ids_and_can_be_paged(people):
    says(people["ada"], "opt_in")
    everything = {"all": [
        {"any": [condition("consent", "is", "opted_in"), condition("attributes.city", "contains", "i")]},
        condition("messages", "not_sent", days=30), {"not": condition("clicks", "clicked", days=3)},
        condition("country", "none_of", ["GB"]), condition("suppressed", "is_false"),
    ]}  # fmt: skip
    audience = Audience.objects.create(name="All of it", filter=everything)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        first = list(profiles_in(audience)[:2])
        rest = list(profiles_in(audience).filter(id__gt=first[-1].pk)[:2])
    assert len(asked) == 2
    keys = [profile.pk for profile in (*first, *rest)]
    assert keys == sorted(keys)
    assert {profile.external_id for profile in (*first, *rest)} == {"x-ada", "x-bob", "x-cyd"}


def test_a_list_has_those_on_it(people):
    audience = Audience.objects.create(name="List", kind=AudienceKind.STATIC)
    for name in ("dee", "ada"):
        AudienceMember.objects.create(audience=audience, profile=people[name])
    assert [profile.external_id for profile in profiles_in(audience)] == ["x-ada", "x-dee"]


def test_every_number_belongs_to_the_country_the_numbering_plans_say():
    kinds = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
    examples = [
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for kind in kinds
        if (number := phonenumbers.example_number_for_type(region, kind)) is not None
    ]
    odd = ["+18005550123", "+17005550123", "+441111111111", "+79999999999", "+5999999"]
    numbers = list(dict.fromkeys([*examples, *odd]))
    Profile.objects.bulk_create([Profile(msisdn=number) for number in numbers])
    told = {number: country_or_main(number) for number in numbers}
    for country in sorted(set(told.values())):
        rows = Profile.objects.filter(numbers_of((country,))).values_list("msisdn", flat=True)
        assert set(rows) == {number for number, its in told.items() if its == country}, country
    assert Profile.objects.filter(numbers_of(("US", "CA")) & ~Q(msisdn__startswith="+1")).count() == 0
