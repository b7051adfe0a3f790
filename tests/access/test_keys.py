from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core.serializers import serialize

from access.keys import issue_key, revoke_key, verify_key
from access.models import ApiKey
from core.clock import now
from core.errors import ApiKeyInvalid, RequestInvalid

pytestmark = pytest.mark.django_db


def test_a_key_is_recognised_and_its_secret_is_stored_nowhere():
    key, raw = issue_key(name="shop", scopes=["messages:send"])
    assert raw.startswith(f"sgw_{key.prefix}_")
    assert verify_key(raw) == key
    assert raw.rpartition("_")[2] not in serialize("json", [key])


@pytest.mark.parametrize("raw", ["", "sgw_", "sgw_aaaaaaaa_bb", "Basic x", "sgw_" + "a" * 500, "sgw_é_😀"])
def test_an_unknown_key_is_refused(raw):
    with pytest.raises(ApiKeyInvalid):
        verify_key(raw)


def test_one_changed_character_is_refused():
    _, raw = issue_key(name="shop", scopes=["messages:send"])
    with pytest.raises(ApiKeyInvalid):
        verify_key(raw[:-1] + ("a" if raw[-1] != "a" else "b"))


def test_a_key_works_until_it_expires():
    key, raw = issue_key(name="shop", scopes=["messages:send"], expires_at=now() + timedelta(hours=1))
    assert verify_key(raw) == key
    with time_machine.travel(now() + timedelta(hours=2)), pytest.raises(ApiKeyInvalid, match="expired"):
        verify_key(raw)


def test_a_revoked_key_is_refused_and_keeps_its_first_revocation():
    key, raw = issue_key(name="shop", scopes=["messages:send"])
    revoke_key(key=key)
    first = key.revoked_at
    revoke_key(key=ApiKey.objects.get(pk=key.pk))
    assert ApiKey.objects.get(pk=key.pk).revoked_at == first
    with pytest.raises(ApiKeyInvalid, match="revoked"):
        verify_key(raw)


@pytest.mark.parametrize("scopes", [[], ["messages:delete"], ["messages:send", "everything"]])
def test_a_key_needs_known_scopes(scopes):
    with pytest.raises(RequestInvalid):
        issue_key(name="shop", scopes=scopes)


def test_last_use_is_written_at_most_once_a_minute(django_assert_num_queries):
    key, raw = issue_key(name="shop", scopes=["messages:send"])
    with django_assert_num_queries(2):
        verify_key(raw)
    with django_assert_num_queries(0):
        verify_key(raw)
    first = ApiKey.objects.get(pk=key.pk).last_used_at
    with time_machine.travel(now() + timedelta(seconds=61)):
        verify_key(raw)
    assert ApiKey.objects.get(pk=key.pk).last_used_at > first
