from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from django.contrib.auth.models import Group

from access.models import ApiKey
from core.bulk import insert, insert_rows, update_rows

pytestmark = pytest.mark.django_db


def groups(*names: str) -> list[Group]:
    return [Group.objects.create(name=name) for name in names]


def test_rows_get_their_own_values() -> None:
    first, second, untouched = groups("a", "b", "c")
    assert update_rows(Group, [{"id": first.pk, "name": "A"}, {"id": second.pk, "name": "B"}]) == 2
    names = Group.objects.filter(pk__in=[first.pk, second.pk, untouched.pk]).order_by("pk")
    assert list(names.values_list("name", flat=True)) == ["A", "B", "c"]


def test_condition_leaves_others_alone() -> None:
    (group,) = groups("a")
    assert update_rows(Group, [{"id": group.pk, "name": "A"}], where="t.name = 'b'") == 0
    group.refresh_from_db()
    assert group.name == "a"


def test_key_of_two_fields_matches_both() -> None:
    key = ApiKey(name="shop", digest="d", scopes=["send"])
    insert(key)
    rows = [{"name": "shop", "digest": digest, "scopes": ["read"]} for digest in ("d", "e")]
    assert update_rows(ApiKey, rows, key=("name", "digest")) == 1
    key.refresh_from_db()
    assert key.scopes == ["read"]


def test_inserted_rows_return_their_keys_in_order() -> None:
    ids = insert_rows(Group, [{"name": "x"}, {"name": "y"}], returning="id")
    assert [Group.objects.get(pk=key).name for key in ids] == ["x", "y"]


def test_fields_not_named_get_their_defaults() -> None:
    insert_rows(ApiKey, [{"name": "shop", "digest": "d"}])
    key = ApiKey.objects.get()
    assert (key.name, key.scopes, key.revoked_at, key.created_at is not None) == ("shop", [], None, True)


ODD = (
    "NULL",
    "",
    " blanks ",
    "{a,b}",
    "{}",
    ",",
    'a "quote"',
    "an 'apostrophe'",
    "back\\slash\\\\",
    "two\nlines",
    "é, 你好 🎉",
    "%s",
)


def test_values_arrive_as_they_are_however_odd() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 600_007, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    times = [None if number % 2 else moment + timedelta(days=number) for number in range(len(ODD))]
    insert_rows(
        ApiKey,
        [
            {"name": text, "digest": f"d{number}", "revoked_at": time}
            for number, (text, time) in enumerate(zip(ODD, times, strict=True))
        ],
    )
    stored = ApiKey.objects.order_by("id")
    assert list(stored.values_list("name", "revoked_at")) == list(zip(ODD, times, strict=True))
    keys = list(stored.values_list("id", flat=True))
    turned = [{"id": key, "name": text} for key, text in zip(keys, reversed(ODD), strict=True)]
    assert update_rows(ApiKey, turned) == len(ODD)
    assert list(stored.values_list("name", flat=True)) == list(reversed(ODD))


def test_instance_is_inserted_as_save_would(db: None) -> None:
    from credentials.models import ApiCredential

    credential = ApiCredential(
        name="P", provider_url="https://p.example.com", api_token="secret", payload="{}"
    )
    insert(credential)
    assert ApiCredential.objects.get().api_token == "secret"
    assert not credential._state.adding
    stored = ApiCredential.objects.values_list("api_token", flat=True)[0]
    assert str.__str__(stored).startswith("v1:")


def test_unknown_field_is_refused() -> None:
    with pytest.raises(ValueError, match="colour"):
        insert_rows(Group, [{"name": "x", "colour": "red"}])


def test_nothing_to_do_costs_nothing(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert update_rows(Group, []) == 0
        assert insert_rows(Group, []) == []
