from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from access.models import ApiKey, IdempotencyRecord
from consent import confirming, ledger, reviews, suppression
from consent.models import ConsentEvent, SubjectKey
from core.vocabulary import Outcome, Purpose
from credentials.models import ApiCredential
from messaging import results
from messaging.accept import accept, through_channel
from messaging.claiming import claim_one
from messaging.gate import pass_gate
from messaging.models import ChannelConfiguration, ChannelStatus, Message, MessageEvent, Source
from operations import erasing
from profiles.models import Profile
from tests.messaging.conftest import result_of
from webhooks.models import (
    HeldReport,
    InboundMessage,
    InboundRequest,
    KeptSample,
    PartialMessage,
    SampleSource,
)
from webhooks.services import create_webhook

pytestmark = pytest.mark.django_db(transaction=True)
ADA, DIGITS, BOB = "+14155550123", "4155550123", "+14155550124"
SAID, SENT = "kindly forget about me", "Your parcel is at the corner shop"


@pytest.fixture
def channel(db):
    credential = ApiCredential.objects.create(
        name="Provider",
        provider_url="https://provider.example/messages",
        api_token="token-1234",
        payload='{"to": "{{toNumber}}", "content": "{{message}}"}',
    )
    return ChannelConfiguration.objects.create(
        name="shop", credential=credential, sender="+15005550006", purpose="transactional",
        default_country="US", status=ChannelStatus.ACTIVE,
    )  # fmt: skip


def send(channel, to=ADA, **values):
    return accept(
        through_channel(channel, to=to, text=SENT, source=Source.API, reference=f"order-{to[1:]}", **values),
        wake=False,
    )


@pytest.fixture
def traces(channel, client):
    """A person of whom everything is kept that the gateway ever keeps."""
    sent = send(channel)
    (passed,) = pass_gate(claim_one(sent.id))
    results.write([result_of(passed, Outcome.FAILED, code="400", detail=f"bad number {ADA}: {SENT}")])
    send(channel, to=BOB)
    webhook = create_webhook(
        credential=channel.credential, name="Shop", brand="Acme", help_contact="x@acme.test"
    )
    path = f"/hooks/{webhook.endpoint.token}/"
    for body in (
        {"type": "inbound_message", "id": "m1", "from": ADA, "to": channel.sender, "text": "STOP"},
        {"type": "inbound_message", "id": "m2", "from": ADA, "to": channel.sender, "text": SAID},
        {"type": "delivery_report", "id": "nobody", "to": ADA, "status": "delivered"},
        {"type": "delivery_report", "messageId": "p9", "to": ADA, "status": "GLORIOUS"},
    ):
        client.post(path, json.dumps(body), content_type="application/json")
    for number in (ADA, BOB):
        sample = KeptSample(webhook=webhook, source=SampleSource.PASTED)
        sample.keep_body(json.dumps({"from": number, "text": "Hello"}).encode())
        sample.save()
        PartialMessage.objects.create(
            webhook=webhook,
            key=f"long of {number[-2:]}",
            count=2,
            event=json.dumps({"number": number}),
            parts="{}",
        )
    reviews.open_review(msisdn=ADA, kind="free_words", text=SAID, rule_version="2")
    confirming.begin(msisdn=ADA, source="web", text=SAID, evidence={"ip": "203.0.113.9"})
    suppression.add(msisdn=ADA, code="other", source="staff", note=f"asked {DIGITS}")
    Profile.objects.create(msisdn=ADA, attributes={"firstName": "Adelheid"})
    key = ApiKey.objects.create(name="shop", prefix="p", digest="d")
    IdempotencyRecord.objects.create(
        api_key=key, key="k", request_digest="d", status=202, response={"to": ADA}
    )
    return webhook


def everything_readable() -> str:
    """Every row of every table, sealed values opened where their key is there."""
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        rows = []
        for name in names:
            cursor.execute(f'SELECT * FROM "{name}"')
            rows.append(str(cursor.fetchall()))
    opened = [
        f"{raw.query} {raw.raw_body!r}" for raw in (*InboundRequest.objects.all(), *KeptSample.objects.all())
    ]
    opened += [part.event for part in PartialMessage.objects.all()]
    return "\n".join(rows + opened)


def test_number_and_texts_are_gone_everywhere_and_others_stay(traces):
    before = everything_readable()
    assert DIGITS in before
    assert SENT in before
    report = erasing.erase(msisdn=ADA, actor="ada", reason="GDPR request 17")
    after = everything_readable()
    for word in (DIGITS, SAID, "Adelheid", "203.0.113.9"):
        assert word not in after
    assert report.left == 0
    assert all(report.counts[place] for place in ("messages", "profiles", "stored answers of the API"))
    bob = Message.objects.get(msisdn=BOB)
    assert (bob.text, bob.state, bob.reference) == (SENT, "queued", f"order-{BOB[1:]}")
    assert Message.objects.filter(msisdn="").exclude(text="").count() == 0
    assert InboundMessage.objects.filter(msisdn="", text="").count() == 2
    assert (KeptSample.objects.count(), PartialMessage.objects.count(), HeldReport.objects.count()) == (
        1,
        1,
        0,
    )


