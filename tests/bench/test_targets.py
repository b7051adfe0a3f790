from __future__ import annotations

import pytest

from bench import targets


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
