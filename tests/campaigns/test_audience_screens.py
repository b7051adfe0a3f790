from __future__ import annotations

import json

import pytest
import time_machine
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access.models import AuditEntry
from access.roles import sync
from campaigns.audiences.members import add_numbers
from campaigns.audiences.querying import profiles_in
from campaigns.models import Audience, AudienceKind
from core.clock import now
from profiles.importing.models import ImportState, ProfileImport, ProfileImportBatch
from profiles.importing.storing import packed_ids
from profiles.models import Profile
from tests.campaigns.conftest import says

pytestmark = pytest.mark.django_db
ADA, BOB, CYD = "+14155550101", "+14155550102", "+14155550103"
BERLIN = {"version": 1, "all": [{"field": "attributes.city", "op": "is", "value": "Berlin"}]}


@pytest.fixture(autouse=True)
def staff(client):
    user = User.objects.create_superuser("boss", password="a-long-password-1")
    client.force_login(user)
    return user


@pytest.fixture
def people(db):
    return [
        Profile.objects.create(msisdn=number, external_id=f"x-{place}", attributes={"city": city})
        for place, (number, city) in enumerate(((ADA, "Berlin"), (BOB, "Paris"), (CYD, "Berlin")))
    ]


@pytest.fixture
def guests(db):
    return Audience.objects.create(name="Guests", kind=AudienceKind.STATIC)


def address(page, *arguments):
    return reverse(f"admin:campaigns_audience_{page}", args=arguments)


def add(client, **fields):
    form = {"name": "Berlin", "description": "", "kind": "filter", "filter": json.dumps(BERLIN), **fields}
    return client.post(address("add"), form)


def test_a_filter_is_stored_as_it_was_written(client):
    add(client)
    assert Audience.objects.get().filter == BERLIN


@pytest.mark.parametrize(
    ("written", "says_what"),
    [
        ('{"all": [5', "line 1"),
        ("[]", "is an object"),
        (
            '{"all": [{"field": "langauge", "op": "is", "value": "de"}]}',
            "all[0].field: There is no field “langauge”",
        ),
    ],
)
def test_a_slip_in_a_filter_is_explained_and_nothing_is_stored(client, written, says_what):
    errors = add(client, filter=written).context["adminform"].form.errors
    assert says_what in " ".join(errors["filter"])
    assert not Audience.objects.exists()


def test_a_new_list_leads_to_where_people_are_put_on_it(client):
    answer = add(client, kind="static", filter="{}")
    made = Audience.objects.get()
    assert (made.kind, made.filter) == ("static", {})
    assert answer.headers["Location"] == address("members", made.pk)
    page = client.get(answer.headers["Location"]).content.decode()
    assert "Nobody is on the list yet" in page
    assert client.get(address("change", made.pk)).status_code == 200


def test_the_kind_stays_as_it_was_made(client, guests):
    client.post(address("change", guests.pk), {"name": "Guests", "kind": "filter", "filter": "{}"})
    guests.refresh_from_db()
    assert guests.kind == AudienceKind.STATIC


def test_the_list_tells_filters_in_words_with_the_same_queries_for_many(client, channel):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            page = client.get(address("changelist")).content.decode()
        assert "City is “Berlin”" in page
        assert "Was sent a message through “shop”" in page
        return len(asked)

    sent = {"all": [{"field": "messages", "op": "sent", "channel": str(channel.pk)}]}
    Audience.objects.create(name="A", filter=BERLIN)
    Audience.objects.create(name="B", filter=sent)
    queries()
    few = queries()
    Audience.objects.bulk_create([Audience(name=f"C{n}", filter=sent) for n in range(20)])
    assert queries() == few


def check(client, source):
    return client.post(
        address("check"), json.dumps({"source": source}), content_type="application/json"
    ).json()


def test_the_check_counts_and_shows_some_with_masked_numbers(client, people):
    answer = check(client, json.dumps(BERLIN))
    assert answer["problems"] == []
    assert answer["words"] == "City is “Berlin”"
    assert answer["count"] == {"number": 2, "exact": True, "text": "2 profiles"}
    assert answer["sample"][0] == {"number": "+1415•••0103", "external_id": "x-2", "about": "city: Berlin"}
    assert check(client, "")["count"]["number"] == 3


