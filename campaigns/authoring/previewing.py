"""A text as chosen people would read it: rendered, counted, priced, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from campaigns.authoring.channels import Ways, money
from campaigns.authoring.checking import ERROR, WARNING, Finding, check
from campaigns.authoring.rendering import Outcome, Policy, Reason, Skipped, Stopped, Text, render
from campaigns.authoring.samples import Sample
from consent import optout
from core.numbers import mask_number
from credentials.spec import TextSpec
from messaging.measuring import Culprit, Measure, culprits, measure
from profiles.seen import known_paths

_NEAR = 0.9  # of the longest text that can be sent
EXAMPLE = Sample(
    "Example recipient",
    attributes={
        "firstName": "Alexandra",
        "lastName": "Lovelace",
        "email": "alexandra@example.com",
        "city": "New York",
        "language": "en",
    },
)


@dataclass(frozen=True)
class Draft:
    """A text as it stands in the editor, and for whom it is looked at."""

    source: str
    policy: Policy
    ways: Ways
    samples: Sequence[Sample] = ()


@dataclass(frozen=True)
class Shown:
    """One recipient's text, or why there is none; `note` says what the policy did."""

    sample: Sample
    number: str
    text: str = ""
    measure: Measure | None = None
    cost: int | None = None  # millionths of the currency
    note: str = ""
    level: str = ""
    reason: str = ""

    @property
    def price(self) -> str:
        """The cost with its currency; blank without one."""
        return "" if self.cost is None else money(self.cost)


@dataclass(frozen=True)
class Preview:
    """Everything the editor shows beside a text."""

    findings: tuple[Finding, ...]
    shown: tuple[Shown, ...]
    culprits: tuple[Culprit, ...]
    source: Measure
    shortest: Measure | None = None
    longest: Measure | None = None
    limit: int = 1500
    is_example: bool = False

    @property
    def can_be_saved(self) -> bool:
        """Whether no finding is an error."""
        return all(finding.level != ERROR for finding in self.findings)

    @property
    def prices(self) -> list[str]:
        """The different prices of the samples' messages, lowest first."""
        return [
            money(cost) for cost in sorted({shown.cost for shown in self.shown if shown.cost is not None})
        ]


def preview(draft: Draft) -> Preview:
    """Check, render and count; nothing is stored or sent."""
    findings = check(draft.source, attributes=known_paths(), limit=draft.policy.limit)
    shown: tuple[Shown, ...] = ()
    if all(finding.level != ERROR for finding in findings):
        shown = tuple(_shown(draft, sample) for sample in draft.samples or (EXAMPLE,))
    measures = sorted(
        (one.measure for one in shown if one.measure), key=lambda found: (found.characters, found.parts)
    )
    spec = draft.ways.to(EXAMPLE.msisdn).spec
    return Preview(
        findings=(*findings, *_length_findings(measures, shown, draft.policy.limit)),
        shown=shown,
        culprits=_culprits(draft.source, shown, spec),
        source=measure(draft.source, spec),
        shortest=measures[0] if measures else None,
        longest=measures[-1] if measures else None,
        limit=draft.policy.limit,
        is_example=not draft.samples,
    )


def policy_from(missing: Any, fallback_text: str) -> Policy:
    """The policy as a form has it, with this gateway's limit."""
    return Policy(missing, fallback_text, settings.SMSGATEWAY_TEXT_LIMIT)


def context_of(sample: Sample, sender: str, **more: Any) -> Mapping[str, Any]:
    """What a text may name of a sample; the opt-out page is one that leads nowhere, as long as a real one."""
    return {
        "toNumber": sample.msisdn,
        "fromNumber": sender,
        "profile": dict(sample.attributes),
        optout.VARIABLE: f"{settings.SMSGATEWAY_PUBLIC_URL}/optout/{'x' * 12}",
        "context": sample.attributes.get("context", {}),
        **more,
    }


def _shown(draft: Draft, sample: Sample) -> Shown:
    way = draft.ways.to(sample.msisdn)
    outcome = render(
        {"": draft.source}, "", context_of(sample, way.sender), draft.policy, links=draft.ways.links
    )
    number = mask_number(sample.msisdn)
    if not isinstance(outcome, Text):
        reason = outcome.reason if isinstance(outcome, Skipped) else ""
        return Shown(sample, number, note=_note(outcome), level=_LEVELS[type(outcome)], reason=reason)
    counted = measure(outcome.text, way.spec)
    filled = ", ".join(outcome.filled)
    return Shown(
        sample=sample,
        number=number,
        text=way.spec.cut(outcome.text)[0],
        measure=counted,
        cost=draft.ways.cost(way, sample.msisdn, counted.parts),
        note=f"The fallback text stands for {filled}." if filled else "",
        level=WARNING if filled else "",
    )


_LEVELS: Mapping[type, str] = {Skipped: WARNING, Stopped: ERROR}


def _note(outcome: Outcome) -> str:
    if isinstance(outcome, Skipped):
        return f"Left out: {outcome.detail}"
    return f"Sending would stop here: {outcome.problem}" if isinstance(outcome, Stopped) else ""


def _culprits(source: str, shown: Sequence[Shown], spec: TextSpec) -> tuple[Culprit, ...]:
    """None where no text travels as Unicode: the channel replaces what it can itself."""
    measures = [one.measure for one in shown if one.measure]
    found = culprits(source, [one.text for one in shown], spec)
    return () if measures and all(one.encoding == "GSM-7" for one in measures) else found


def _length_findings(measures: Sequence[Measure], shown: Sequence[Shown], limit: int) -> list[Finding]:
    over = sum(one.reason == Reason.TOO_LONG for one in shown)
    if over:
        hint = "Shorten the text, or an attribute with truncate."
        return [
            Finding(
                f"{over} of {len(shown)} texts have more than {limit:,} characters.", hint=hint, level=WARNING
            )
        ]
    longest = measures[-1].characters if measures else 0
    if longest > limit * _NEAR:
        return [
            Finding(f"The longest text has {longest:,} characters; {limit:,} is the limit.", level=WARNING)
        ]
    return []
