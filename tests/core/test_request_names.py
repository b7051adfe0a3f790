from __future__ import annotations

import logging
import re

import pytest
from django.test import Client
from structlog.contextvars import get_contextvars

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("abc-12345678", True),
        ("short", False),
        ("x" * 65, False),
        ("with blank and\ttab", False),
        ("", False),
    ],
)
def test_a_request_keeps_its_name_or_gets_one(client: Client, given: str, kept: bool) -> None:
    headers = {"X-Request-ID": given} if given else {}
    for path in ("/healthz", "/hooks/unknown/"):
        name = client.get(path, headers=headers)["X-Request-ID"]
        assert name == given if kept else re.fullmatch(r"r-[0-9a-f]{16}", name)


def test_its_log_lines_bear_it(client: Client) -> None:
    seen: list[object] = []

    class Look(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(get_contextvars().get("request"))

    handler = Look()
    logging.getLogger("django.request").addHandler(handler)
    try:
        client.get("/nowhere", headers={"X-Request-ID": "trace-0001"})
    finally:
        logging.getLogger("django.request").removeHandler(handler)
    assert seen == ["trace-0001"]
    client.get("/healthz", headers={"X-Request-ID": "trace-0002"})
    assert get_contextvars()["request"] == "trace-0002"
