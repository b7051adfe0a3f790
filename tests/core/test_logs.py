from __future__ import annotations

import logging

import pytest

from core.logs import MaskCallbackTokens


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Not Found: /hooks/abc-DEF_1/", "Not Found: /hooks/…/"),
        ("POST https://sms.example.com/hooks/abc/?x=1", "POST https://sms.example.com/hooks/…/?x=1"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_callback_tokens_are_masked(line: str, shown: str) -> None:
    record = logging.LogRecord("x", logging.WARNING, "", 0, "%s", (line,), None)
    assert MaskCallbackTokens().filter(record)
    assert record.getMessage() == shown