def test_the_database_file_holds_nothing_of_it(traces):
    if (
        connection.vendor != "sqlite"
    ):  # PostgreSQL keeps dead rows until its vacuum; what can be read is tested above
        erasing.erase(msisdn=ADA, actor="ada", reason="GDPR request 17")
        assert DIGITS not in everything_readable()
        return
    file = Path(connection.settings_dict["NAME"])
    Message.objects.filter(msisdn=BOB).update(text="Something else")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert DIGITS.encode() in file.read_bytes()
    erasing.erase(msisdn=ADA, actor="ada", reason="GDPR request 17")
    wal = file.with_name(file.name + "-wal")
    left = file.read_bytes() + (wal.read_bytes() if wal.exists() else b"")
    for word in (DIGITS, SAID, SENT, "Adelheid"):
        assert word.encode() not in left


def test_the_refusal_and_its_proof_stay(traces, channel):
    erasing.erase(msisdn=ADA, actor="ada", reason="GDPR request 17")
    shown = ledger.history(ADA)
    assert shown[0].event.kind == "erase"
    assert (shown[0].event.actor, shown[0].event.reason) == ("ada", "GDPR request 17")
    stop = next(opened for opened in shown if opened.event.kind == "opt_out")
    assert (stop.event.keyword, stop.erased, stop.text) == ("STOP", True, "")
    assert ledger.verify_chain(stop.event.subject_id) == []
    ledger.record(msisdn=ADA, kind="opt_in", source="import")
    message = send(channel)
    assert pass_gate(claim_one(message.id)) == []
    message.refresh_from_db()
    assert message.reason == "suppressed"  # the list it was on is apart from consent
    for entry in suppression.entries_for([message.subject_id])[message.subject_id]:
        suppression.lift(entry, actor="ada")
    message = send(channel)
    assert pass_gate(claim_one(message.id)) == []
    message.refresh_from_db()
    assert message.reason == "opted_out"


def test_reviews_of_an_erased_person_can_still_be_closed(traces):
    (review,) = reviews.open_reviews_of(ledger.subjects_for([ADA])[ADA])
    erasing.erase(msisdn=ADA, actor="ada", reason="GDPR request 17")
    (done,) = reviews.lapse_due()
    assert done.review.pk == review.pk
    assert not SubjectKey.objects.filter(pk=review.subject_id).exists()
    assert ledger.verify_chain(review.subject_id) == []


def test_the_person_may_come_back_by_own_words(traces):
    erasing.erase(msisdn=ADA, actor="ada", reason="GDPR request 17")
    ledger.record(msisdn=ADA, kind="opt_in", source="keyword", text="START")
    assert ledger.history(ADA)[0].text == "START"
    states = ledger.states_for(ledger.subjects_for([ADA]).values())
    assert not ledger.decide(
        next(iter(states.values())), sender="+1", purpose=Purpose.MARKETING, require_opt_in=True
    ).reason


@pytest.mark.parametrize(
    ("sets", "allowed"),
    [
        ("detail = ''", True),
        ("detail = 'other'", False),
        ("detail = '', actor = 'somebody'", False),
        ("reason = ''", False),
        ("detail = '', \"after\" = 'sent'", False),
    ],
)
def test_of_a_message_event_only_the_providers_words_can_go(traces, sets, allowed):
    event = MessageEvent.objects.exclude(detail="").first()
    sql = f"UPDATE messaging_messageevent SET {sets} WHERE id = {event.pk}"
    if allowed:
        with connection.cursor() as cursor:
            cursor.execute(sql)
        return
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


def test_the_command_erases_and_says_what_went(traces):
    out = StringIO()
    call_command(
        "erase", "(415) 555-0123", "--reason", "GDPR request 17", "--actor", "ada", "--yes", stdout=out
    )
    assert "1 profiles" in out.getvalue()
    assert DIGITS not in out.getvalue()
    assert ConsentEvent.objects.get(kind="erase").actor == "ada"


@pytest.mark.parametrize(
    ("number", "reason"),
    [("nonsense", "request"), (ADA, "request of +1 415 555 0123")],
    ids=["number", "reason"],
)
def test_the_command_refuses_what_would_stay_readable(traces, number, reason):
    with pytest.raises(CommandError):
        call_command("erase", number, "--reason", reason, "--yes")
    assert not ConsentEvent.objects.filter(kind="erase").exists()
