"""The look ahead itself: the same way as a run goes, for a sample, and rolled back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from campaigns.audiences.counting import count_in
from campaigns.audiences.querying import profiles_in
from campaigns.findings import Finding, Weight, findings_on
from campaigns.models import Campaign, Exclusion, Recipient, When
from campaigns.preflight.finishing import finish_of
from campaigns.preflight.sampling import some_of
from campaigns.running.expanding import split_of
from campaigns.running.feeding import submissions_for
from campaigns.running.texts import CampaignStopped, LeftOut, exclusion_of, words_of
from campaigns.scheduling.plans import plan_of
from campaigns.scheduling.times import day_of, first_run, shown
from core.clock import now
from core.numbers import mask_number
from core.segments import Encoding
from credentials.loading import text_of
from messaging.accept import Rendered, Submission, Write
from messaging.accept_many import rendered_many
from messaging.context import count, texts_of
from messaging.limits.rules import rules_of
from messaging.pacing import quiet_of
from messaging.quiet.hours import next_allowed
from messaging.quiet.zones import zones_of
from messaging.spending.limits import MILLION
from messaging.spending.prices import segment_price
from profiles.models import Profile

_SHOWN = 5
# Of those who would be left out, so many for each reason are named.
_NAMED = 10


@dataclass(frozen=True)
class Sample:
    """What one recipient would read."""

    number: str
    variant: str
    text: str
    segments: int
    encoding: str


@dataclass(frozen=True)
class LeftOutRow:
    """A reason in words, how many of all it leaves out, and some of them: number and profile."""

    label: str
    count: int
    some: tuple[tuple[str, UUID], ...]


@dataclass
class Preflight:
    """What would happen. `excluded` and `reached` are counts among the `looked_at`; the rest is for all of `total`."""

    findings: list[Finding]
    total: int = 0
    is_about: bool = False
    looked_at: int = 0
    excluded: Counter[str] = field(default_factory=Counter)
    left_out: dict[str, list[tuple[str, UUID]]] = field(default_factory=lambda: defaultdict(list))
    reached: int = 0
    segments: list[int] = field(default_factory=list)
    unicode: int = 0
    cost_in_millionths: int = 0
    samples: list[Sample] = field(default_factory=list)
    per_second: float | None = None
    begin: datetime | None = None
    finish: datetime | None = None

    @property
    def may_start(self) -> bool:
        """Whether nothing stops it."""
        return not any(finding.stops for finding in self.findings)

    @property
    def is_sampled(self) -> bool:
        """Whether only some of the audience were looked at, so that counts of all are estimates."""
        return self.looked_at < self.total

    def scaled(self, some: int) -> int:
        """A count among those looked at, for the whole audience."""
        return round(some * self.total / self.looked_at) if self.looked_at else 0

    @property
    def messages(self) -> int:
        """How many would get it, of all."""
        return self.scaled(self.reached)

    @property
    def exclusions(self) -> list[LeftOutRow]:
        """Who would be left out of all, by reason, the most frequent first."""
        return [
            LeftOutRow(str(Exclusion(reason).label), self.scaled(count), tuple(self.left_out[reason]))
            for reason, count in self.excluded.most_common()
        ]

    def leave_out(self, profile: Profile, reason: str) -> None:
        """Count somebody who would get nothing."""
        self.excluded[reason] += 1
        if len(self.left_out[reason]) < _NAMED:
            self.left_out[reason].append((mask_number(profile.msisdn), profile.id))

    @property
    def segments_in_all(self) -> int:
        """Segments of all messages."""
        return self.scaled(sum(self.segments))

    @property
    def cost(self) -> Decimal | None:
        """What all segments cost; None where nobody has entered prices."""
        if not self.cost_in_millionths:
            return None
        return (Decimal(self.scaled(self.cost_in_millionths)) / MILLION).quantize(Decimal("0.01"))


def look_ahead(campaign: Campaign) -> Preflight:
    """Look at the campaign as it is now; what it would write is rolled back."""
    found = Preflight(findings_on(campaign))
    if campaign.audience is None or any(finding.code == "audience_invalid" for finding in found.findings):
        return found
    profiles = profiles_in(campaign.audience)
    members = count_in(campaign.audience)
    found.total, found.is_about = members.number, not members.exact
    some, is_all = some_of(profiles)
    found.looked_at = len(some)
    if is_all:
        found.total, found.is_about = len(some), False
    if not some:
        found.findings.insert(0, _NOBODY[is_all](campaign))
        return found
    # A text that does not parse cannot be tried.
    if not any(
        finding.code in ("text_invalid", "variant_missing", "text_missing") for finding in found.findings
    ):
        with transaction.atomic():
            _try(campaign, some, found)
            transaction.set_rollback(True)
    _project(campaign, some, found)
    return found


# By whether all of the audience were looked for.
_NOBODY: dict[bool, Callable[[Campaign], Finding]] = {
    True: lambda campaign: Finding(
        "audience_empty", "Nobody is in the audience now.", about=campaign.audience
    ),
    False: lambda campaign: Finding(
        "audience_unseen",
        "The filter finds so few among very many profiles that none could be looked at here in time. The campaign "
        "finds them when it starts; see Members of the audience for who they are.",
        Weight.WARNS,
        campaign.audience,
    ),
}


def _try(campaign: Campaign, some: Sequence[Profile], found: Preflight) -> None:
    split, words = split_of(campaign), words_of(campaign)
    stops: list[str] = []
    rows, going = [], []
    for profile in some:
        label = split.label_for(profile.msisdn)
        if label is None:
            found.leave_out(profile, Exclusion.HOLDOUT)
        else:
            going.append(profile)
            rows.append(Recipient(msisdn=profile.msisdn, profile_id=profile.id, variant=label, due_at=now()))
    known = {profile.id: (profile.msisdn, profile.language, profile.time_zone) for profile in some}
    submissions = [
        replace(one, write=_told(one.write, stops)) for one in submissions_for(campaign, rows, known, words)
    ]
    for row, profile, outcome in zip(rows, going, rendered_many(submissions), strict=True):
        if isinstance(outcome, Rendered):
            _count(found, row, outcome)
        else:
            found.leave_out(profile, exclusion_of(outcome))
    if stops:
        found.findings.insert(0, _stop(campaign, stops))


def _told(write: Write | None, stops: list[str]) -> Write:
    """What writes a text, but a stop is noted and the others are looked at all the same."""
    assert write is not None
    return partial(_write_on, write=write, stops=stops)


def _write_on(submission: Submission, *, write: Write, stops: list[str], **values: Any) -> Any:
    try:
        return write(submission, **values)
    except CampaignStopped as stop:
        stops.append(str(stop))
        raise LeftOut(Exclusion.MISSING_ATTRIBUTE, str(stop)) from stop


def _stop(campaign: Campaign, stops: Sequence[str]) -> Finding:
    variant = campaign.variants.select_related("version__template").first()
    return Finding(
        "text_stops",
        f"{stops[0]} So it is for {len(stops):,} of those looked at, and the message is set to stop the campaign then. "
        "Leave them out, or write a fallback text.",
        about=variant.version.template if variant else None,
    )


def _count(found: Preflight, row: Recipient, rendered: Rendered) -> None:
    submission = rendered.submission
    counted = count(texts_of(rendered.text, text_of(submission.credential)))
    found.reached += 1
    found.segments.append(counted.count)
    found.unicode += counted.encoding == Encoding.UCS2
    found.cost_in_millionths += counted.count * (
        segment_price(submission.credential.pk, rendered.msisdn) or 0
    )
    if len(found.samples) < _SHOWN:
        found.samples.append(
            Sample(
                mask_number(rendered.msisdn),
                row.variant,
                rendered.text,
                counted.count,
                counted.encoding.value,
            )
        )


def _project(campaign: Campaign, some: Sequence[Profile], found: Preflight) -> None:
    """Speed and finish, as far as anything limits them; and a warning where nobody would get it."""
    if not found.reached and not any(finding.stops for finding in found.findings):
        found.findings.append(
            Finding("nobody_reached", "Nobody of those looked at would get it; see why below.", Weight.WARNS)
        )
    found.per_second = _speed(campaign, found)
    if not found.reached:
        return
    channel, zones = campaign.channel, _usual_zones(some)
    has_quiet = channel.quiet_from is not None or bool(channel.quiet_whole_days)
    quiet, start = quiet_of(channel) if has_quiet else None, _begins(campaign)
    found.begin = next_allowed(quiet, zones, start) if quiet else start
    if found.per_second is not None:
        found.finish = finish_of(
            start=start, count=found.messages, per_second=found.per_second, quiet=quiet, zones=zones
        )


def _begins(campaign: Campaign) -> datetime:
    """When it would go out, by the clock of its own zone."""
    moment = now()
    if campaign.when == When.NOW or campaign.start_on is None or campaign.start_time is None:
        return moment
    plan = plan_of(campaign)
    first = first_run(plan, moment)
    return moment if first is None else shown(plan, day_of(plan, first))


def _speed(campaign: Campaign, found: Preflight) -> float | None:
    """Messages per second that throttle, credential and sender allow; None: only the provider sets the pace."""
    rules = rules_of(campaign.channel.credential_id)
    per_message = sum(found.segments) / len(found.segments) if found.segments else 1.0
    limits = (
        campaign.per_minute / 60 if campaign.per_minute else None,
        rules.messages,
        rules.segments / per_message if rules.segments else None,
        rules.senders.get(campaign.channel.sender),
    )
    return min((limit for limit in limits if limit), default=None)


def _usual_zones(some: Sequence[Profile]) -> tuple[str, ...]:
    """The zones most recipients are in."""
    zones = Counter(
        (one.time_zone,) if one.time_zone else zones_of(one.msisdn) or (settings.TIME_ZONE,) for one in some
    )
    return zones.most_common(1)[0][0]
