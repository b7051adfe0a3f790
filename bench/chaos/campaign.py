"""`make chaos-campaign`: workers are killed while they collect a campaign's recipients and send to them.

Each recipient has one message, whoever was killed when, and each message reaches the provider once or says that it may
have reached it twice.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from bench.chaos import evidence
from bench.chaos.cast import Company
from bench.chaos.judge import judge
from bench.chaos.monkey import Monkey
from bench.chaos.play import Plan, conclude, rest, say
from bench.chaos.record import Accepted, Kill, Run, read_log
from bench.chaos.scene import CHANNEL, TIMEOUT, Scene
from bench.chaos.stage import Production, again, on_stage
from bench.chaos.tail import Tail

FULL = Plan(seed=40, messages=50_000, kills={"worker": 20}, within=2400)
SHORT = Plan(seed=41, messages=2_000, kills={"worker": 5}, within=400)
WORKERS = 2
AHEAD = 200  # little waits in the queue: workers die while they hand over, too
_SAY_EVERY = 10.0
_BATCH = 5_000


def main(plan: Plan) -> int:
    """Set the stage, start a campaign, kill, judge."""

    def play(directory: Path, company: Company) -> int:
        stage = Production(
            directory, company, seed=plan.seed, workers=WORKERS, SMSGATEWAY_CAMPAIGN_AHEAD=str(AHEAD)
        )
        stage.scene.enter()
        tail, run_id = Tail(directory / "provider.log"), start_campaign(plan.messages)
        chances = random.Random(plan.seed)
        monkey = Monkey(
            seed=plan.seed, kills=plan.kills, victims={"worker": lambda: again(chances.choice(stage.workers))},
            keep_alive=company.revive, progress=lambda: progress(run_id, tail, plan.messages),
        )  # fmt: skip
        monkey.start()
        try:
            _watch(plan, monkey, company, tail, run_id)
        finally:
            monkey.stop.set()
        rest(stage.scene, company)
        return _judged(stage.scene, plan, monkey.kills, run_id)

    return on_stage(play)


def start_campaign(count: int) -> UUID:
    """A campaign to so many people, each with a text of their own; gives its run."""
    from campaigns import steps
    from campaigns.models import Audience, Campaign, MessageTemplate
    from messaging.models import ChannelConfiguration
    from profiles.models import Profile

    for start in range(0, count, _BATCH):
        Profile.objects.bulk_create(
            Profile(msisdn=number_of(index), attributes={"n": index})
            for index in range(start, min(start + _BATCH, count))
        )
    template = MessageTemplate.objects.create(name="chaos")
    version = template.versions.create(number=1)
    version.texts.create(language="", text="chaos {{ profile.n }}")
    campaign = Campaign.objects.create(
        name="chaos",
        channel=ChannelConfiguration.objects.get(name=CHANNEL),
        audience=Audience.objects.create(name="all", kind="filter", filter={}),
    )
    campaign.variants.create(label="A", version=version)
    steps.start(campaign_id=campaign.id, actor="chaos")
    return campaign.runs.get().id


def number_of(index: int) -> str:
    """The number of a person."""
    return f"+1415{2_000_000 + index:07d}"


def progress(run_id: UUID, tail: Tail, total: int) -> float:
    """Half of it is collecting recipients, half sending to them."""
    from campaigns.running import tallies

    return (sum(tallies.of(run_id).values()) + tail.count()) / (2 * total)


def _watch(plan: Plan, monkey: Monkey, company: Company, tail: Tail, run_id: UUID) -> None:
    from campaigns.models import CampaignRun, RunState

    deadline, say_at = time.monotonic() + plan.within, time.monotonic()
    while not monkey.is_done or CampaignRun.objects.get(id=run_id).state != RunState.FINISHED:
        assert monkey.broke is None, f"the killing ended early: {monkey.broke!r}"
        assert time.monotonic() < deadline, f"not through in {plan.within:g} s: {_standing(run_id)}"
        if time.monotonic() > say_at:
            say_at += _SAY_EVERY
            say(f"{_standing(run_id)}, {tail.count()} sent, {len(monkey.kills)} kills")
        company.revive()
        time.sleep(0.2)


def _standing(run_id: UUID) -> dict[str, int]:
    from campaigns.running import tallies

    return {" ".join(filter(None, cell)): count for cell, count in sorted(tallies.of(run_id).items())}


def _judged(scene: Scene, plan: Plan, kills: Sequence[Kill], run_id: UUID) -> int:
    """The judge of all chaos, and what is the campaign's own: recipients, counts and messages agree."""
    from messaging.states import ALLOWED_PAIRS, AT_ONCE_PAIRS

    with (scene.directory / "provider.log").open(encoding="utf-8") as log:
        seen = read_log(log)
    promised = [Accepted(f"chaos {index}", 0.0, frozenset()) for index in range(plan.messages)]
    verdict = judge(
        Run(promised, evidence.rows(), seen, kills, TIMEOUT), allowed=ALLOWED_PAIRS | AT_ONCE_PAIRS
    )
    return conclude(verdict, wrong_recipients(run_id, plan.messages))


def wrong_recipients(run_id: UUID, total: int) -> list[str]:
    """What does not add up between the audience, the recipients, their messages and the counts."""
    from django.db.models import Count

    from campaigns.models import Recipient
    from campaigns.running import tallies
    from messaging.models import Message

    rows = Recipient.objects.filter(run_id=run_id)
    counted = {
        (variant, state, reason): count
        for variant, state, reason, count in rows.order_by()
        .values_list("variant", "state", "reason")
        .annotate(count=Count("id"))
    }
    accepted = rows.filter(state="accepted", message_id__in=Message.objects.order_by().values("id")).count()
    return [
        text
        for text, is_wrong in (
            (f"{rows.count()} recipients of {total}", rows.count() != total),
            (f"{accepted} recipients with a message of {total}", accepted != total),
            (f"{Message.objects.count()} messages for {total} recipients", Message.objects.count() != total),
            (f"counts {tallies.of(run_id)} are not {counted}", tallies.of(run_id) != counted),
        )
        if is_wrong
    ]


if __name__ == "__main__":
    sys.exit(main(SHORT if "--short" in sys.argv else FULL))
