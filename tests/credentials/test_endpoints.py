from __future__ import annotations

import pytest
from django.db import connection

from credentials.endpoints import create_endpoint, find, rotate, set_enabled, url_of
from credentials.pausing import pause, resume
from tests.credentials.conftest import make_credential

pytestmark = pytest.mark.django_db


def test_an_endpoint_is_found_by_its_token_and_nothing_else() -> None:
    endpoint = create_endpoint(credential=make_credential())
    assert find(endpoint.token) == endpoint
    assert url_of(endpoint) == f"https://sms.example.com/hooks/{endpoint.token}/"
    for wrong in ("", "x", endpoint.token[:-1], endpoint.token.swapcase(), "a" * 500, "é\ud800"):
        assert find(wrong) is None


def test_the_token_is_unguessable_and_sealed() -> None:
    credential = make_credential()
    endpoints = [create_endpoint(credential=credential) for _ in range(3)]
    assert len({endpoint.token for endpoint in endpoints}) == 3
    assert all(len(endpoint.token) >= 43 for endpoint in endpoints)
    with connection.cursor() as cursor:
        cursor.execute("SELECT token, token_digest FROM credentials_callbackendpoint")
        stored = str(cursor.fetchall())
    assert not [endpoint for endpoint in endpoints if endpoint.token in stored]


def test_after_rotation_only_the_new_url_works() -> None:
    endpoint = create_endpoint(credential=make_credential())
    old = endpoint.token
    rotate(endpoint=endpoint)
    assert find(old) is None
    assert find(endpoint.token) == endpoint
    assert endpoint.rotated_at


def test_a_switched_off_endpoint_is_unknown() -> None:
    endpoint = create_endpoint(credential=make_credential())
    set_enabled(endpoint=endpoint, enabled=False)
    assert find(endpoint.token) is None
    set_enabled(endpoint=endpoint, enabled=True)
    assert find(endpoint.token) == endpoint


def test_finding_takes_one_query(django_assert_num_queries: object) -> None:
    endpoint = create_endpoint(credential=make_credential())
    with django_assert_num_queries(1):  # type: ignore[operator]
        found = find(endpoint.token)
        assert found is not None
        assert found.credential.name


def test_pausing_is_done_once_and_keeps_the_first_reason() -> None:
    credential = make_credential()
    assert pause(credential_id=credential.pk, reason="Key refused")
    assert not pause(credential_id=credential.pk, reason="Again")
    revision = credential.revision
    credential.refresh_from_db()
    assert (credential.paused_reason, credential.revision) == ("Key refused", revision)
    assert resume(credential=credential)
    assert not resume(credential=credential)
    credential.refresh_from_db()
    assert (credential.paused_at, credential.paused_reason) == (None, "")
