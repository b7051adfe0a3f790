from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from consent import checkpoints, disclosures, ledger, reviews, verifying
from consent.models import Checkpoint, ConsentEvent, ConsentState, ConsentSubject
from consent.triggers import TRIGGERS
from core import triggers

pytestmark = pytest.mark.django_db
ADA, BOB, EVE = "+14155550123", "+14155550124", "+14155550125"


@pytest.fixture
def record():
    """Three people with histories, a disclosure, a pause, and a checkpoint over it all."""
    shown = disclosures.publish(slug="newsletter", text="Up to 4 messages a month. Reply STOP to end.")
    ledger.record(msisdn=ADA, kind="opt_in", source="web", disclosure=shown, evidence={"ip": "203.0.113.9"})
    ledger.record(msisdn=ADA, kind="opt_out", source="keyword", text="STOP")
    ledger.record(msisdn=ADA, kind="help", source="keyword", text="HELP")
    ledger.record(msisdn=BOB, kind="opt_out", source="keyword", text="STOP")
    reviews.open_review(msisdn=EVE, kind="free_words", text="no more", rule_version="2")
    checkpoints.make_checkpoint()
    return {msisdn: ledger.subjects_for([msisdn])[msisdn] for msisdn in (ADA, BOB, EVE)}


@pytest.fixture
def unprotected(record):
    """The same, after somebody dropped the triggers; put back before anything is verified."""
    triggers.remove(connection, TRIGGERS)
    return record


def execute(sql, *values):
    with connection.cursor() as cursor:
        for statement in sql.split(";"):
            cursor.execute(statement, values if "%s" in statement else None)


def verify(*args):
    out = StringIO()
    try:
        call_command("verify_consent", *args, stdout=out, stderr=StringIO())
    except CommandError as error:
        return error.returncode, out.getvalue() + str(error)
    return 0, out.getvalue()


def test_an_untouched_record_holds_and_names_its_newest_seal(record):
    code, said = verify()
    assert code == 0
    assert said == (
        "The consent record holds: 3 subjects, chains and states checked. "
        f"Newest checkpoint: {Checkpoint.objects.get().seal}\n"
    )


EVENT = "consent_consentevent"
OF_ADA = "subject_id = (SELECT MIN(id) FROM consent_consentsubject)"


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (f"UPDATE {EVENT} SET kind = 'opt_in' WHERE kind = 'opt_out'", "Event 2 was changed"),
        (f"UPDATE {EVENT} SET evidence = 'AAAA' WHERE {OF_ADA} AND sequence = 1", "Event 1 was changed"),
        (f"UPDATE {EVENT} SET decision = 'opt_out' WHERE {OF_ADA} AND sequence = 2", "Event 2 was changed"),
        (f"UPDATE {EVENT} SET policy_version = 'x' WHERE {OF_ADA} AND sequence = 2", "Event 2 was changed"),
        (f"UPDATE {EVENT} SET time_proven = NOT time_proven WHERE {OF_ADA}", "Event 1 was changed"),
        (f"UPDATE {EVENT} SET disclosure_id = NULL WHERE {OF_ADA}", "Event 1 was changed"),
        (f"UPDATE {EVENT} SET format = 1 WHERE {OF_ADA} AND sequence = 2", "Event 2 was changed"),
        (f"UPDATE {EVENT} SET format = 9 WHERE {OF_ADA} AND sequence = 2", "Event 2 was changed"),
        (
            f"DELETE FROM consent_consentstate; DELETE FROM {EVENT} WHERE {OF_ADA} AND sequence = 2",
            "Event 2 is missing",
        ),
        (f"DELETE FROM {EVENT} WHERE {OF_ADA} AND sequence = 3", "newest event should be number 3"),
        (
            f"UPDATE {EVENT} SET sequence = 9 WHERE {OF_ADA} AND sequence = 2;"
            f"UPDATE {EVENT} SET sequence = 2 WHERE {OF_ADA} AND sequence = 3;"
            f"UPDATE {EVENT} SET sequence = 3 WHERE {OF_ADA} AND sequence = 9",
            "does not join the event before it",
        ),
        ("UPDATE consent_consentsubject SET last_sequence = 2 WHERE last_sequence = 3", "newest event should be"),
        ("UPDATE consent_consentsubject SET head_hash = 'x' WHERE last_sequence = 3", "newest event should be"),
        ("UPDATE consent_consentsubject SET number_hash = 'x' WHERE last_sequence = 3", "was changed"),
        (
            "UPDATE consent_consentsubject SET touched_at = '2020-01-01 00:00:00+00:00' WHERE last_sequence = 3",
            "subject's row was changed",
        ),
        ("UPDATE consent_consentstate SET state = 'in' WHERE state = 'out'", 'all/all is "in" by keyword'),
        ("UPDATE consent_consentstate SET source = 'staff' WHERE state = 'out'", "its events make it"),
        ("UPDATE consent_consentstate SET paused_at = NULL", "its events make it"),
        ("UPDATE consent_consentstate SET out_at = NULL", "its events make it"),
        ("DELETE FROM consent_consentstate WHERE state = 'out'", "all/all is not there"),
        (
            "INSERT INTO consent_consentstate (subject_id, scope, purpose, state, source, event_id, changed_at) "
            "SELECT subject_id, 'sender:+1', 'all', 'in', 'staff', event_id, changed_at FROM consent_consentstate "
            "WHERE state = 'out'",
            "its events make it not there",
        ),
        ("UPDATE consent_disclosuretext SET text = 'Unlimited messages.'", "disclosure text newsletter, version 1"),
        ("UPDATE consent_checkpoint SET events = 4", "was changed after it was made"),
        ("UPDATE consent_checkpoint SET through_id = through_id + 100", "was changed after it was made"),
    ],
)  # fmt: skip
def test_every_kind_of_tampering_is_found_and_told(unprotected, sql, words):
    execute(sql)
    triggers.install(connection, TRIGGERS)
    code, said = verify()
    assert code == 1
    assert words in said
    assert "The consent record does not hold:" in said


