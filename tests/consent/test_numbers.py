from __future__ import annotations

import json
import subprocess
import sys

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse

from access.models import AuditEntry
from access.roles import sync
from consent import erasing, evidence_check, ledger
from consent.evidence import pack_of
from consent.models import ConsentEvent, ConsentSubject
from consent.standing import answers
from consent.timeline import timeline

pytestmark = pytest.mark.django_db
ADA, BOB = "+14155550123", "+491711234567"
FIND = "admin:consent_find"


def signed_in(client, role="consent officer"):
    for app in ("consent", "webhooks", "messaging"):
        sync(app)
    user = User.objects.create_user("olga", password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    return user


@pytest.fixture
def officer(client):
    return signed_in(client)


def story(msisdn=ADA):
    ledger.record(
        msisdn=msisdn, kind="opt_in", source="web", purpose="marketing",
        evidence={"url": "https://a.example/form", "ip": "192.0.2.7"},
    )  # fmt: skip
    return ledger.record(
        msisdn=msisdn,
        kind="opt_out",
        source="keyword",
        keyword="STOP",
        text="Stop <b>now</b>",
        rule_version="2/whole",
    ).subject


def test_a_number_in_any_form_opens_its_page_and_stands_in_no_address(client, officer):
    story()
    answer = client.post(reverse(FIND), {"number": "(415) 555-0123"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Opted out of everything" in page
    assert "No: the person has opted out." in page
    assert page.index("Opted out</strong>") < page.index("Opted in</strong>")
    assert "All senders, marketing: <span>opted in</span>" in page
    assert "Stop &lt;b&gt;now&lt;/b&gt;" in page
    assert "https://a.example/form" in page
    assert "Verified" in page
    urls = page.split('href="')[1:] + page.split('action="')[1:]
    assert not [url for url in urls if "4155550123" in url.partition('"')[0]]


@pytest.mark.parametrize("typed", ["+49 171 1234567", "abc", "", "1" * 100])
def test_what_is_not_on_record_or_no_number_is_said(client, officer, typed):
    story()
    answer = client.post(reverse(FIND), {"number": typed}, follow=True)
    page = answer.content.decode()
    assert ("Nothing on record for +491711234567" in page) == typed.startswith("+49")
    assert ("not a phone number" in page) != typed.startswith("+49")
    assert ConsentSubject.objects.count() == 1


def test_before_and_after_follow_the_events():
    steps = timeline(story())
    assert [(step.before, step.after) for step in steps] == [
        ("Opted in to marketing", "Opted out of everything"),
        ("Nothing on record", "Opted in to marketing"),
    ]


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([], {"Marketing": (False, ""), "Transactional": (True, ""), "One-time codes": (True, "")}),
        ([("opt_in", "all", "marketing")], {"Marketing": (True, "")}),
        ([("opt_out", "all", "marketing")], {"Marketing": (False, ""), "Transactional": (True, "")}),
        (
            [("opt_in", "all", "all"), ("opt_out", "sender:+15005550006", "all")],
            {"Marketing": (True, "")},
        ),
    ],
)
def test_what_may_be_sent_is_said_by_purpose(events, told):
    for kind, scope, purpose in events:
        subject = ledger.record(msisdn=ADA, kind=kind, scope=scope, purpose=purpose, source="keyword").subject
    states = ledger.standing_for([subject.pk])[subject.pk] if events else ()
    found = answers(states)
    general = {answer.purpose: (answer.allowed, answer.sender) for answer in found if not answer.sender}
    assert told.items() <= general.items()
    differing = [answer for answer in found if answer.sender]
    assert [answer.sender for answer in differing if answer.purpose == "Marketing"] == (
        ["Sender +15005550006"] if len(events) == 2 else []
    )


def evidence(client, subject, **values):
    return client.post(reverse("admin:consent_evidence", args=[subject.pk]), values)


def test_the_evidence_page_holds_the_events_and_is_audited(client, officer):
    subject = story()
    page = evidence(client, subject).content.decode()
    assert "Record of consent" in page
    assert page.count('class="event"') == 2
    assert subject.events.last().hash in page
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.changes["events"]) == ("olga", "printed evidence", 2)
    assert ADA not in entry.object_repr + json.dumps(entry.changes)


def packed(client, subject):
    return json.loads(evidence(client, subject, **{"as": "json"}).content)


def checked(pack, tmp_path):
    """As an outsider does it: the file alone, in a Python without any of our packages."""
    path = tmp_path / "evidence.json"
    path.write_text(json.dumps(pack), encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-I", "-S", evidence_check.__file__, str(path)], capture_output=True, text=True
    )
    return run.returncode, run.stdout


def test_an_outsider_can_check_the_pack(client, officer, tmp_path):
    subject = story()
    pack = packed(client, subject)
    assert evidence_check.problems_in(pack) == []
    assert pack["events"][1]["said"]["text"] == "Stop <b>now</b>"
    code, output = checked(pack, tmp_path)
    assert (code, output.split(",")[0]) == (0, "OK: 2 events")


