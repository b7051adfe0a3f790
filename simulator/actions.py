"""What may happen to a message: the closed list of actions and their JSON form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from simulator.wire import Refusal

MAX_SECONDS = 3600.0


@dataclass(frozen=True, kw_only=True)
class Action:
    """What happens to a message; the defaults are the good case. Times are in seconds."""

    latency: float = 0.0  # wait before anything else
    status: int = 202  # 400 and up: refused with `code`
    code: str = ""
    retry_after: int | None = None
    timeout: float = 0.0  # hold the connection so long, then drop it without an answer
    reset: str = ""  # "before": drop it, nothing accepted; "after": accept, then drop it
    reports: tuple[str, ...] = ("DELIVERED",)  # delivery statuses in the order they are posted
    report_code: str = ""
    report_delay: float | None = None  # None: the delay of the settings
    copies: int = 1  # how often each report is posted
    early: bool = False  # post the first report before answering
    body: str | None = None  # answer with this text instead of JSON

    @property
    def accepts(self) -> bool:
        """Whether the message counts as accepted."""
        return self.status < 400 and (self.reset == "after" or not (self.reset or self.timeout))


GOOD = Action()


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_SECONDS:
        raise ValueError(f"must be a number of seconds from 0 to {MAX_SECONDS:.0f}")
    return float(value)


def whole(low: int, high: int) -> Callable[[object], int]:
    """A reader of whole numbers in a range; ValueError for anything else."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return value

    return read


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _reset(value: object) -> str:
    if value not in ("before", "after"):
        raise ValueError('must be "before" or "after"')
    return str(value)


def _statuses(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ValueError("must be a list of delivery statuses")
    return tuple(value)


# JSON key of an action -> the Action fields it sets.
ACTION_KEYS: dict[str, Callable[[object], dict[str, Any]]] = {
    "latency": lambda value: {"latency": _seconds(value)},
    "status": lambda value: {"status": whole(200, 599)(value)},
    "code": lambda value: {"code": _text(value)},
    "retryAfter": lambda value: {"retry_after": whole(0, 86_400)(value)},
    "timeout": lambda value: {"timeout": _seconds(value)},
    "reset": lambda value: {"reset": _reset(value)},
    "reports": lambda value: {"reports": _statuses(value)},
    "reportStatus": lambda value: {"reports": _statuses([value])},
    "reportCode": lambda value: {"report_code": _text(value)},
    "reportDelay": lambda value: {"report_delay": _seconds(value)},
    "duplicate": lambda value: {"copies": 2 if _flag(value) else 1},
    "copies": lambda value: {"copies": whole(1, 20)(value)},
    "early": lambda value: {"early": _flag(value)},
    "noReport": lambda value: {"reports": ()} if _flag(value) else {},
    "outOfOrder": lambda value: {"reports": ("DELIVERED", "SENT")} if _flag(value) else {},
    "body": lambda value: {"body": _text(value)},
}


def read_action(data: Mapping[str, object]) -> Action:
    """An action from its JSON form; a Refusal names the key that is wrong."""
    action = GOOD
    for key, value in data.items():
        if key not in ACTION_KEYS:
            known = ", ".join(ACTION_KEYS)
            raise Refusal(422, "UNKNOWN_ACTION", f"{key!r} is not one of {known}.", param=f"action.{key}")
        try:
            action = replace(action, **ACTION_KEYS[key](value))
        except ValueError as error:
            raise Refusal(422, "INVALID_ACTION", f"{key} {error}.", param=f"action.{key}") from error
    return action
