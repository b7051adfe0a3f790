from __future__ import annotations

from typing import Any

import pytest
import responses

from core.errors import AddressRefused, AuthenticationFailed, ConnectionFailed
from credentials import connection
from credentials.auth.base import AuthConfig
from credentials.connection import ConnectionTest, Mark, Verdict
from credentials.spec import CredentialSpec, Header, RequestSpec, Variable
from tests.credentials.conftest import TOKEN_URL, URL

CHECK_URL = "https://provider.example.com/account"
OAUTH_BODY = '{"grant_type": "client_credentials", "client_id": "shop", "client_secret": "hush-client"}'


def spec(auth_type: str = "bearer", **values: Any) -> CredentialSpec:
    auth = {"api_token": "hush-token-1", **values.pop("auth", {})}
    request = RequestSpec(url=values.pop("url", URL), payload='{"to": "{{toNumber}}", "text": "{{message}}"}')
    return CredentialSpec(
        request=request, auth_type=auth_type, auth=AuthConfig(provider_url=URL, **auth), **values
    )


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every probe succeeds; the URLs that were probed."""
    probed: list[str] = []

    def probe(url: str, **options: Any) -> int:
        probed.append(url)
        return 1

    monkeypatch.setattr(connection, "probe", probe)
    return probed


def marks(test: ConnectionTest) -> dict[str, str]:
    return {step.title: step.mark.value for step in test.steps}


def test_all_steps_pass_and_no_message_is_sent(reached: list[str], wire: responses.RequestsMock) -> None:
    wire.get(CHECK_URL, json={})
    test = connection.test_connection(spec(check_url=CHECK_URL))
    assert test.verdict == Verdict.FINE
    assert marks(test) == dict.fromkeys(("Request", "Address", "Encryption", "Signing", "Keys tried"), "done")
    assert [(call.request.method, call.request.url) for call in wire.calls] == [("GET", CHECK_URL)]
    assert wire.calls[0].request.headers["Authorization"] == "Bearer hush-token-1"
    assert reached == ["http://provider.example.com:443/", URL]


def test_without_a_check_url_it_says_that_nobody_was_asked(reached: list[str]) -> None:
    test = connection.test_connection(spec())
    assert (test.verdict, test.steps[-1].mark) == (Verdict.FINE, Mark.SKIPPED)
    assert "send a test SMS" in test.steps[-1].text


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.FINE), (204, Verdict.FINE), (302, Verdict.CONFIGURATION), (400, Verdict.CONFIGURATION),
        (401, Verdict.CREDENTIAL), (403, Verdict.CREDENTIAL), (404, Verdict.CONFIGURATION),
        (405, Verdict.CONFIGURATION), (429, Verdict.TEMPORARY), (500, Verdict.TEMPORARY), (503, Verdict.TEMPORARY),
    ],
)  # fmt: skip
def test_the_answer_to_the_check_is_typed(
    reached: list[str], wire: responses.RequestsMock, status: int, verdict: Verdict
) -> None:
    wire.get(CHECK_URL, status=status)
    test = connection.test_connection(spec(check_url=CHECK_URL))
    assert test.verdict == verdict
    assert str(status) in test.steps[-1].text


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        (ConnectionFailed("No connection to provider.example.com:443: refused."), Verdict.TEMPORARY),
        (ConnectionFailed("The name provider.example.com is not known."), Verdict.CONFIGURATION),
        (AddressRefused("provider.example.com is a private address."), Verdict.CONFIGURATION),
    ],
)
def test_what_fails_before_the_keys_leaves_the_rest_untried(
    monkeypatch: pytest.MonkeyPatch, fault: Exception, verdict: Verdict
) -> None:
    def fail(url: str, **options: Any) -> int:
        raise fault

    monkeypatch.setattr(connection, "probe", fail)
    test = connection.test_connection(spec(check_url=CHECK_URL))
    assert test.verdict == verdict
    assert marks(test) == {
        "Request": "done", "Address": "failed", "Encryption": "skipped", "Signing": "skipped", "Keys tried": "skipped",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        (ConnectionFailed("The certificate of x is not trusted."), Verdict.CONFIGURATION),
        (AuthenticationFailed("The client certificate was refused."), Verdict.CREDENTIAL),
    ],
)
def test_encryption_has_a_line_of_its_own(
    monkeypatch: pytest.MonkeyPatch, fault: Exception, verdict: Verdict
) -> None:
    def fail(url: str, **options: Any) -> int:
        if url.startswith("https"):
            raise fault
        return 1

    monkeypatch.setattr(connection, "probe", fail)
    test = connection.test_connection(spec())
    assert (test.verdict, marks(test)["Encryption"]) == (verdict, "failed")


@pytest.mark.parametrize("status", [400, 415])
@pytest.mark.parametrize(("encoding", "other"), [("form", "json"), ("json", "form")])
def test_a_token_url_that_may_want_the_other_encoding_is_offered_it(
    reached: list[str], wire: responses.RequestsMock, status: int, encoding: str, other: str
) -> None:
    wire.post(TOKEN_URL, status=status, json={"error": "invalid_request"})
    auth = {"oauth_url": TOKEN_URL, "oauth_body": OAUTH_BODY, "oauth_encoding": encoding}
    test = connection.test_connection(spec("oauth", auth=auth))
    assert (test.verdict, test.other_encoding) == (Verdict.CONFIGURATION, other)
    assert {"form": "a form", "json": "JSON"}[encoding] in test.steps[
        -2 if test.steps[-1].mark == "skipped" else -1
    ].text


@pytest.mark.parametrize(
    ("status", "verdict"), [(200, Verdict.FINE), (401, Verdict.CREDENTIAL), (503, Verdict.TEMPORARY)]
)
def test_the_token_is_fetched_each_time_anew(
    reached: list[str], wire: responses.RequestsMock, status: int, verdict: Verdict
) -> None:
    wire.post(TOKEN_URL, status=status, json={"access_token": "hush-access", "expires_in": 3600})
    auth = {"key": "id:1", "oauth_url": TOKEN_URL, "oauth_body": OAUTH_BODY}
    tests = [connection.test_connection(spec("oauth", auth=auth)) for _ in range(2)]
    assert [test.verdict for test in tests] == [verdict, verdict]
    assert len(wire.calls) == 2


@pytest.mark.parametrize(
    ("values", "verdict", "step"),
    [
        ({"url": "nonsense"}, Verdict.CONFIGURATION, "Request"),
        ({"auth_type": "jwt", "auth": {"jwt_payload": "{"}}, Verdict.CREDENTIAL, "Signing"),
        ({"auth": {"client_certificate": "none", "client_key": "none"}}, Verdict.CREDENTIAL, "Client certificate"),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_named(
    reached: list[str], values: dict[str, Any], verdict: Verdict, step: str
) -> None:
    test = connection.test_connection(spec(**values))
    assert (test.verdict, marks(test)[step]) == (verdict, "failed")


def test_secrets_a_provider_repeats_are_masked(reached: list[str], wire: responses.RequestsMock) -> None:
    where = "https://provider.example.com/?t=hush-token-1&v=hush-variable&h=hush-header"
    wire.get(CHECK_URL, status=302, headers={"Location": where})
    request = RequestSpec(url=URL, payload="{}", headers=(Header("X-K", "hush-header", secret=True),))
    variables = (Variable("v", "hush-variable", secret=True),)
    test = connection.test_connection(
        CredentialSpec(
            request=request, variables=variables, check_url=CHECK_URL, auth_type="bearer",
            auth=AuthConfig(api_token="hush-token-1"),
        )
    )  # fmt: skip
    assert "leads to" in test.steps[-1].text
    assert "hush" not in repr(test)
