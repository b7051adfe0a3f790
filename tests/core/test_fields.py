from __future__ import annotations

import base64
import pickle
import uuid
from typing import Any

import pytest
from django.core import serializers
from django.core.exceptions import FieldError
from django.db import connection, models, transaction
from pytest_django.fixtures import Settings

from core.errors import SecretUnreadable
from core.fields import EncryptedTextField
from core.ids import uuid7

pytestmark = pytest.mark.django_db


class Vault(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7)
    name = models.CharField(max_length=20)
    token = EncryptedTextField(blank=True)
    other = EncryptedTextField(null=True)

    class Meta:
        app_label = "core_tests"

    def __str__(self) -> str:
        return self.name


class VaultByName(Vault):
    class Meta:
        app_label = "core_tests"
        proxy = True

    def __str__(self) -> str:
        return self.name


@pytest.fixture(autouse=True)
def _table(db: None) -> None:
    kind = "char(32)" if _is_plain() else "uuid"
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE {Vault._meta.db_table} "
            f"(id {kind} PRIMARY KEY, name varchar(20) NOT NULL, token text NOT NULL, other text)"
        )


def _is_plain() -> bool:
    return connection.vendor == "sqlite"


def stored(vault: Vault, column: str = "token") -> str:
    return str(raw_rows(column)[vault.pk])


def raw_rows(column: str) -> dict[uuid.UUID, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, {column} FROM {Vault._meta.db_table}")
        return {uuid.UUID(str(pk)): value for pk, value in cursor.fetchall()}


def overwrite(vault: Vault, column: str, value: str) -> None:
    pk = vault.pk.hex if _is_plain() else vault.pk
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {Vault._meta.db_table} SET {column} = %s WHERE id = %s", [value, pk])


def test_the_database_holds_ciphertext_and_python_the_text() -> None:
    vault = Vault.objects.create(name="a", token="s3cret ü\n", other=None)

    assert stored(vault).startswith("v1:t1:")
    assert "s3cret" not in stored(vault)
    assert vault.token == "s3cret ü\n"
    loaded = Vault.objects.get(pk=vault.pk)
    assert (loaded.token, loaded.other) == ("s3cret ü\n", None)


def test_blank_stays_blank() -> None:
    vault = Vault.objects.create(name="a", token="")

    assert stored(vault) == ""
    assert Vault.objects.get().token == ""


def test_ciphertext_moved_to_another_row_or_field_does_not_open() -> None:
    first = Vault.objects.create(name="a", token="first", other="other")
    second = Vault.objects.create(name="b", token="second", other="other")

    overwrite(second, "token", stored(first))
    overwrite(first, "token", stored(first, "other"))

    for vault in Vault.objects.all():
        with pytest.raises(SecretUnreadable):
            _ = vault.token
        assert vault.other == "other"


def test_a_secret_nobody_reads_does_no_harm() -> None:
    vault = Vault.objects.create(name="a", token="x")
    overwrite(vault, "token", "v1:gone:AAAA")

    loaded = Vault.objects.get()
    loaded.name = "b"
    loaded.save()

    assert stored(vault) == "v1:gone:AAAA"


def test_unchanged_ciphertext_is_kept_byte_for_byte() -> None:
    vault = Vault.objects.create(name="a", token="x")
    before = stored(vault)

    loaded = Vault.objects.get()
    assert loaded.token == "x"
    loaded.name = "b"
    loaded.save()
    assert stored(vault) == before

    loaded.token = "y"
    loaded.save()
    assert stored(vault) != before
    assert Vault.objects.get().token == "y"


def test_old_keys_open_until_the_row_is_written_again(settings: Settings) -> None:
    vault = Vault.objects.create(name="a", token="x")
    new = base64.b64encode(bytes([9]) * 32).decode()
    settings.SMSGATEWAY_MASTER_KEYS = {**settings.SMSGATEWAY_MASTER_KEYS, "t2": new}

    loaded = Vault.objects.get()
    loaded.token = loaded.token
    loaded.save()

    assert stored(vault).startswith("v1:t2:")
    settings.SMSGATEWAY_MASTER_KEYS = {"t2": new}
    assert Vault.objects.get().token == "x"


def test_deferred_fields_load_when_read() -> None:
    vault = Vault.objects.create(name="a", token="x")

    assert Vault.objects.only("name").get().token == "x"
    assert Vault.objects.defer("token").get().token == "x"
    vault.refresh_from_db()
    assert vault.token == "x"


def test_proxies_and_text_keys_are_the_same_place() -> None:
    key = uuid.uuid4()
    Vault(id=key.hex, name="a", token="x").save()

    assert Vault.objects.get().token == "x"
    assert VaultByName.objects.get(pk=str(key)).token == "x"


def test_bulk_create_seals() -> None:
    Vault.objects.bulk_create([Vault(name="a", token="x"), Vault(name="b", token="y")])

    assert all(value.startswith("v1:") for value in raw_rows("token").values())
    assert {vault.token for vault in Vault.objects.all()} == {"x", "y"}


def test_ways_around_the_seal_are_refused() -> None:
    vault = Vault.objects.create(name="a", token="x")
    before = stored(vault)
    vault.token = "y"

    with pytest.raises(FieldError), transaction.atomic():
        Vault.objects.update(token="y")
    with pytest.raises(FieldError), transaction.atomic():
        Vault.objects.bulk_update([vault], ["token"])
    assert stored(vault) == before


def test_a_row_without_a_key_has_no_place_for_a_secret() -> None:
    with pytest.raises(FieldError, match="primary key"):
        Vault._meta.get_field("token").place_of(Vault(pk=None, token="x"))


@pytest.mark.parametrize("lookup", ["token", "token__contains", "token__in", "token__gt", "token__length"])
def test_searching_is_refused(lookup: str) -> None:
    with pytest.raises(FieldError):
        list(Vault.objects.filter(**{lookup: "x"}))


def test_asking_for_null_is_fine() -> None:
    Vault.objects.create(name="a", token="x", other=None)

    assert Vault.objects.filter(other__isnull=True).count() == 1


def test_dumps_and_pickles_of_loaded_rows_hold_no_plain_text() -> None:
    Vault.objects.create(name="a", token="s3cret")
    loaded = Vault.objects.get()

    assert b"s3cret" not in pickle.dumps(loaded)
    assert "s3cret" not in serializers.serialize("json", [loaded])
    assert loaded.token == "s3cret"
    assert "s3cret" not in serializers.serialize("json", [loaded])