def test_an_inserted_event_shows(unprotected):
    columns = [field.column for field in ConsentEvent._meta.concrete_fields if field.column != "id"]
    values = ", ".join("sequence + 3" if column == "sequence" else column for column in columns)
    execute(
        f"INSERT INTO {EVENT} ({', '.join(columns)}) SELECT {values} FROM {EVENT} WHERE {OF_ADA} AND sequence = 1"
    )
    code, said = verify()
    assert code == 1
    assert "Event 4 was changed" in said


def test_an_event_with_a_well_made_hash_still_does_not_fit_the_checkpoint(unprotected):
    """Somebody who knows how the chain is made rewrites a whole history; the key of the checkpoint is not in reach."""
    from consent.chain import hash_of

    events = list(ConsentEvent.objects.filter(subject_id=unprotected[BOB]))
    for event in events:
        event.keyword = "forged"
        event.hash = hash_of(event, number_hash=ConsentSubject.objects.get(pk=unprotected[BOB]).number_hash)
        execute(f"UPDATE {EVENT} SET keyword = 'forged', hash = %s WHERE id = {event.pk}", event.hash)
    execute(
        "UPDATE consent_consentsubject SET head_hash = %s WHERE id = " + str(unprotected[BOB]),
        events[-1].hash,
    )
    assert ledger.verify_chain(unprotected[BOB]) == []
    triggers.install(connection, TRIGGERS)
    code, said = verify()
    assert code == 1
    assert "sealed other events" in said


def test_a_tail_cut_off_together_with_its_head_is_found_by_the_checkpoint(unprotected):
    execute(f"DELETE FROM {EVENT} WHERE {OF_ADA} AND sequence = 3")
    second = ConsentEvent.objects.get(subject_id=unprotected[ADA], sequence=2)
    ConsentSubject.objects.filter(pk=unprotected[ADA]).update(
        last_sequence=2, head_hash=second.hash, touched_at=second.received_at
    )
    assert ledger.verify_chain(unprotected[ADA]) == []
    triggers.install(connection, TRIGGERS)
    code, said = verify()
    assert code == 1
    assert "sealed 5 events; there are 4 now" in said


def test_a_person_removed_without_a_trace_is_found_by_the_checkpoint(unprotected):
    subject = unprotected[BOB]
    for table, column in (
        ("consent_consentstate", "subject_id"),
        (EVENT, "subject_id"),
        ("consent_subjectkey", "subject_id"),
        ("consent_consentsubject", "id"),
    ):
        execute(f"DELETE FROM {table} WHERE {column} = {subject}")
    triggers.install(connection, TRIGGERS)
    code, said = verify()
    assert code == 1
    assert "sealed 5 events; there are 4 now" in said


def test_removed_checkpoints_are_found_by_a_seal_that_was_noted(unprotected):
    noted = Checkpoint.objects.get().seal
    assert verify("--anchor", noted)[0] == 1  # its triggers are gone
    triggers.install(connection, TRIGGERS)
    assert verify("--anchor", noted)[0] == 0
    triggers.remove(connection, TRIGGERS)
    execute("DELETE FROM consent_checkpoint")
    triggers.install(connection, TRIGGERS)
    assert verify()[0] == 0
    code, said = verify("--anchor", noted)
    assert code == 1
    assert "No checkpoint has the seal" in said


