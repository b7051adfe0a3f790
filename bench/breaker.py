"""A dead provider beside a healthy one: what the healthy one's messages notice of it, from accept to the provider."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.mock import Provider, provider
from bench.targets import SMOKE, verdict
from bench.workers import workers
from tests.production import Gateway
from tests.services import cluster, redis

ROUNDS = 2 if SMOKE else 7
MESSAGES = 20 if SMOKE else 100
WORKERS = 1 if SMOKE else 2
MOST = 0.25
_DEAD = """
import django; django.setup()
from credentials.models import ApiCredential
from messaging.models import ChannelConfiguration
healthy = ApiCredential.objects.get()
dead = ApiCredential.objects.create(
    name="Dead", provider_url=URL, api_token="token-1234", payload=healthy.payload
)
ChannelConfiguration.objects.create(
    name="dead", credential=dead, sender="+14155550101", purpose="transactional", status="active"
)
"""
# Accepts messages at a steady pace and prints when each was accepted; with the dead one's in between when asked to.
_ACCEPT = """
import django; django.setup()
import time
from messaging.accept import accept, through_channel
from messaging.models import ChannelConfiguration, Source
channels = {row.name: row for row in ChannelConfiguration.objects.select_related("credential")}
for number in range(int(COUNT)):
    to = f"+1415{int(FIRST) + number:07d}"
    if WITH_DEAD == "yes":
        accept(through_channel(channels["dead"], to=to, text="Hello", source=Source.API))
    accept(through_channel(channels["shop"], to=to, text="Hello", source=Source.API))
    print(to, time.time())
    time.sleep(0.02)
"""


def main() -> int:
    """Rounds with the healthy provider alone and with the dead one, in turn."""
    alone: list[float] = []
    beside: list[float] = []
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smsgateway-bench-")))
        database = stack.enter_context(cluster())
        broker = stack.enter_context(redis())
        healthy = stack.enter_context(provider())
        dead = stack.enter_context(provider(is_dead=True, seconds=0.2))
        hosts = f"127.0.0.1:{healthy.port},127.0.0.1:{dead.port}"
        extra = {"REDIS_URL": broker, "SMSGATEWAY_PRIVATE_HOSTS": hosts}
        gateway = Gateway(database.url, directory, provider_url=healthy.url, extra=extra)
        gateway.set_up()
        gateway.script(_DEAD, URL=dead.url)
        stack.enter_context(workers(gateway, WORKERS))
        one_round(gateway, healthy, -1, with_dead=False)
        for number in range(ROUNDS):
            alone.append(one_round(gateway, healthy, 2 * number, with_dead=False))
            beside.append(one_round(gateway, healthy, 2 * number + 1, with_dead=True))
        asked = len(dead.arrivals)
    return report(alone, beside, asked)


def one_round(gateway: Gateway, healthy: Provider, number: int, *, with_dead: bool) -> float:
    """The p95 in seconds from accept to the healthy provider."""
    first = 5_600_000 + (number + 1) * MESSAGES
    healthy.arrivals.clear()
    printed = gateway.script(
        _ACCEPT, COUNT=str(MESSAGES), FIRST=str(first), WITH_DEAD="yes" if with_dead else "no"
    )
    accepted = {line.split()[0]: float(line.split()[1]) for line in printed.splitlines()}
    deadline = time.monotonic() + 30
    while len(healthy.arrivals) < MESSAGES:
        assert time.monotonic() < deadline, f"{len(healthy.arrivals)} of {MESSAGES} arrived"
        time.sleep(0.05)
    arrived = {
        number: moment
        for moment, body in healthy.arrivals
        for number in accepted
        if number[1:].encode() in body
    }
    waits = sorted(max(arrived[to] - moment, 0.0) for to, moment in accepted.items())
    return waits[int(len(waits) * 0.95)]


def report(alone: list[float], beside: list[float], asked: int) -> int:
    """Figures and verdict."""
    before, after = statistics.median(alone), statistics.median(beside)
    change = after / before - 1
    offered = ROUNDS * MESSAGES
    print(f"healthy provider alone:         p95 {before * 1000:.1f} ms (median of {ROUNDS} rounds)")
    print(f"beside one that is dead:        p95 {after * 1000:.1f} ms, {change:+.0%} (target +{MOST:.0%})")
    print(f"the dead one was asked {asked} times for {offered} messages")
    wrong = [f"the dead provider was asked {asked} times"] if asked >= offered else []
    return verdict(
        [f"p95 changes by {change:+.0%}, not by less than {MOST:.0%}"] if change >= MOST else [], wrong=wrong
    )


if __name__ == "__main__":
    sys.exit(main())
