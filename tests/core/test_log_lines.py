"""No line, in whatever way it is written, holds a number, a token or a text."""

from __future__ import annotations

import json
import logging
import logging.config
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
from django.db import DatabaseError

from core.errors import ConfigurationInvalid
from core.logs import about, bound, formatter
from core.logs.masking import words
from tests.operations.processes import ROOT, environment

NUMBER = "+14155550101"
TOKEN = "whk-5f0c9a7e41d24b"
TEXT = "Your code is 493 and the parcel is blue"
SECRETS = (NUMBER, NUMBER[1:], TOKEN, TEXT, "parcel")
QUOTED = f"cannot send {TEXT!r} to {NUMBER} with {TOKEN}"


class Lines(logging.Handler):
    """Keeps what a formatter makes of every record."""

    def __init__(self, kind: str, *, texts: bool = False) -> None:
        super().__init__()
        self.setFormatter(formatter(kind, texts=texts))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


def written(act: Callable[[logging.Logger], None], *, kind: str = "json", texts: bool = False) -> str:
    handler = Lines(kind, texts=texts)
    logger = logging.getLogger(f"tests.lines.{uuid.uuid4().hex}")
    logger.propagate, logger.handlers = False, [handler]
    logger.setLevel(logging.DEBUG)
    act(logger)
    (line,) = handler.lines
    return line


def raised(error: Exception) -> Exception:
    try:
        number, text = NUMBER, TEXT  # locals of the frame
        assert number
        assert text
        raise error
    except Exception as caught:
        return caught


def plain(logger: logging.Logger) -> None:
    logger.error("It failed", exc_info=raised(ValueError(QUOTED)))


def as_argument(logger: logging.Logger) -> None:
    logger.warning("It failed: %s", raised(ValueError(QUOTED)))


def as_repr(logger: logging.Logger) -> None:
    logger.warning("It failed: %r", raised(ValueError(QUOTED)))


def chained(logger: logging.Logger) -> None:
    try:
        try:
            raise KeyError(QUOTED)
        except KeyError as error:
            raise RuntimeError(QUOTED) from error
    except RuntimeError:
        logger.exception("Both failed")


def implicit(logger: logging.Logger) -> None:
    try:
        try:
            raise KeyError(QUOTED)
        except KeyError:
            raise RuntimeError(QUOTED)  # noqa: B904  the point of it
    except RuntimeError:
        logger.exception("Both failed")


def noted(logger: logging.Logger) -> None:
    error = ValueError(QUOTED)
    error.add_note(QUOTED)
    logger.error("It failed", exc_info=raised(error))


def grouped(logger: logging.Logger) -> None:
    logger.error("All failed", exc_info=ExceptionGroup(QUOTED, [ValueError(QUOTED)]))


def own_error(logger: logging.Logger) -> None:
    logger.error("It failed", exc_info=raised(ConfigurationInvalid(QUOTED)))


def database_error(logger: logging.Logger) -> None:
    logger.error("It failed", exc_info=raised(DatabaseError(QUOTED)))


def with_the_stack(logger: logging.Logger) -> None:
    number = NUMBER
    logger.error("Here", stack_info=True)
    assert number


def as_celery_does(logger: logging.Logger) -> None:
    error = raised(ValueError(QUOTED))
    context = {
        "name": "messaging.drain",
        "id": "1",
        "args": repr((NUMBER,)),
        "kwargs": repr({"text": TEXT}),
        "exc": repr(error),
        "traceback": f"Traceback …\nValueError: {QUOTED}",
    }
    logger.error(
        "Task %(name)s[%(id)s] raised unexpected: %(exc)s %(args)s %(kwargs)s\n%(traceback)s",
        context,
        exc_info=(type(error), error, error.__traceback__),
        extra={"data": context},
    )


def as_fields(logger: logging.Logger) -> None:
    logger.error("Sent", extra={"msisdn": NUMBER, "text": TEXT, "api_token": TOKEN, "url": f"/x?to={NUMBER}"})


def as_structlog_does(logger: logging.Logger) -> None:
    processors = [structlog.stdlib.ProcessorFormatter.wrap_for_formatter]
    log = structlog.wrap_logger(logger, processors=processors, wrapper_class=structlog.stdlib.BoundLogger)
    said = "Sent to " + NUMBER
    log.error(said, text=TEXT, token=TOKEN, exc_info=raised(ValueError(QUOTED)))


def arguments_that_do_not_fit(logger: logging.Logger) -> None:
    logger.error("%s and %s", raised(ValueError(QUOTED)))


WAYS = (
    plain, as_argument, as_repr, chained, implicit, noted, grouped, own_error, database_error, with_the_stack,
    as_celery_does, as_fields, as_structlog_does, arguments_that_do_not_fit,
)  # fmt: skip