@pytest.mark.parametrize(
    ("source", "says_what"),
    [
        ("{", "not JSON"),
        ("[" * 5000, "nested too deep"),
        ('{"all": [{"field": "x"}]}', "There is no field"),
        (5, "as text"),
    ],
)
def test_the_check_names_slips_and_counts_nothing(client, source, says_what):
    answer = check(client, source)
    assert says_what in answer["problems"][0]["message"]
    assert not answer.get("count")


def test_an_attribute_nobody_has_is_a_warning_beside_the_count(client, people):
    answer = check(client, json.dumps({"all": [{"field": "attributes.citty", "op": "is_set"}]}))
    assert [problem["level"] for problem in answer["problems"]] == ["warning"]
    assert "Did you mean “city”?" in answer["problems"][0]["message"]
    assert answer["count"]["number"] == 0


def test_the_builder_gets_all_it_offers(client, people, channel):
    words = client.get(address("vocabulary")).json()
    assert words["attributes"] == [{"name": "city", "values": []}]
    assert words["rows"]["channel"] == [{"value": str(channel.pk), "label": "shop"}]
    assert set(words["fields"]["attributes"]["operators"]) <= set(words["operators"])


def test_people_are_pasted_as_numbers_and_external_ids(client, people, guests):
    pasted = "(415) 555-0101\nx-1, +49 1511 2345678\nnobody; +14155550101"
    page = client.post(
        address("members", guests.pk), {"people": pasted, "create": "on"}, follow=True
    ).content.decode()
    assert set(profiles_in(guests).values_list("msisdn", flat=True)) == {ADA, BOB, "+4915112345678"}
    assert "3 people added." in page
    assert "1 person got a profile." in page
    assert "nobody" in page
    entry = AuditEntry.objects.get(action="added members")
    assert entry.changes == {"added": 3, "profiles made": 1}


def test_numbers_without_a_profile_are_left_out_if_wanted(client, people, guests):
    client.post(address("members", guests.pk), {"people": f"{ADA}, +14155550999"})
    assert profiles_in(guests).count() == 1
    assert Profile.objects.count() == 3


@pytest.mark.parametrize("pasted", ["", " , \n", ",".join(f"+1415555{n:04}" for n in range(10_001))])
def test_nothing_and_too_much_cannot_be_pasted(client, guests, pasted):
    answer = client.post(address("members", guests.pk), {"people": pasted})
    assert answer.context["form"].errors["people"]


@pytest.fixture
def brought(people):
    made = ProfileImport.objects.create(
        file_name="customers.csv", state=ImportState.DONE, rows=3, created_by="ada"
    )
    for number, some in enumerate((people[:1], people[1:2])):
        ids = packed_ids([one.pk for one in some])
        ProfileImportBatch.objects.create(of=made, number=number, records="", profile_ids=ids)
    return made


def test_everybody_of_an_import_goes_on_a_list(client, people, guests, brought):
    assert "customers.csv" in client.get(address("members", guests.pk)).content.decode()
    page = client.post(address("import", guests.pk), {"profile_import": str(brought.pk)}, follow=True)
    assert "2 people of customers.csv added." in page.content.decode()
    assert set(profiles_in(guests)) == set(people[:2])
    again = client.post(address("import", guests.pk), {"profile_import": str(brought.pk)}, follow=True)
    assert "0 people of customers.csv added." in again.content.decode()


def test_an_import_that_is_not_done_adds_nobody(client, guests, brought):
    ProfileImport.objects.update(state=ImportState.RUNNING)
    page = client.post(address("import", guests.pk), {"profile_import": str(brought.pk)}, follow=True)
    assert "Choose an import that is done." in page.content.decode()
    assert profiles_in(guests).count() == 0


def test_people_chosen_are_taken_off(client, people, guests):
    add_numbers(audience=guests, msisdns=[ADA, BOB])
    client.post(address("remove", guests.pk), {"member": [str(people[0].pk), "no id"]})
    assert list(profiles_in(guests)) == [people[1]]
    assert Profile.objects.count() == 3


def test_a_filter_takes_nobody_on(client, people):
    audience = Audience.objects.create(name="Berlin", filter=BERLIN)
    answer = client.post(address("members", audience.pk), {"people": ADA}, follow=True)
    assert "finds its members by a filter" in answer.content.decode()
    page = client.post(address("remove", audience.pk), {"member": [str(people[0].pk)]}, follow=True)
    assert "finds its members by a filter" in page.content.decode()