def test_a_checkpoint_taken_out_of_the_middle_shows(record):
    for _ in range(2):
        ledger.record(msisdn=ADA, kind="help", source="keyword")
        assert checkpoints.make_checkpoint() is not None
    triggers.remove(connection, TRIGGERS)
    middle = Checkpoint.objects.order_by("id")[1]
    execute(f"DELETE FROM consent_checkpoint WHERE id = {middle.pk}")
    triggers.install(connection, TRIGGERS)
    code, said = verify()
    assert code == 1
    assert "one is missing" in said


@pytest.mark.parametrize("trigger", TRIGGERS, ids=lambda trigger: trigger.name)
def test_a_missing_trigger_is_named(record, trigger):
    statements = trigger.sqlite if connection.vendor == "sqlite" else trigger.postgresql
    triggers.remove(connection, [trigger])
    code, said = verify()
    assert (code, trigger.name in said) == ((1, True) if statements else (0, False))


def test_one_number_is_verified_alone_in_any_form(unprotected):
    execute(f"UPDATE {EVENT} SET keyword = 'x' WHERE subject_id = {unprotected[BOB]}")
    assert verify("--number", "(415) 555-0123")[0] == 0
    code, said = verify("--number", BOB)
    assert code == 1
    assert f"Subject {unprotected[BOB]}: Event 1 was changed" in said


@pytest.mark.parametrize("number", ["+14155559999", "nonsense"])
def test_a_number_nobody_knows_is_said_to_be_so(record, number):
    assert verify("--number", number)[0] == 2


def test_recompute_compares_states_only_and_repair_writes_them_anew(record):
    before = list(ConsentState.objects.order_by("subject_id", "scope").values())
    assert verify("--recompute")[0] == 0
    ConsentState.objects.filter(state="out").update(state="in")
    assert verify("--recompute")[0] == 1
    code, said = verify("--recompute", "--repair")
    assert code == 1
    assert "written anew" in said
    assert verify("--recompute")[0] == 0
    after = list(ConsentState.objects.order_by("subject_id", "scope").values())
    assert [row | {"id": 0} for row in after] == [row | {"id": 0} for row in before]


def test_a_state_is_not_repaired_from_events_that_do_not_hold(unprotected):
    execute(f"UPDATE {EVENT} SET kind = 'opt_in' WHERE {OF_ADA} AND sequence = 2")
    code, said = verify("--recompute", "--repair")
    assert code == 1
    assert "written anew" not in said


def test_repair_needs_recompute(record):
    assert verify("--repair")[0] == 2


def test_memory_and_queries_are_bound_by_the_batch(record, monkeypatch):
    for last in range(20):
        ledger.record(msisdn=f"+1415556{last:04}", kind="opt_out", source="keyword")
    monkeypatch.setattr(verifying, "_BATCH", 5)
    heard = []
    assert list(verifying.subject_findings(progress=heard.append)) == []
    assert heard == [5, 10, 15, 20, 23, 23]


def test_an_event_of_the_first_format_still_verifies_and_takes_no_new_columns(record):
    from consent.chain import hash_of

    triggers.remove(connection, TRIGGERS)
    event = ConsentEvent.objects.get(subject_id=record[BOB])
    event.format = 1
    first = hash_of(event, number_hash=ConsentSubject.objects.get(pk=record[BOB]).number_hash)
    execute(f"UPDATE {EVENT} SET format = 1, hash = %s WHERE id = {event.pk}", first)
    execute(f"UPDATE consent_consentsubject SET head_hash = %s WHERE id = {record[BOB]}", first)
    assert ledger.verify_chain(record[BOB]) == []
    execute(f"UPDATE {EVENT} SET decision = 'opt_out' WHERE id = {event.pk}")
    assert ledger.verify_chain(record[BOB]) != []


def test_a_checkpoint_is_made_only_when_something_happened(record):
    assert checkpoints.make_checkpoint() is None
    ledger.record(msisdn=ADA, kind="help", source="keyword")
    made = checkpoints.make_checkpoint()
    assert (made.events, made.previous_seal) == (1, Checkpoint.objects.order_by("id").first().seal)
    assert checkpoints.make_checkpoint() is None


def test_many_events_are_sealed_in_bounded_steps(record, monkeypatch):
    monkeypatch.setattr(checkpoints, "_MOST_AT_ONCE", 2)
    for last in range(5):
        ledger.record(msisdn=f"+1415556{last:04}", kind="opt_out", source="keyword")
    assert [checkpoints.make_checkpoint().events for _ in range(3)] == [2, 2, 1]
    assert verify()[0] == 0
