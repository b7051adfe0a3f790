"""Writes docs/helpers.md: `python -m core.templating.functions.page`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from core.templating.functions.catalogue import EXAMPLE, HELPERS

PAGE = Path(__file__).parents[3] / "docs" / "helpers.md"


def helpers_page() -> str:
    """The page docs/helpers.md."""
    lines = [
        "# Helper functions",
        "",
        "In a message a helper function stands after a bar: `{{ profile.firstName | upper }}`. Several may follow",
        "each other. The editor lists them under *Insert* with a search box; the examples here are of this recipient:",
        "",
        "```json",
        *_example_lines(),
        "```",
        "",
        "This page is made from `core/templating/functions/catalogue.py` by",
        "`python -m core.templating.functions.page`. Every example runs in a test.",
    ]
    for group in HELPERS:
        lines += [
            "",
            f"## {group.label}",
            "",
            "| Function | Example | Writes | What it is for |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| `{helper.name}` | `{_cell(helper.insert)}` | {_shown(helper.shows)} | {_cell(helper.help)} |"
            for helper in group.helpers
        ]
    return "\n".join([*lines, "", *_CONDITIONS, ""])


def _example_lines() -> list[str]:

    return json.dumps(EXAMPLE, indent=2, ensure_ascii=False).splitlines()


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _shown(text: str) -> str:
    return f"`{_cell(text)}`" if text else "varies"


_CONDITIONS: Final = (
    "## Conditions and lists",
    "",
    "```",
    "{% if profile.points > 1000 %}Thank you for {{ profile.points }} points!{% else %}Collect more points.{% endif %}",
    "{% unless profile.optedIn %}…{% endunless %}",
    "{% assign isGold = profile.tier | equalsIgnoreCase: 'gold' %}{% if isGold %}…{% endif %}",
    "{% for order in profile.orders %}{{ order.id }} {% endfor %}",
    "{% case profile.tier %}{% when 'gold' %}…{% else %}…{% endcase %}",
    "```",
    "",
    "A condition takes no helper function; `assign` its result first, as above. A whole text may take 10,000 steps and",
    "1,000 loop turns, and no value may grow beyond 20,000 characters.",
)


if __name__ == "__main__":
    PAGE.write_text(helpers_page(), encoding="utf-8")
