"""`make chaos`: web, workers, Redis and PostgreSQL are killed at random while an application submits messages."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path

from bench.chaos.cast import Company
from bench.chaos.play import Plan, conclude, perform
from bench.chaos.stage import Production, again, on_stage

FULL = Plan(
    seed=20, messages=20_000, kills={"worker": 50, "web": 22, "redis": 20, "database": 12}, within=3000
)
SHORT = Plan(seed=21, messages=500, kills={"worker": 7, "web": 3, "redis": 3, "database": 2}, within=400)
WORKERS = 2


def main(plan: Plan) -> int:
    """Set the stage, perform, judge."""

    def play(directory: Path, company: Company) -> int:
        stage = Production(directory, company, seed=plan.seed, workers=WORKERS)
        chances = random.Random(plan.seed)
        victims: dict[str, Callable[[], str]] = {
            "web": lambda: again(stage.web),
            "worker": lambda: again(chances.choice(stage.workers)),
            "redis": lambda: again(stage.redis, after=chances.choice((0.0, 0.0, 1.5))),
            "database": lambda: stage.crash(chances),
        }
        return conclude(perform(plan, stage.scene, company, victims))

    return on_stage(play)


if __name__ == "__main__":
    sys.exit(main(SHORT if "--short" in sys.argv else FULL))
