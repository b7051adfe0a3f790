from __future__ import annotations

import shlex
from types import SimpleNamespace
from typing import Any

import pytest

from core.secrets import MASK
from credentials.testing import TestKind, TestSendForm, curl_of, result_of

REQUEST = {
    "method": "POST",
    "url": "https://p.example.com/send?a='b'",
    "headers": {"Authorization": f"Bearer {MASK}", "X-Note": "it's"},
    "body": '{"text": "it\'s $HOME `here`"}',
}


def attempt(outcome: str, failure: str = "", **values: Any) -> Any:
    defaults = {
        "code": "", "detail": "", "http_status": 202, "judged_by": "Rule 1", "elapsed_ms": 12, "request": REQUEST,
        "response": {"status": 202},
    }  # fmt: skip
    return SimpleNamespace(outcome=outcome, failure=failure, **{**defaults, **values})


@pytest.mark.parametrize(
    ("outcome", "failure", "kind", "heading", "tone"),
    [
        ("accepted", "", TestKind.SENT, "Sent", "good"),
        ("temporary", "rate", TestKind.TEMPORARY, "Temporary", "warn"),
        ("unknown", "", TestKind.TEMPORARY, "Unclear", "warn"),
        ("failed", "auth", TestKind.CREDENTIAL, "Credential", "bad"),
        ("failed", "configuration", TestKind.CONFIGURATION, "Configuration", "bad"),
        ("failed", "invalid_number", TestKind.CONFIGURATION, "Configuration", "bad"),
        ("opted_out", "opted_out", TestKind.CONFIGURATION, "Configuration", "bad"),
    ],
)
def test_results_are_typed(outcome: str, failure: str, kind: TestKind, heading: str, tone: str) -> None:
    result = result_of(attempt(outcome, failure), SimpleNamespace(provider_id="p-1"))
    assert (result.kind, result.heading, result.tone) == (kind, heading, tone)
    assert (result.status, result.elapsed_ms, result.provider_id) == (202, 12, "p-1")
    assert result.rule == "Rule 1"
    assert result.advice


def test_a_message_stopped_before_any_request_says_why() -> None:
    result = result_of(None, SimpleNamespace(reason="opted_out", detail=""))
    assert (result.kind, result.heading) == (TestKind.CONFIGURATION, "Not sent")
    assert "opted out" in result.advice
    assert result.curl == ""


def test_the_curl_command_is_quoted_and_has_no_secret() -> None:
    command = curl_of(REQUEST)
    assert MASK not in command
    assert shlex.split(command.replace("\\\n", "")) == [
        "curl", "-X", "POST", "https://p.example.com/send?a='b'",
        "-H", "Authorization: Bearer YOUR-SECRET", "-H", "X-Note: it's",
        "--data-raw", '{"text": "it\'s $HOME `here`"}',
    ]  # fmt: skip


def test_the_form_asks_for_number_and_message() -> None:
    assert list(TestSendForm().fields) == ["number", "sender", "message"]
    assert TestSendForm({"number": "+1 415 555 0123", "message": "Hi"}).is_valid()
    assert set(TestSendForm({}).errors) == {"number", "message"}


@pytest.mark.parametrize(
    ("sender", "cleaned"),
    [("", ""), ("(415) 555-0100", "+14155550100"), ("12345", "12345"), ("ACME", "ACME"), ("x" * 40, None)],
)
def test_the_sender_of_a_test_is_cleaned_like_a_channels(sender: str, cleaned: str | None) -> None:
    form = TestSendForm({"number": "+14155550123", "message": "Hi", "sender": sender})
    assert form.is_valid() is (cleaned is not None)
    assert form.cleaned_data.get("sender") == cleaned


def test_a_request_without_a_body_has_none_in_curl() -> None:
    assert "--data" not in curl_of({**REQUEST, "method": "GET", "body": ""})
