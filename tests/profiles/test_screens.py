from __future__ import annotations

import csv
import html

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from access.models import AuditEntry
from access.roles import sync
from profiles.models import Profile

pytestmark = pytest.mark.django_db
ADA = "+14155550123"


@pytest.fixture(autouse=True)
def editor(client):
    user = User.objects.create_superuser("editor", password="a-long-password-1")
    client.force_login(user)
    return user


def add(client, **fields):
    form = {"msisdn": ADA, "external_id": "", "attributes": "{}", "language": "", "time_zone": "", **fields}
    return client.post(reverse("admin:profiles_profile_add"), form)


@pytest.mark.parametrize("typed", ["+14155550123", " +1 (415) 555-0123", "415 555 0123", "(415)555-0123"])
def test_a_number_is_stored_one_way_however_it_was_typed(client, typed):
    add(client, msisdn=typed)
    assert Profile.objects.get().msisdn == ADA


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"msisdn": "12"}, "msisdn"),
        ({"msisdn": "call me"}, "msisdn"),
        ({"attributes": '{"a": 1,\n "b" 2}'}, "line 2, column 6"),
        ({"attributes": "[1]"}, "JSON object"),
        ({"attributes": '{"first name": 1}'}, "first name"),
        ({"time_zone": "Mars/Base"}, "Europe/Berlin"),
        ({"language": "!"}, "pt-BR"),
    ],
)
def test_a_slip_is_explained_and_nothing_is_stored(client, fields, says):
    errors = str(add(client, **fields).context["adminform"].form.errors)
    assert says in errors
    assert not Profile.objects.exists()


def test_a_number_stands_once_and_blank_ids_may_repeat(client):
    add(client)
    assert "already exists" in add(client, msisdn="415-555-0123").content.decode()
    add(client, msisdn="+14155550124")
    assert Profile.objects.count() == 2


def test_an_external_id_stands_once(client):
    add(client, external_id="customer-0001")
    assert (
        "Another profile" in add(client, msisdn="+14155550124", external_id="customer-0001").content.decode()
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("(415) 555-0123", 1),
        ("+14155550123", 1),
        ("14155550123", 1),
        ("customer-0001", 1),
        ("415-555-0188", 1),
        ("415555", 0),
        ("ada", 0),
    ],
)
def test_a_profile_is_found_by_any_form_of_its_number(client, query, found):
    profile = Profile.objects.create(msisdn=ADA, external_id="customer-0001")
    profile.other_numbers.create(msisdn="+14155550188")
    answer = client.get(reverse("admin:profiles_profile_changelist"), {"q": query})
    assert len(answer.context["cl"].result_list) == found


def test_the_list_shows_numbers_and_attributes(client):
    attributes = {"address": {"city": "L" * 50}, "vip": True, "n": 1.5, "tags": ["a"]}
    profile = Profile.objects.create(msisdn=ADA, attributes=attributes)
    profile.other_numbers.create(msisdn="+14155550188")
    content = client.get(reverse("admin:profiles_profile_changelist")).content.decode()
    shown = f"address.city: {'L' * 29}…, n: 1.5 and 2 more"
    assert html.escape(shown) in content
    assert f"{ADA} and 1 more" in content


def test_a_list_costs_as_many_queries_as_a_page_of_one(client, django_assert_max_num_queries):
    url = reverse("admin:profiles_profile_changelist")
    for number in range(60):
        profile = Profile.objects.create(msisdn=f"+141555502{number:02}")
        profile.other_numbers.create(msisdn=f"+141555503{number:02}")
    with django_assert_max_num_queries(25):
        client.get(url)


