"""How well the keyword engine reads the labelled texts, by language, and how many texts a second on one core."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.targets import SMOKE, verdict
from webhooks.keywords import Intent, KeywordRules, language_packs

CORPUS = Path(__file__).resolve().parents[1] / "tests" / "data" / "keywords"
HELD_OUT = "held_out.tsv"
ROUNDS = 3 if SMOKE else 15
SPEED_TARGET = 20_000
NOTICED = frozenset({Intent.OPT_OUT, Intent.POSSIBLE_OPT_OUT})


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled text. `label`: clear_opt_out, opt_in, help, near_miss, request or chat."""

    text: str
    language: str
    label: str
    note: str


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares from 0 to 1; nan where there is no such text. `unchosen`: with the English defaults only."""

    recall: float  # clear opt-outs read as opt-outs, with the language's pack
    unchosen: float  # clear opt-outs read as opt-outs or possible ones, without it
    false_opt_out: float  # ordinary texts read as opt-outs
    false_possible: float  # ordinary texts that pause marketing
    requests: float  # requests and near misses noticed
    others: float  # opt-in and help keywords read as such


# Name, the figure, the target, whether it must be at least or at most that.
TARGETS = (
    ("recall of clear opt-outs", "recall", 0.995, True),
    ("recall without the language's pack", "unchosen", 0.995, True),
    ("ordinary texts read as opt-outs", "false_opt_out", 0.005, False),
    ("ordinary texts read as possible opt-outs", "false_possible", 0.03, False),
)


def load(path: Path) -> list[Row]:
    r"""The rows of a file; \n and \uXXXX are written out in it."""
    lines = path.read_text(encoding="utf-8").split("\n")[1:]
    found = (line.split("\t") for line in lines if line)
    return [Row(_plain(text), language, label, note) for text, language, label, note in found]


def corpus() -> list[Row]:
    """Every language's texts, without those held out."""
    return [row for path in sorted(CORPUS.glob("*.tsv")) if path.name != HELD_OUT for row in load(path)]


def held_out() -> list[Row]:
    """The last set of texts that was written after the engine; its first-run figures stand in docs/keywords.md."""
    return load(CORPUS / HELD_OUT)


def rules_for(language: str) -> KeywordRules:
    """The defaults together with the language's pack, as the form's button puts them in."""
    pack = language_packs()[language]
    return KeywordRules.parse(
        opt_in=pack.added_to("", Intent.OPT_IN),
        opt_out=pack.added_to("", Intent.OPT_OUT),
        help=pack.added_to("", Intent.HELP),
    )


def figures(rows: Iterable[Row]) -> Figures:
    """What the engine makes of the rows."""
    listed = list(rows)
    chosen = {language: rules_for(language) for language in {row.language for row in listed}}
    defaults = KeywordRules.parse()
    read = [(row, chosen[row.language].match(row.text).intent) for row in listed]
    clear = [(row, intent) for row, intent in read if row.label == "clear_opt_out"]
    chat = [intent for row, intent in read if row.label == "chat"]
    doubtful = [intent for row, intent in read if row.label in ("request", "near_miss")]
    others = [row.label == intent.value for row, intent in read if row.label in ("opt_in", "help")]
    return Figures(
        recall=_share([intent is Intent.OPT_OUT for _, intent in clear]),
        unchosen=_share([defaults.match(row.text).intent in NOTICED for row, _ in clear]),
        false_opt_out=_share([intent is Intent.OPT_OUT for intent in chat]),
        false_possible=_share([intent is Intent.POSSIBLE_OPT_OUT for intent in chat]),
        requests=_share([intent in NOTICED for intent in doubtful]),
        others=_share(others),
    )


def missed(found: Figures) -> list[str]:
    """The targets that the figures do not reach."""
    return [
        f"{name} {_percent(value)} (target {'>=' if least else '<='} {target:.1%})"
        for name, attribute, target, least in TARGETS
        for value in [getattr(found, attribute)]
        if (value < target if least else value > target)
    ]


def main() -> int:
    """Tables, speed, verdict."""
    rows, later = corpus(), held_out()
    heading = ("texts", "recall", "no pack", "chat: out", "chat: possible", "doubtful", "in/help")
    print(f"{'':12}" + "".join(f"{name:>15}" for name in heading))
    for language in language_packs():
        _print(language, [row for row in rows if row.language == language])
    found, unseen = _print("all", rows), _print("held out", later)
    print(
        "held out: written after the engine and used to improve it since; first-run figures: docs/keywords.md"
    )
    speed = texts_per_second([row.text for row in rows])
    print(f"speed        {speed:,.0f} texts/s on one core, median of {ROUNDS} rounds over the corpus")
    faults = [*missed(found), *(f"held out: {fault}" for fault in missed(unseen))]
    if speed < SPEED_TARGET and not SMOKE:
        faults.append(f"{speed:,.0f} texts/s (target {SPEED_TARGET:,})")
    return verdict(faults)


def texts_per_second(texts: Sequence[str]) -> float:
    """CPU time of one thread, after a first round that works the automaton out."""
    match = KeywordRules.parse().match
    for text in texts:
        match(text)
    rates = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for text in texts:
            match(text)
        rates.append(len(texts) / (time.process_time() - started))
    return statistics.median(rates)


def _print(name: str, rows: list[Row]) -> Figures:
    found = figures(rows)
    values = (
        found.recall, found.unchosen, found.false_opt_out, found.false_possible, found.requests, found.others,
    )  # fmt: skip
    print(f"{name:12}{len(rows):>15,}" + "".join(f"{_percent(value):>15}" for value in values))
    return found


def _percent(share: float) -> str:
    return "-" if share != share else f"{share:.2%}"  # nan is the one value that differs from itself


def _share(read: Sequence[bool]) -> float:
    return sum(read) / len(read) if read else float("nan")


def _plain(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode("unicode_escape") if "\\" in text else text


if __name__ == "__main__":
    sys.exit(main())