def test_members_are_shown_with_their_consent_page_by_page(client, people, guests, monkeypatch):
    monkeypatch.setattr("campaigns.audiences.listing.page_of.__kwdefaults__", {"after": None, "size": 2})
    says(people[0], "opt_in")
    says(people[1], "opt_out")
    add_numbers(audience=guests, msisdns=[ADA, BOB, CYD])
    first = client.get(address("members", guests.pk))
    assert [member.consent for member in first.context["page"].members] == ["Opted in", "Refused marketing"]
    rest = client.get(address("members", guests.pk), {"after": str(first.context["page"].after)})
    assert [member.consent for member in rest.context["page"].members] == ["Nothing on record"]
    assert rest.context["page"].after is None
    assert client.get(address("members", guests.pk), {"after": "x"}).status_code == 200


def test_the_breakdown_counts_consent(client, people, guests):
    says(people[0], "opt_in")
    says(people[1], "opt_out")
    add_numbers(audience=guests, msisdns=[ADA, BOB, CYD])
    answer = client.get(address("consent", guests.pk)).json()
    assert answer["count"] == "3 profiles"
    assert [part["text"] for part in answer["parts"]] == ["1", "1", "1", "0"]


def test_a_copy_is_a_list_of_those_who_are_in_it_now(client, people):
    audience = Audience.objects.create(name="Berlin" * 16, filter=BERLIN)
    client.post(address("copy", audience.pk))
    made = Audience.objects.get(kind=AudienceKind.STATIC)
    assert set(profiles_in(made)) == {people[0], people[2]}
    Profile.objects.update(attributes={})
    assert profiles_in(made).count() == 2


def test_a_second_copy_in_the_same_second_is_refused_in_words(client, people):
    audience = Audience.objects.create(name="Berlin", filter=BERLIN)
    with time_machine.travel(now(), tick=False):
        client.post(address("copy", audience.pk))
        page = client.post(address("copy", audience.pk), follow=True).content.decode()
    assert "Choose another name" in page
    assert Audience.objects.count() == 2


def test_deleting_asks_and_keeps_the_profiles(client, people, guests):
    add_numbers(audience=guests, msisdns=[ADA, BOB])
    with CaptureQueriesContext(connection) as asked:
        page = client.get(address("delete", guests.pk)).content.decode()
    assert "Are you sure" in page
    assert not [query for query in asked if "audiencemember" in query["sql"]]
    client.post(address("delete", guests.pk), {"post": "yes"})
    assert not Audience.objects.exists()
    assert Profile.objects.count() == 3


def select(client, action_fields, **query):
    url = reverse("admin:profiles_profile_changelist")
    return client.post(url, {"action": "add_to_audience", **action_fields}, query_params=query)


def test_a_selection_of_profiles_goes_on_a_list(client, people, guests):
    chosen = {"_selected_action": [str(people[0].pk), str(people[2].pk)]}
    asked = select(client, chosen).content.decode()
    assert "Add 2 profiles to an audience" in asked
    select(client, {**chosen, "choose_list": "1", "audience": str(guests.pk)})
    assert set(profiles_in(guests)) == {people[0], people[2]}
    assert AuditEntry.objects.get(action="added members").changes == {"added": 2}


def test_all_profiles_found_go_on_a_new_list(client, people):
    everybody = {"_selected_action": [str(people[0].pk)], "select_across": "1", "choose_list": "1"}
    assert "Choose a list, or name a new one" in select(client, everybody).content.decode()
    select(client, {**everybody, "name": "Everybody"})
    assert profiles_in(Audience.objects.get(name="Everybody")).count() == 3
    taken = select(client, {**everybody, "name": "Everybody"}).content.decode()
    assert "Choose another name" in taken


def as_role(client, role):
    for app in ("campaigns", "profiles"):
        sync(app)
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user)


def test_a_viewer_looks_and_changes_nothing(client, people, guests):
    as_role(client, "viewer")
    assert client.get(address("members", guests.pk)).status_code == 200
    assert check(client, "{}")["count"]["number"] == 3
    for refused in (
        client.post(address("members", guests.pk), {"people": ADA}),
        client.post(address("remove", guests.pk), {"member": []}),
        client.post(address("copy", guests.pk)),
        client.get(address("add")),
    ):
        assert refused.status_code == 403
    select(client, {"_selected_action": [str(people[0].pk)], "choose_list": "1", "name": "Mine"})
    assert Audience.objects.count() == 1


def test_who_may_see_no_audiences_gets_no_page(client, guests):
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    for page in (address("members", guests.pk), address("consent", guests.pk), address("vocabulary")):
        assert client.get(page).status_code == 403
