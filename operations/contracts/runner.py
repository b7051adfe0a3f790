"""All cases of a file against the presets of a directory, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from core.errors import GatewayError
from credentials.vendors import Preset, PresetInvalid, load_preset
from operations.contracts import callbacks, outbound
from operations.contracts.cases import SIDES, Case, Contract

# Side -> what runs one of its cases.
RUNNERS: Final[Mapping[str, Callable[[Contract, Case, Preset], list[str]]]] = {
    "outbound": outbound.run,
    "inbound": callbacks.run_inbound,
    "status": callbacks.run_status,
}
NEED_A_DATABASE: Final = frozenset({"inbound", "status"})


@dataclass(frozen=True)
class Failure:
    """A case that did not pass, and why."""

    side: str
    case: str
    differences: list[str]


@dataclass(frozen=True)
class Row:
    """One provider: (passed, all) by side, and the cases that failed."""

    provider: str
    counts: Mapping[str, tuple[int, int]]
    failures: Sequence[Failure] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every case that was run passed."""
        return not self.failures

    def __str__(self) -> str:
        return "  ".join([f"{self.provider:<26}", *(self._column(side) for side in SIDES)])

    def _column(self, side: str) -> str:
        passed, number = self.counts.get(side, (0, 0))
        return f"{side} {passed}/{number}" if side in self.counts else f"{side} not checked"


def run_all(contracts: Sequence[Contract], directory: Path, sides: Sequence[str]) -> Iterator[Row]:
    """A row for each provider, in the order of the file."""
    for contract in contracts:
        yield run_one(contract, directory / f"{contract.provider}.toml", sides)


def run_one(contract: Contract, path: Path, sides: Sequence[str]) -> Row:
    """All cases of one provider; without a preset that can be used, each of them fails."""
    try:
        preset: Preset | None = load_preset(path)
        why: list[str] = []
    except PresetInvalid as error:
        preset, why = None, error.problems
    counts: dict[str, tuple[int, int]] = {}
    failures: list[Failure] = []
    for side in sides:
        cases = contract.cases[side]
        found = [_outcome(contract, side, case, preset, why) for case in cases]
        failed = [failure for failure in found if failure is not None]
        counts[side] = len(cases) - len(failed), len(cases)
        failures += failed
    return Row(contract.provider, counts, failures)


def summary(rows: Sequence[Row]) -> str:
    """The last line: providers and cases that passed, of all."""
    cases = [count for row in rows for count in row.counts.values()]
    passed, number = sum(count[0] for count in cases), sum(count[1] for count in cases)
    good = sum(row.passed for row in rows)
    return f"contracts: {good} of {len(rows)} providers, {passed} of {number} cases"


def _outcome(
    contract: Contract, side: str, case: Case, preset: Preset | None, why: list[str]
) -> Failure | None:
    name = case["case"]
    if preset is None:
        return Failure(side, name, why)
    try:
        differences = RUNNERS[side](contract, case, preset)
    except GatewayError as error:
        differences = [error.text]
    return Failure(side, name, differences) if differences else None