def test_other_numbers_are_typed_one_a_line_and_belong_to_one_profile(client):
    add(client, more_numbers="(415) 555-0188\n+14155550189, +14155550123")
    profile = Profile.objects.get()
    assert sorted(profile.other_numbers.values_list("msisdn", flat=True)) == ["+14155550188", "+14155550189"]
    for taken in ({"msisdn": "+14155550188"}, {"msisdn": "+14155550166", "more_numbers": ADA}):
        assert "already exists" in add(client, **taken).content.decode()
    url = reverse("admin:profiles_profile_change", args=[profile.pk])
    client.post(url, {"msisdn": "+14155550189", "more_numbers": "+14155550177", "attributes": "{}"})
    profile.refresh_from_db()
    assert profile.msisdn == "+14155550189"
    assert [one.msisdn for one in profile.other_numbers.all()] == ["+14155550177"]
    assert AuditEntry.objects.latest("pk").changes["other_numbers"] == "changed"


def test_another_number_is_made_the_preferred_one(client):
    profile = Profile.objects.create(msisdn=ADA)
    other = profile.other_numbers.create(msisdn="+14155550188")
    page = client.get(reverse("admin:profiles_profile_change", args=[profile.pk])).content.decode()
    url = reverse("admin:profiles_prefer_number", args=[profile.pk, other.pk])
    assert url in page
    client.post(url)
    profile.refresh_from_db()
    assert profile.msisdn == "+14155550188"
    assert [one.msisdn for one in profile.other_numbers.all()] == [ADA]
    assert "no such number" in client.post(url, follow=True).content.decode()


def test_a_profile_shows_what_messages_may_write(client):
    profile = Profile.objects.create(msisdn=ADA, attributes={"address": {"city": "London"}})
    page = client.get(reverse("admin:profiles_profile_change", args=[profile.pk])).content.decode()
    assert "{{profile.address.city}}" in page


def test_all_profiles_are_exported_and_no_cell_is_a_formula(client):
    first = Profile.objects.create(
        msisdn=ADA, external_id="c-1", language="en", attributes={"a": {"b": "=1+1"}, "n": 3, "tags": ["x"]}
    )
    first.other_numbers.create(msisdn="+14155550188")
    Profile.objects.create(msisdn="+14155550124", attributes={"z": None})
    answer = client.post(reverse("admin:profiles_export"))
    lines = list(csv.reader(b"".join(answer.streaming_content).decode().splitlines()))
    assert lines[0] == [
        "external_id", "number", "other_numbers", "language", "time_zone", "a.b", "n", "tags", "z", "created_at",
        "updated_at",
    ]  # fmt: skip
    assert lines[1][:9] == ["c-1", ADA, "+14155550188", "en", "", "'=1+1", "3", '["x"]', ""]
    assert lines[2][:9] == ["", "+14155550124", "", "", "", "", "", "", "null"]
    assert AuditEntry.objects.latest("pk").action == "exported profiles"


def test_a_viewer_sees_numbers_and_changes_nothing(client):
    sync("profiles")
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.groups.add(Group.objects.get(name="viewer"))
    client.force_login(viewer)
    profile = Profile.objects.create(msisdn=ADA)
    other = profile.other_numbers.create(msisdn="+14155550188")
    page = client.get(reverse("admin:profiles_profile_change", args=[profile.pk])).content.decode()
    assert "+14155550188" in page
    assert "Make preferred" not in page
    refused = [
        client.post(reverse("admin:profiles_prefer_number", args=[profile.pk, other.pk])),
        client.post(reverse("admin:profiles_export")),
        client.get(reverse("admin:profiles_profileimport_add")),
    ]
    assert [answer.status_code for answer in refused] == [403, 403, 403]


def test_the_audit_trail_holds_no_personal_data(client):
    add(client, attributes='{"firstName": "Ada"}', external_id="customer-0001")
    profile = Profile.objects.get()
    url = reverse("admin:profiles_profile_change", args=[profile.pk])
    client.post(url, {"msisdn": "+14155550199", "attributes": '{"firstName": "Eve"}', "language": "en"})
    entry = AuditEntry.objects.latest("pk")
    assert entry.changes["msisdn"] == "changed"
    assert entry.changes["language"] == {"before": "", "after": "en"}
    trail = str(list(AuditEntry.objects.values()))
    for private in ("5550123", "5550199", "Ada", "Eve", "customer-0001"):
        assert private not in trail