@pytest.mark.parametrize("kind", ["json", "text"])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_an_error_never_shows_what_it_was_given(
    way: Callable[[logging.Logger], None], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = written(way, kind=kind)
    assert [secret for secret in SECRETS if secret in line] == []
    assert line.strip()


def test_an_error_still_tells_what_and_where() -> None:
    line = json.loads(written(chained))
    assert [error["kind"] for error in line["error"]] == ["RuntimeError", "KeyError"]
    assert line["error"][0]["at"][-1].startswith("tests/core/test_log_lines.py:")
    assert line["error"][0]["at"][-1].endswith(" chained")
    assert (
        json.loads(written(own_error))["error"][0]["kind"] == "ConfigurationInvalid (configuration_invalid)"
    )
    refused = json.loads(
        written(
            lambda log: log.error("x", exc_info=raised(ConnectionRefusedError(111, "Connection refused")))
        )
    )
    assert refused["error"][0]["kind"] == "ConnectionRefusedError (Connection refused)"
    assert "\n  KeyError\n    tests/core/test_log_lines.py:" in written(chained, kind="text")


def test_a_developer_sees_the_texts_without_numbers_and_secrets() -> None:
    error = raised(ValueError(f"no such field: colour, {NUMBER}, token={TOKEN}"))
    line = written(lambda log: log.error("It failed", exc_info=error), texts=True)
    assert "no such field: colour" in line
    assert NUMBER not in line
    assert TOKEN not in line


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Not Found: /hooks/abc-DEF_1/", "Not Found: /hooks/…/"),
        ("GET /optout/abcDEF123456 HTTP/1.1", "GET /optout/… HTTP/1.1"),
        (f"To {NUMBER}", "To …"),
        ("To 14155550101, again", "To …, again"),
        ("To +1 (415) 555-0101", "To …"),
        ("To 0014155550101.", "To …."),
        ("to=%2B14155550101", "to=…"),
        ("https://p.example/send?to=1&text=Hello", "https://p.example/send?…"),
        ("redis://:hunter2@redis:6379/0", "redis://…@redis:6379/0"),
        ("Authorization: Bearer abc.def", "Authorization: … …"),
        ('{"api_token": "abc def", "x": 1}', '{"api_token": …, "x": 1}'),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_…"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_", "…"),
        # What must stay readable.
        (
            "callback 01936b2a-7c3d-7abc-8def-123456789012 failed",
            "callback 01936b2a-7c3d-7abc-8def-123456789012 failed",
        ),
        ("at 2026-11-25T13:30:12.043123+00:00", "at 2026-11-25T13:30:12.043123+00:00"),
        ("HTTP 503 after 20000 ms, port 65535", "HTTP 503 after 20000 ms, port 65535"),
        ("seal 9f86d081884c7d659a2feaa0c55ad015", "seal 9f86d081884c7d659a2feaa0c55ad015"),
    ],
)
def test_shapes(said: str, shown: str) -> None:
    assert words(said) == shown


def test_numbers_that_are_counts_stay() -> None:
    line = json.loads(
        written(lambda log: log.info("Checkpoint through event %s: %s", 1234567890, "9f86d081884c7d65"))
    )
    assert line["event"] == "Checkpoint through event 1234567890: 9f86d081884c7d65"


def test_no_line_break_gets_into_a_line() -> None:
    for kind in ("json", "text"):
        assert "\n" not in written(lambda log: log.warning("a\nERROR forged: %s", "b\r\nc"), kind=kind)


def test_a_line_says_what_it_is_about() -> None:
    message = uuid.uuid4()

    @about("message", lambda *, wanted: wanted)
    def work(*, wanted: uuid.UUID) -> dict[str, Any]:
        with bound(request="r-1"):
            return json.loads(written(lambda log: log.info("Working")))

    line = work(wanted=message)
    assert (line["message"], line["request"], line["level"]) == (str(message), "r-1", "info")
    assert "message" not in json.loads(written(lambda log: log.info("Done")))


def test_celery_writes_the_same_lines(tmp_path: Path) -> None:
    script = (
        "import logging; from smsgateway.celery import app; import django; django.setup();"
        "app.log.setup(loglevel='INFO', redirect_stdouts=False);"
        f"logging.getLogger('celery.app.trace').error('failed for %s', {NUMBER!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
        env=environment(SMSGATEWAY_DATA_DIR=str(tmp_path)),
    )  # fmt: skip
    (line,) = [json.loads(line) for line in done.stderr.splitlines()]
    assert (line["logger"], line["event"]) == ("celery.app.trace", "failed for …")


def test_granian_takes_the_configuration_that_is_shipped(tmp_path: Path) -> None:
    script = (
        "import json, logging; from granian.log import configure_logging, LogLevels;"
        "configure_logging(LogLevels.info, json.load(open('deploy/granian-logging.json')));"
        "logging.getLogger('_granian').info('Listening at: http://127.0.0.1:1');"
        "logging.getLogger('granian.access').info('[%(time)s] %(path)s', {'time': '1', 'path': '/hooks/abc/'})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["logger"] for line in lines] == ["_granian", "granian.access"]
    assert lines[1]["event"] == "[1] /hooks/…/"
