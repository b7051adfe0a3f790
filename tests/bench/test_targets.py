from __future__ import annotations

import pytest

from bench import targets
from bench.rate import most_in_a_second


@pytest.mark.parametrize(
    ("smoke", "missed", "line", "code"),
    [
        (False, [], "targets: met", 0),
        (False, ["84 messages/s instead of 100", "b"], "targets: missed: 84 messages/s instead of 100, b", 1),
        (True, ["84 messages/s instead of 100"], "targets: not judged (smoke run)", 0),
    ],
)
def test_a_benchmark_ends_with_its_verdict(
    smoke: bool,
    missed: list[str],
    line: str,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(targets, "SMOKE", smoke)
    assert targets.verdict(missed) == code
    assert capsys.readouterr().out == f"{line}\n"


def test_what_is_wrong_counts_in_a_smoke_run_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(targets, "SMOKE", True)
    assert targets.verdict(["slow"], wrong=["7 in a second instead of 6"]) == 1
    assert capsys.readouterr().out == "targets: missed: 7 in a second instead of 6, slow\n"


@pytest.mark.parametrize(
    ("moments", "most"),
    [([0.0], 1), ([0.0, 0.5, 0.999, 1.0], 3), ([0.0, 1.0, 2.0], 1), ([0.1, 0.9, 1.05, 1.08, 3.0], 4)],
)
def test_the_most_crowded_second_is_found(moments: list[float], most: int) -> None:
    assert most_in_a_second(moments) == most
