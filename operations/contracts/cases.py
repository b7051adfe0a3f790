"""The file of recorded cases: read, checked for what the kit needs, otherwise left as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from core.errors import GatewayError

SIDES: Final = ("outbound", "inbound", "status")
_SEQUENCE: Final = re.compile(r"[^:]+:[0-9]{1,4}")
_MESSAGE: Final = ("id", "to", "text", "now")
Case = Mapping[str, Any]


class CasesInvalid(GatewayError):
    """The file of cases cannot be used."""

    code = "cases_invalid"


@dataclass(frozen=True)
class Contract:
    """One provider of the file: its preset's name, the configuration of its cases, and these by side."""

    provider: str
    config: Mapping[str, Any]
    cases: Mapping[str, Sequence[Case]]
    country: str = ""  # of numbers that arrive without a country code


def load_contracts(path: Path) -> list[Contract]:
    """The providers of a file; CasesInvalid says what is wrong with it."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CasesInvalid(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise CasesInvalid(f"{path} is not JSON: {error}") from error
    if not isinstance(data, list):
        raise CasesInvalid(f"{path}: write a list of providers, each with provider, config and outbound.")
    if problems := list(_problems(data)):
        raise CasesInvalid(f"{path}: {problems[0]}")
    return [
        Contract(
            provider=entry["provider"],
            config=entry.get("config", {}),
            cases={side: entry.get(side, ()) for side in SIDES},
            country=entry.get("country", ""),
        )
        for entry in data
    ]


def _problems(data: list[Any]) -> Iterator[str]:
    for number, entry in enumerate(data, start=1):
        where = f"provider {number}"
        if not isinstance(entry, dict) or not isinstance(entry.get("provider"), str):
            yield f"{where} needs the name of its preset in provider."
            continue
        where = entry["provider"]
        if not isinstance(entry.get("config", {}), dict):
            yield f"{where}: config must be an object."
        for side in SIDES:
            yield from _case_problems(entry.get(side, []), side, f"{where}, {side}")


def _case_problems(cases: Any, side: str, where: str) -> Iterator[str]:
    if not isinstance(cases, list):
        yield f"{where} must be a list of cases."
        return
    for number, case in enumerate(cases, start=1):
        if not isinstance(case, dict) or not isinstance(case.get("case"), str):
            yield f"{where}: case {number} needs a name in case."
        elif side == "outbound":
            yield from _outbound_problems(case, f"{where}, {case['case']}")
        else:
            yield from _callback_problems(case, f"{where}, {case['case']}")


def _outbound_problems(case: Case, where: str) -> Iterator[str]:
    message, expect = case.get("message"), case.get("expect")
    if not isinstance(message, dict) or not all(isinstance(message.get(name), str) for name in _MESSAGE):
        yield f"{where}: message needs the texts {', '.join(_MESSAGE)}."
    elif not _is_moment(message["now"]):
        yield f"{where}: now must be a moment such as 2025-03-04T05:06:07Z."
    if not isinstance(expect, dict) or "outcome" not in expect:
        yield f"{where}: expect needs outcome."
    exchange = case.get("exchange")
    if not isinstance(exchange, list) or not all(_is_step(step) for step in exchange):
        yield f"{where}: exchange must be a list of {{expect_request, response}}, the status a number."
    if not isinstance(case.get("config_override", {}), dict):
        yield f"{where}: config_override must be an object."
    if not isinstance(case.get("repeat", 1), int) or case.get("repeat", 1) < 1:
        yield f"{where}: repeat must be a number from 1."


def _callback_problems(case: Case, where: str) -> Iterator[str]:
    request = case.get("request")
    if not isinstance(request, dict) or not all(
        isinstance(request.get(key), str) for key in ("method", "endpoint")
    ):
        yield f"{where}: request needs the texts method and endpoint."
    if not isinstance(case.get("expect"), dict):
        yield f"{where}: expect must be an object."
    if not _SEQUENCE.fullmatch(case.get("sequence", "a:1")):
        yield f"{where}: sequence must be a name and a number, such as concat:1."
    if not isinstance(case.get("config_override", {}), dict):
        yield f"{where}: config_override must be an object."


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_step(step: Any) -> bool:
    if not isinstance(step, dict) or not isinstance(step.get("response"), dict):
        return False
    response = step["response"]
    return (
        isinstance(step.get("expect_request", {}), dict)
        and isinstance(response.get("status", 200), int)
        and isinstance(response.get("headers", {}), dict)
    )
