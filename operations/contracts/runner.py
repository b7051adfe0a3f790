"""All cases of a file against the presets of a directory, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from core.errors import GatewayError
from core.templating import suggestion
from credentials.vendors import Preset, PresetInvalid, load_preset
from operations.contracts import callbacks, outbound
from operations.contracts.cases import SIDES, Case, Contract
from operations.contracts.settings import contract_problems

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
    """One provider: (passed, all) by side, the cases that failed, and what let none of them run."""

    provider: str
    counts: Mapping[str, tuple[int, int]]
    failures: Sequence[Failure] = field(default_factory=list)
    problems: Sequence[str] = ()

    @property
    def passed(self) -> bool:
        """Whether every case could be run, and passed."""
        return not self.failures and not self.problems

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
    """All cases of one provider; none of them passes while its preset or configuration cannot be used."""
    try:
        preset = _preset(path)
        problems = contract_problems(contract, preset, sides)
    except PresetInvalid as error:
        problems = error.problems
    if problems:
        none = {side: (0, len(contract.cases[side])) for side in sides}
        return Row(contract.provider, none, problems=problems)
    counts: dict[str, tuple[int, int]] = {}
    failures: list[Failure] = []
    for side in sides:
        cases = contract.cases[side]
        failed = [found for case in cases if (found := _failure(contract, side, case, preset))]
        counts[side] = len(cases) - len(failed), len(cases)
        failures += failed
    return Row(contract.provider, counts, failures)


def _preset(path: Path) -> Preset:
    if not path.is_file():
        there = sorted(other.stem for other in path.parent.glob("*.toml"))
        hint = suggestion(path.stem, there) or "A preset is the file PROVIDER.toml."
        raise PresetInvalid([f"there is no {path.name} in {path.parent}. {hint}"])
    return load_preset(path)


def summary(rows: Sequence[Row]) -> str:
    """The last line: providers and cases that passed, of all."""
    cases = [count for row in rows for count in row.counts.values()]
    passed, number = sum(count[0] for count in cases), sum(count[1] for count in cases)
    good = sum(row.passed for row in rows)
    return f"contracts: {good} of {len(rows)} providers, {passed} of {number} cases"


def _failure(contract: Contract, side: str, case: Case, preset: Preset) -> Failure | None:
    try:
        differences = RUNNERS[side](contract, case, preset)
    except GatewayError as error:
        differences = [error.text]
    return Failure(side, case["case"], differences) if differences else None
