"""`make chaos-embedded`: the one process of `manage.py up` on SQLite is killed at random."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.chaos.cast import Company, provider_process
from bench.chaos.play import Plan, conclude, perform
from bench.chaos.scene import Scene
from bench.chaos.stage import LATE, again, gateway_process, on_stage, wait_until_up

FULL = Plan(seed=30, messages=5_000, kills={"gateway": 104}, within=3000)
SHORT = Plan(seed=31, messages=200, kills={"gateway": 5}, within=400)


def main(plan: Plan) -> int:
    """Set the stage, perform, judge."""

    def play(directory: Path, company: Company) -> int:
        scene = Scene(directory)
        scene.set_up()
        company.add(provider_process(directory, port=scene.provider_port, seed=plan.seed, late=LATE))
        gateway = company.add(gateway_process(scene))
        wait_until_up(scene)
        return conclude(perform(plan, scene, company, {"gateway": lambda: again(gateway)}))

    return on_stage(play)


if __name__ == "__main__":
    sys.exit(main(SHORT if "--short" in sys.argv else FULL))
