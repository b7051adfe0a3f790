"""What is wrong with this installation, in words: one function for each question, in the order they are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from operations.doctor import machine, records, traffic, watching
from operations.doctor.finding import Finding, Grade

__all__ = ["Finding", "Grade", "examine"]

# A question that fails ends the row: those after it could not be answered.
EXAMINATIONS: Final[tuple[Callable[[], Finding], ...]] = (
    machine.data_directory,
    machine.disk_space,
    machine.spool,
    machine.public_address,
    records.database,
    records.migrations,
    records.keys,
    records.protections,
    traffic.clock,
    traffic.worker,
    traffic.broker,
    watching.broker_memory,
    watching.beat,
    watching.alert_targets,
    watching.metrics_token,
)
_CANNOT_GO_ON: Final = frozenset({records.database, records.migrations})


def examine() -> Iterator[Finding]:
    """Every finding, good ones too; ends early where the rest could not be asked."""
    for question in EXAMINATIONS:
        finding = question()
        yield finding
        if finding.grade is Grade.BAD and question in _CANNOT_GO_ON:
            return
    yield from traffic.attention()
