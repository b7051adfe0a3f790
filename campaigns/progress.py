"""How far a run is, so that the numbers add up: audience = excluded + accepted + pending + cancelled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from campaigns import outcomes
from campaigns.models import CampaignRun, Exclusion, RecipientState, RunState
from campaigns.outcomes import LABELS
from campaigns.running import tallies


@dataclass(frozen=True)
class VariantResult:
    """One variant: recipients, and what became of its messages."""

    label: str
    recipients: int
    accepted: int
    outcomes: Mapping[str, int]

    def share(self, name: str) -> float:
        """Of its accepted messages the part that has this outcome."""
        return self.outcomes.get(name, 0) / self.accepted if self.accepted else 0.0


@dataclass(frozen=True)
class Progress:
    """A run in numbers; `as_of` is when the outcomes were counted."""

    audience: int
    pending: int
    accepted: int
    cancelled: int
    excluded: Mapping[str, int]
    outcomes: Mapping[str, int]
    variants: tuple[VariantResult, ...]
    as_of: datetime | None
    is_collecting: bool

    @property
    def excluded_in_all(self) -> int:
        """All who are left out, whatever for."""
        return sum(self.excluded.values())

    @property
    def done_share(self) -> float:
        """The part of the audience that needs nothing more, 0 to 1."""
        if self.is_collecting or not self.audience:
            return 0.0 if self.is_collecting or self.pending else 1.0
        return (self.audience - self.pending) / self.audience

    def exclusions(self) -> list[tuple[str, str, int]]:
        """Reason, its words, how many people; the most frequent first."""
        counted = Counter(dict(self.excluded)).most_common()
        return [(reason, str(Exclusion(reason).label), count) for reason, count in counted]

    def outcome_rows(self) -> list[tuple[str, str, int]]:
        """Outcome, its words, how many messages; in the order of LABELS, those without any left out."""
        rows = [(name, label, self.outcomes.get(name, 0)) for name, label in LABELS.items()]
        return [row for row in rows if row[2]]


def progress_of(run: CampaignRun) -> Progress:
    """Where a run stands: recipients to the moment, outcomes of large runs as they were last counted."""
    cells = tallies.of(run.id)
    totals: Counter[str] = Counter()
    excluded: Counter[str] = Counter()
    for (_, state, reason), count in cells.items():
        totals[state] += count
        if state == RecipientState.EXCLUDED:
            excluded[reason] += count
    accepted = totals[RecipientState.ACCEPTED]
    is_small = accepted <= outcomes.COUNTED_AT_ONCE
    if is_small and (run.outcomes_at is None or run.recipients.exists()):
        counted, as_of = outcomes.count(run), None
    else:
        counted, as_of = run.outcomes, run.outcomes_at
    variants = _variants(cells, counted)
    return Progress(
        audience=sum(totals.values()),
        pending=totals[RecipientState.PENDING],
        accepted=accepted,
        cancelled=totals[RecipientState.CANCELLED],
        excluded=dict(excluded),
        outcomes=_together(variants, accepted, is_old=as_of is not None and not is_small),
        variants=variants,
        as_of=as_of,
        is_collecting=run.state == RunState.EXPANDING,
    )


def _variants(cells: Mapping[tallies.Cell, int], counted: outcomes.Outcomes) -> tuple[VariantResult, ...]:
    recipients: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    for (variant, state, _), count in cells.items():
        recipients[variant] += count
        accepted[variant] += count if state == RecipientState.ACCEPTED else 0
    labels = sorted(label for label in recipients if label)
    return tuple(
        VariantResult(label, recipients[label], accepted[label], counted.get(label, {})) for label in labels
    )


def _together(variants: tuple[VariantResult, ...], accepted: int, *, is_old: bool) -> dict[str, int]:
    """Outcomes of all variants, which make up the accepted: what was accepted since the count is under way.

    A message that is no longer kept has no state any more.
    """
    found: Counter[str] = Counter()
    for variant in variants:
        found.update(variant.outcomes)
    rest = accepted - sum(found[name] for name in LABELS)
    if rest > 0:
        found["under_way" if is_old else "forgotten"] += rest
    return dict(found)
