from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from access.models import AuditEntry
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
        ("415555", 0),
        ("ada", 0),
    ],
)
def test_a_profile_is_found_by_any_form_of_its_number(client, query, found):
    Profile.objects.create(msisdn=ADA, external_id="customer-0001")
    answer = client.get(reverse("admin:profiles_profile_changelist"), {"q": query})
    assert len(answer.context["cl"].result_list) == found


def test_the_list_names_attributes(client):
    Profile.objects.create(msisdn=ADA, attributes={f"name{number}": number for number in range(7)})
    content = client.get(reverse("admin:profiles_profile_changelist")).content.decode()
    assert "name0, name1, name2, name3, name4 and 2 more" in content


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
