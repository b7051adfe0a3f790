"""Which text of a version a recipient gets."""

from __future__ import annotations

from collections.abc import Mapping

from campaigns.models import TemplateVersion

DEFAULT = ""


def choose(version_texts: Mapping[str, str], language: str) -> str | None:
    """The key of the text for a language tag: the tag itself, its base language, the default; None without any."""
    if language in version_texts:
        return language
    if language:
        wanted = language.lower()
        by_lower = {key.lower(): key for key in version_texts}
        for tag in _shorter(wanted):
            if tag in by_lower:
                return by_lower[tag]
    return DEFAULT if DEFAULT in version_texts else None


def _shorter(tag: str) -> list[str]:
    """zh-hant-tw, zh-hant, zh."""
    pieces = tag.split("-")
    return ["-".join(pieces[:count]) for count in range(len(pieces), 0, -1)]


def texts_of(version: TemplateVersion) -> dict[str, str]:
    """All texts of a version by language, in one query; "" is the default."""
    return dict(version.texts.values_list("language", "text"))
