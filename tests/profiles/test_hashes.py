from __future__ import annotations

import pytest

from consent.sealing import number_hash
from core.columns import insert_columns
from core.ids import uuid7
from profiles.entries import Entry, Key, Policy
from profiles.hashes import fill_in
from profiles.models import Profile
from profiles.tagging import set_attribute
from profiles.upserting import upsert_many

pytestmark = pytest.mark.django_db
ADA, EVE = "+14155550123", "+14155550199"


def saved():
    Profile(msisdn=ADA).save()


def made_in_bulk():
    Profile.objects.bulk_create([Profile(msisdn=ADA)])


def tagged():
    set_attribute(msisdn=ADA, name="vip", value="yes")


def imported():
    upsert_many(
        [Entry(numbers=("+14155550100",), external_id="a")], key=Key.EXTERNAL_ID, policy=Policy.UPDATE
    )
    upsert_many([Entry(numbers=(ADA,), external_id="a")], key=Key.EXTERNAL_ID, policy=Policy.UPDATE)


@pytest.mark.parametrize("write", [saved, made_in_bulk, tagged, imported], ids=lambda write: write.__name__)
def test_a_profile_holds_the_hash_the_ledger_knows_its_number_by(write):
    write()
    assert Profile.objects.get().number_hash == number_hash(ADA)


def renamed(profile):
    profile.msisdn = EVE
    profile.save()


def renamed_in_part(profile):
    profile.msisdn = EVE
    profile.save(update_fields=["msisdn"])


def updated(profile):
    Profile.objects.filter(pk=profile.pk).update(msisdn=EVE)


@pytest.mark.parametrize("change", [renamed, renamed_in_part, updated], ids=lambda change: change.__name__)
def test_a_changed_number_never_keeps_the_old_hash(change):
    change(Profile.objects.create(msisdn=ADA))
    assert Profile.objects.get().number_hash in {"", number_hash(EVE)}
    fill_in()
    assert Profile.objects.get().number_hash == number_hash(EVE)


def test_hashes_that_an_import_left_out_are_filled_in():
    moment = Profile.objects.create(msisdn=ADA).created_at
    names = ("id", "msisdn", "external_id", "attributes", "language", "time_zone", "created_at", "updated_at")
    rows = [(uuid7(), f"+4915112345{number:03}", "", "{}", "", "", moment, moment) for number in range(5)]
    insert_columns(Profile, names, rows)
    assert Profile.objects.filter(number_hash="").count() == 5
    assert fill_in() == 5
    assert fill_in() == 0
    assert all(row.number_hash == number_hash(row.msisdn) for row in Profile.objects.all())
