"""Telling people from machines that look at links: link previews, security scanners, crawlers. Pure.

A list never knows them all; the reason is kept with each call, so that reports can be read anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# Reason -> what of the User-Agent tells it. The first that matches counts.
_AGENTS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (reason, re.compile(pattern, re.IGNORECASE))
    for reason, pattern in (
        (
            "link_preview",
            r"facebookexternalhit|facebookcatalog|whatsapp|twitterbot|slackbot|slack-imgproxy|telegrambot|discordbot|"
            r"linkedinbot|skypeuripreview|microsoftpreview|viber|snapchat|pinterestbot|redditbot|iframely|embedly|"
            r"google-?(messages|pagerenderer|safety|read-aloud)|mastodon|signal-?preview|line-?poker|kakaotalk-scrap|"
            r"bitlybot|vkshare",
        ),
        (
            "security_scanner",
            r"proofpoint|barracuda|mimecast|symantec|messagelabs|forcepoint|websense|fireeye|trendmicro|sophos|zscaler|"
            r"bitsight|paloalto|cortex-xpanse|netcraft|urlscan|virustotal|checkpoint|safebrowsing|phish|censys|nmap|"
            r"zgrab|masscan|expanse",
        ),
        (
            "crawler",
            r"(?<!cu)bot\b|crawl|spider|slurp|archiver|feedfetcher|mediapartners|bingpreview|yandex(?!browser)|"
            r"baiduspider|applebot|petalbot|lighthouse|pingdom|uptime|monitor",
        ),
        (
            "program",
            r"^(curl|wget|python|go-http-client|java/|okhttp|axios|node|ruby|perl|php|libwww|httpie|postman|"
            r"apache-httpclient|aiohttp|dalvik/[\d.]+$)|headlesschrome|phantomjs|puppeteer|playwright|selenium",
        ),
    )
)
# Headers by which browsers say that nobody has clicked yet.
_AHEAD: tuple[tuple[str, str], ...] = (
    ("sec-purpose", "prefetch"),
    ("purpose", "prefetch"),
    ("purpose", "preview"),
    ("x-purpose", "preview"),
    ("x-moz", "prefetch"),
)


def machine_reason(method: str, headers: Mapping[str, str]) -> str:
    """Why a call is taken for a machine's, "" for a person's. `headers` may be asked with names in lower case."""
    if method != "GET":
        return "not_get"
    if any(value in headers.get(name, "").lower() for name, value in _AHEAD):
        return "prefetch"
    agent = headers.get("user-agent", "").strip()
    if not agent:
        return "no_agent"
    return next((reason for reason, pattern in _AGENTS if pattern.search(agent)), "")
