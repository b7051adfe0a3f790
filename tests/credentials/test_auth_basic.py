from __future__ import annotations

import pytest

from core.errors import AuthenticationFailed
from credentials.auth.base import AuthConfig
from credentials.auth.basic import BasicAuth
from tests.credentials.vectors import final_request


def basic(username: str, password: str) -> BasicAuth:
    return BasicAuth(AuthConfig(auth_username=username, auth_password=password))


@pytest.mark.parametrize(
    ("username", "password", "expected"),
    [
        ("Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ("test", "123£", "Basic dGVzdDoxMjPCow=="),
        ("key", "", "Basic a2V5Og=="),
        ("a", ":b:", "Basic YTo6Yjo="),
    ],
)
def test_name_and_password_travel_as_rfc_7617_has_them(username: str, password: str, expected: str) -> None:
    auth = basic(username, password)
    assert auth.problems() == []
    assert auth(final_request()).headers["Authorization"] == expected


@pytest.mark.parametrize(
    ("username", "password", "field"),
    [
        ("a:b", "p", "auth_username"),
        ("a\n", "p", "auth_username"),
        ("a", "p\0", "auth_password"),
        ("a", "p\r\nX: 1", "auth_password"),
    ],
)
def test_what_basic_cannot_carry_is_refused(username: str, password: str, field: str) -> None:
    auth = basic(username, password)
    assert [problem.field for problem in auth.problems()] == [field]
    with pytest.raises(AuthenticationFailed):
        auth(final_request())
