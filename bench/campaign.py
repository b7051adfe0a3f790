"""Campaigns on PostgreSQL: collecting recipients, writing their texts, handing them over, following their links."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from bench.targets import SMOKE, verdict

PROFILES = int(os.environ.get("BENCH_ROWS", "20000" if SMOKE else "1000000"))
TEXTS = 5_000 if SMOKE else 50_000
HANDED_OVER = 1_000 if SMOKE else 10_000
CALLS = 200 if SMOKE else 2_000
ROUNDS = 3
EXPANDED_PER_SECOND = 5_000
TEXTS_PER_SECOND = 10_000
REDIRECT_MS = 5.0
MOST_MIB = 300.0
TEXT = (
    "Hi {{ profile.firstName | default: 'friend' }}, your {{ profile.plan.name }} plan in {{ profile.city }} renews "
    "soon. Reply STOP to opt out"
)
_FILL = """
INSERT INTO profiles_profile (id, msisdn, external_id, attributes, language, time_zone, created_at, updated_at)
SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, '+1' || (2015000000 + n)::text, 'p' || n,
       jsonb_build_object('firstName', 'Ada', 'city', 'Berlin', 'plan', jsonb_build_object('name', 'Plus'), 'n', n),
       '', CASE mod(n, 3) WHEN 0 THEN 'Europe/Berlin' WHEN 1 THEN 'America/New_York' ELSE '' END, now(), now()
FROM generate_series(1, %s) AS n
"""


def main() -> int:
    from tests import services

    with tempfile.TemporaryDirectory() as directory, services.postgresql() as url:
        environment = {
            **os.environ, "SMSGATEWAY_DATA_DIR": str(Path(directory) / "data"), "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "smsgateway.settings", "SMSGATEWAY_CAMPAIGN_AHEAD": "1000000",
        }  # fmt: skip
        output = subprocess.run(
            [sys.executable, "-m", "bench.campaign", "child"],
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout
    result: dict[str, float] = json.loads(output.splitlines()[-1])
    print(
        f"collecting: {PROFILES:,} recipients at {result['expanded']:,.0f}/s, peak {result['mib']:.0f} MiB\n"
        f"writing: {result['texts']:,.0f} texts/s on one core\n"
        f"handing over: {result['handed']:,.0f} messages/s by one worker\n"
        f"redirect: p50 {result['p50']:.1f} ms, p99 {result['p99']:.1f} ms of server time"
    )
    return verdict(_missed(result))


def _missed(result: Mapping[str, float]) -> list[str]:
    expanded, texts = result["expanded"], result["texts"]
    limits = (
        (expanded < EXPANDED_PER_SECOND, f"{expanded:,.0f} recipients/s, under {EXPANDED_PER_SECOND:,}"),
        (texts < TEXTS_PER_SECOND, f"{texts:,.0f} texts/s, under {TEXTS_PER_SECOND:,}"),
        (result["p50"] > REDIRECT_MS, f"redirect p50 {result['p50']:.1f} ms, over {REDIRECT_MS:g}"),
        (result["mib"] > MOST_MIB, f"collecting takes {result['mib']:.0f} MiB, over {MOST_MIB:.0f}"),
    )
    return [text for is_missed, text in limits if is_missed]


def child() -> int:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(_FILL, [PROFILES])
        cursor.execute("ANALYZE")
    run_id = _started()
    result = _expanded(run_id) | _handed_over(run_id) | _written() | _followed()
    print(json.dumps(result))
    return 0


def _started() -> object:
    from campaigns import steps
    from campaigns.models import Audience, Campaign, MessageTemplate
    from credentials.models import ApiCredential
    from messaging.models import ChannelConfiguration, ChannelStatus

    credential = ApiCredential.objects.create(
        name="Provider", provider_url="https://provider.example.com/send", api_token="token-1234",
        payload='{"to": "{{toNumber}}", "text": "{{message}}"}',
    )  # fmt: skip
    channel = ChannelConfiguration.objects.create(
        name="news", credential=credential, sender="+14155550100", purpose="marketing", require_opt_in=False,
        countries_allowed="*", track_links=True, status=ChannelStatus.ACTIVE,
    )  # fmt: skip
    version = MessageTemplate.objects.create(name="bench").versions.create(number=1)
    version.texts.create(language="", text=f"{TEXT} https://www.example.com/spring")
    campaign = Campaign.objects.create(
        name="bench", channel=channel, audience=Audience.objects.create(name="all", filter={})
    )
    for label in ("A", "B"):
        campaign.variants.create(label=label, version=version)
    steps.start(campaign_id=campaign.id, actor="bench")
    return campaign.runs.get().id


def _expanded(run_id: object) -> dict[str, float]:
    from campaigns.models import CampaignRun, Recipient, RunState
    from campaigns.running.advancing import advance

    started = time.perf_counter()
    while CampaignRun.objects.get(id=run_id).state == RunState.EXPANDING:
        advance(run_id)  # type: ignore[arg-type]
    seconds = time.perf_counter() - started
    assert Recipient.objects.count() == PROFILES
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"expanded": PROFILES / seconds, "mib": peak}


def _handed_over(run_id: object) -> dict[str, float]:
    from campaigns.running.advancing import advance
    from messaging.models import Message

    started = time.perf_counter()
    while Message.objects.count() < HANDED_OVER:
        assert advance(run_id)  # type: ignore[arg-type]
    return {"handed": Message.objects.count() / (time.perf_counter() - started)}


def _written() -> dict[str, float]:
    """Texts of recipients who differ, by one thread, the best of some rounds: the machine may be busy."""
    from campaigns.authoring.rendering import Policy, Text, render

    contexts = [
        {
            "toNumber": f"+1415{index:07d}", "fromNumber": "+14155550100",
            "profile": {"firstName": f"Ada{index}", "city": "Berlin", "plan": {"name": "Plus"}},
        }
        for index in range(TEXTS)
    ]  # fmt: skip
    rates = []
    for _ in range(ROUNDS):
        started = time.process_time()
        made = [render({"": TEXT}, "", context, Policy()) for context in contexts]
        rates.append(TEXTS / (time.process_time() - started))
        assert all(isinstance(one, Text) for one in made)
    return {"texts": max(rates)}


def _followed() -> dict[str, float]:
    """Time in the server for a person's click: finding the link, noting the click, answering."""
    from django.test import Client

    from links.models import TrackedLink

    slugs = list(TrackedLink.objects.values_list("slug", flat=True)[:CALLS])
    client, times = Client(HTTP_HOST="localhost", HTTP_USER_AGENT=_PHONE), []
    for slug in [*slugs[:50], *slugs]:
        started = time.perf_counter()
        answer = client.get(f"/{slug}")
        times.append(1000 * (time.perf_counter() - started))
        assert answer.status_code in (301, 302, 307), answer.status_code
    ordered = sorted(times[50:])
    return {"p50": statistics.median(ordered), "p99": ordered[int(len(ordered) * 0.99)]}


_PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile Safari/604.1"


if __name__ == "__main__":
    sys.exit(child() if sys.argv[1:] == ["child"] else main())
