"""How a line looks: JSON for machines, text for a terminal; what may stand in it is the same."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from structlog.contextvars import merge_contextvars
from structlog.typing import EventDict, Processor

from core.logs import masking

# What every record has; anything else came as `extra`.
_OF_EVERY_RECORD: Final = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "_logger",
    "_name",
    "_record",
}
_FIRST: Final = ("at", "level", "logger", "event")


class LineFormatter(structlog.stdlib.ProcessorFormatter):
    """Formats what structlog and the standard library log; everything is masked before it is put together."""

    def format(self, record: logging.LogRecord) -> str:
        """One line (text: and the places of an error below it)."""
        if isinstance(record.msg, dict):
            return super().format(record)
        clean = logging.makeLogRecord(vars(record))
        clean.msg, clean.args = _message(record), ()
        clean.stack_info = None
        return super().format(clean)


def formatter(kind: str = "json", *, texts: bool = False) -> LineFormatter:
    """The formatter of a kind in FORMATS; `texts` shows the texts of errors too, masked."""
    begin: list[Processor] = [merge_contextvars, _facts, _extras, _errors(texts), _masked]
    return LineFormatter(
        processors=[*begin, LineFormatter.remove_processors_meta, _in_order, FORMATS[kind]],
    )


def _message(record: logging.LogRecord) -> str:
    if not record.args:
        return masking.words(str(record.msg))
    try:
        line: str = str(record.msg) % masking.arguments(record.args)
        return line
    except (TypeError, ValueError, KeyError):
        return f"{record.msg} (its arguments do not fit)"


def _facts(_: Any, name: str, event: EventDict) -> EventDict:
    record: logging.LogRecord = event["_record"]
    moment = datetime.fromtimestamp(record.created, UTC)
    event["at"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    event["level"], event["logger"] = record.levelname.lower(), record.name
    return event


def _extras(_: Any, name: str, event: EventDict) -> EventDict:
    for key, value in vars(event["_record"]).items():
        if key not in _OF_EVERY_RECORD and isinstance(value, str | int | float | bool):
            event.setdefault(key, value)
    return event


def _errors(texts: bool) -> Processor:
    def errors(_: Any, name: str, event: EventDict) -> EventDict:
        given = event.pop("exc_info", None)
        error = given[1] if isinstance(given, tuple) else given
        if isinstance(error, BaseException):
            event["error"] = masking.causes(error, texts=texts)
        event.pop("stack_info", None)
        return event

    return errors


def _masked(_: Any, name: str, event: EventDict) -> EventDict:
    kept = ("_record", "_from_structlog", "at", "error")
    return {
        key: value if key in kept or (key == "event" and not event["_from_structlog"]) else _value(key, value)
        for key, value in event.items()
    }


def _value(key: str, value: object) -> object:
    return masking.words(str(value)) if key == "event" else masking.field(key, value)


def _in_order(_: Any, name: str, event: EventDict) -> EventDict:
    rest = sorted(key for key in event if key not in _FIRST and key != "error")
    return {key: event[key] for key in (*_FIRST, *rest, "error") if key in event}


def _json(_: Any, name: str, event: EventDict) -> str:
    return json.dumps(event, ensure_ascii=False, default=str)


def _text(_: Any, name: str, event: EventDict) -> str:
    fields = [f"{key}={value}" for key, value in event.items() if key not in (*_FIRST, "error")]
    event_text = str(event["event"]).replace("\r", "\\r").replace("\n", "\\n")
    line = " ".join([event["at"], event["level"].upper(), event["logger"], event_text, *fields])
    below = []
    for error in event.get("error", ()):
        below.append(f"  {error['kind']}{': ' + error['text'] if error.get('text') else ''}")
        below.extend(f"    {place}" for place in error["at"])
    return "\n".join([line, *below])


FORMATS: Final[dict[str, Callable[[Any, str, EventDict], str]]] = {"json": _json, "text": _text}