@pytest.mark.parametrize(
    "forge",
    [
        lambda pack: pack["events"][1]["hashed"].update(kind="opt_in"),
        lambda pack: pack["events"][1]["hashed"].update(occurred_at="2020-01-01T00:00:00.000000+00:00"),
        lambda pack: pack["events"].pop(),
        lambda pack: pack["events"].pop(0),
        lambda pack: pack["events"].reverse(),
        lambda pack: pack["events"][1]["hashed"].update(evidence=pack["events"][0]["hashed"]["evidence"]),
        lambda pack: pack.update(subject="0" * 64),
    ],
)
def test_a_forged_pack_is_found_out(client, officer, tmp_path, forge):
    pack = packed(client, story())
    forge(pack)
    assert evidence_check.problems_in(pack) != []
    assert checked(pack, tmp_path)[0] == 1


def test_other_words_than_the_sealed_ones_are_found_out(client, officer):
    pack = packed(client, story())
    pack["events"][1]["said"]["text"] = "go on"
    assert evidence_check.problems_in(pack) == ["Event 2: it says something else than is sealed."]


def test_tampering_in_the_database_shows_on_the_page_and_in_the_pack(client, officer):
    subject = story()
    ConsentSubject.objects.filter(pk=subject.pk).update(head_hash="0" * 64)
    page = client.get(reverse("admin:consent_consentsubject_change", args=[subject.pk])).content.decode()
    assert "The record does not verify." in page
    pack = packed(client, subject)
    assert pack["chain"]["problems"]
    assert evidence_check.problems_in(pack)


def test_after_an_erasure_the_proof_is_shown_to_one_who_brings_the_number(client, officer):
    subject = story()
    erasing.erase(msisdn=ADA, actor="olga", reason="asked")
    listed = client.get(reverse("admin:consent_consentsubject_change", args=[subject.pk])).content.decode()
    assert ADA not in listed
    assert "Erased number" in listed
    found = client.post(reverse(FIND), {"number": ADA}).content.decode()
    assert "had their record erased" in found
    page = evidence(client, subject, number="415 555 0123").content.decode()
    assert ADA in page
    assert "erased at the person" in page
    assert ADA not in evidence(client, subject, number=BOB).content.decode()
    assert BOB not in evidence(client, subject, number=BOB).content.decode()
    pack = pack_of(ConsentSubject.objects.get(pk=subject.pk), number=ADA, made_by="x")
    assert evidence_check.problems_in(json.loads(json.dumps(pack))) == []


@pytest.mark.parametrize("what", ["states", "events"])
def test_exports_are_audited_and_hold_no_formula(client, officer, what):
    story()
    ledger.record(
        msisdn=BOB,
        kind="opt_out",
        source="staff",
        purpose="marketing",
        reason="=HYPERLINK(1)",
        text="+1+1",
        actor="@x",
    )
    answer = client.post(reverse("admin:consent_export"), {"what": what})
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == (3 if what == "states" else 4)  # the wide opt-out left no choice in the narrow cell
    assert any(line.startswith(f"{ADA},") for line in lines)
    assert not [line for line in lines for cell in line.split(",") if cell[:1] in "=@" and cell]
    if what == "events":
        assert any("'=HYPERLINK(1)" in line and ",'+1+1," in line for line in lines)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.changes["what"]) == ("exported consent", what)


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        ({"kind": "out"}, 1), ({"kind": "in"}, 1), ({"source": "web"}, 1), ({"purpose": "marketing"}, 1),
        ({"scope": "sender:+1"}, 0), ({"since": "2100-01-01"}, 0), ({"until": "2000-01-01"}, 0),
    ],
)  # fmt: skip
def test_events_are_exported_by_filter(client, officer, chosen, count):
    story()
    answer = client.post(reverse("admin:consent_export"), {"what": "events", **chosen})
    assert len(b"".join(answer.streaming_content).decode().splitlines()) == 1 + count


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        ("viewer", (403, 403, 403, 403)),
        ("author", (403, 403, 403, 403)),
        ("operator", (200, 200, 403, 403)),
        ("consent officer", (200, 200, 200, 200)),
        ("admin", (200, 200, 200, 200)),
    ],
)
def test_each_role_may_what_it_needs(client, role, statuses):
    subject = story()
    signed_in(client, role)
    found = (
        client.post(reverse(FIND), {"number": ADA}).status_code,
        evidence(client, subject).status_code,
        client.get(reverse("admin:consent_export")).status_code,
        client.post(reverse("admin:messaging_consent_change"), {"number": ADA}).status_code,
    )
    assert found == statuses


@pytest.mark.parametrize("name", [FIND, "admin:messaging_consent_change"])
def test_pages_that_take_a_number_take_no_get(client, officer, name):
    assert client.get(reverse(name)).status_code == 405


def test_many_numbers_cost_a_fixed_number_of_queries(client, officer, django_assert_max_num_queries):
    for n in range(30):
        ledger.record(msisdn=f"+1415556{n:04d}", kind="opt_out", source="keyword")
    with django_assert_max_num_queries(18):
        page = client.get(reverse("admin:consent_consentsubject_changelist")).content.decode()
    assert page.count("Opted out of everything") == 30
    assert ConsentEvent.objects.count() == 30
