"""How many personalised texts a second one core writes from a message template, beside the engine alone."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from bench.targets import SMOKE, verdict

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsgateway.settings")

ROUNDS = 3 if SMOKE else 15
TEXTS = 200 if SMOKE else 4_000
TARGET = 10_000
SOURCE = (
    "Hello {{profile.firstName | default: 'friend'}}, you have {{profile.points | formatNumber}} points in "
    "{{profile.city | titleCase}}. {% if profile.vip %}Thank you!{% endif %} Reply STOP to end."
)
LINKED = SOURCE + " See https://shop.example/{{profile.id}}"


def main() -> int:
    """Interleaved rounds; medians in texts a second of CPU time, and their ratio to the bare engine."""
    import django

    django.setup()
    contenders = _contenders()
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, write in contenders.items():
            times[name].append(_seconds(write))
    rates = {name: TEXTS / statistics.median(found) for name, found in times.items()}
    for name, rate in rates.items():
        print(f"{name:34} {rate:10,.0f} texts/s   {rate / rates['engine alone']:.2f} of the engine alone")
    return verdict([f"{name} below {TARGET:,}/s" for name in _JUDGED if rates[name] < TARGET])


_JUDGED = (
    "template version",
    "in another language",
    "with a fallback text",
    "counted in parts",
)  # a tracked link is drawn and checked for each recipient besides: shown, not judged


def _contenders() -> dict[str, Callable[[dict[str, Any]], object]]:
    from campaigns.authoring.rendering import Policy, Text, render
    from campaigns.models import MissingPolicy
    from core.templating import Missing
    from core.templating.engine import compiled
    from links.drafting import LinkOptions
    from messaging.measuring import measure

    texts = {"": SOURCE, "de": SOURCE.replace("Hello", "Hallo")}
    template = compiled(SOURCE, Missing.ERROR)
    skip, fallback = Policy(), Policy(MissingPolicy.FALLBACK, "friend")
    links = LinkOptions(owner="bench", base="https://go.example.com", tracks_all=True)

    def counted(context: dict[str, Any]) -> object:
        outcome = render(texts, "", context, skip)
        assert isinstance(outcome, Text)
        return measure(outcome.text)

    return {
        "engine alone": lambda context: template.render(**context),
        "template version": lambda context: render(texts, "", context, skip),
        "in another language": lambda context: render(texts, "de-AT", context, skip),
        "with a fallback text": lambda context: render(texts, "", context, fallback),
        "with a tracked link": lambda context: render({"": LINKED}, "", context, skip, links=links),
        "counted in parts": counted,
    }


def _seconds(write: Callable[[dict[str, Any]], object]) -> float:
    contexts = [
        {
            "toNumber": f"+1415555{number:04}",
            "fromNumber": "12345",
            "profile": {
                "id": number,
                "firstName": f"Ada {number}",
                "points": number,
                "city": "new york",
                "vip": number % 2 == 0,
            },
        }
        for number in range(TEXTS)
    ]
    started = time.process_time()
    for context in contexts:
        write(context)
    return time.process_time() - started


if __name__ == "__main__":
    sys.exit(main())
