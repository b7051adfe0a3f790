"""A limit of 5 messages a second, eight workers, Redis emptied half-way: how many arrive, and how crowded."""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from redis import Redis

from bench.mock import provider
from bench.targets import SMOKE, verdict
from bench.workers import workers
from tests.production import Gateway
from tests.services import cluster, redis

LIMIT = 5
WORKERS = 8
SECONDS = 10 if SMOKE else 60
MOST = LIMIT + 1
LEAST = int(LIMIT * SECONDS * 0.95)
_QUEUE = """
import django; django.setup()
from credentials.models import ApiCredential
from messaging.accept import accept, through_channel
from messaging.models import ChannelConfiguration, Source
ApiCredential.objects.update(messages_per_second=int(LIMIT))
channel = ChannelConfiguration.objects.select_related("credential").get()
for number in range(int(COUNT)):
    accept(through_channel(channel, to=f"+1415{5_600_000 + number}", text=f"Message {number}", source=Source.API))
"""


def main() -> int:
    """Run once; the promise that no second is crowded is judged in a smoke run, too."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smsgateway-bench-")))
        database = stack.enter_context(cluster())
        broker = stack.enter_context(redis())
        fake = stack.enter_context(provider())
        gateway = Gateway(database.url, directory, provider_url=fake.url, extra={"REDIS_URL": broker})
        gateway.set_up()
        stack.enter_context(workers(gateway, WORKERS))
        gateway.script(_QUEUE, LIMIT=str(LIMIT), COUNT=str(LIMIT * (SECONDS + 15)))
        while not fake.arrivals:
            time.sleep(0.01)
        time.sleep(SECONDS / 2)
        Redis.from_url(broker).flushall()
        time.sleep(SECONDS / 2 + 1)
        moments = sorted(moment for moment, _ in fake.arrivals)
        bodies = {body for _, body in fake.arrivals}
    return report(moments, twice=len(moments) - len(bodies))


def report(moments: list[float], *, twice: int) -> int:
    """Figures and verdict."""
    sent = sum(moment < moments[0] + SECONDS for moment in moments)
    most = most_in_a_second(moments)
    print(f"limit {LIMIT}/s, {WORKERS} workers, {SECONDS} s, Redis emptied after {SECONDS / 2:.0f} s")
    print(f"most in any second: {most} (target {MOST}); sent: {sent} of {LIMIT * SECONDS} (target {LEAST})")
    wrong = [f"{most} in a second instead of at most {MOST}"] if most > MOST else []
    wrong += [f"{twice} sent twice"] if twice else []
    missed = [f"{sent} sent instead of at least {LEAST}"] if sent < LEAST else []
    return verdict(missed, wrong=wrong)


def most_in_a_second(moments: list[float]) -> int:
    """The most in any window of one second, wherever it begins."""
    first = most = 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - 1:
            first += 1
        most = max(most, last - first + 1)
    return most


if __name__ == "__main__":
    sys.exit(main())
