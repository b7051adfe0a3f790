"""The gallery "Add from a preset"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.http import urlencode

from credentials.auth import BACKENDS
from credentials.vendors import CUSTOM, VENDORS, Preset
from credentials.views.shared import form_url, needs, page

# Countries our presets name; another one is shown by its code.
_COUNTRIES: Final[Mapping[str, str]] = {
    "AU": "Australia", "BR": "Brazil", "CM": "Cameroon", "FR": "France", "JO": "Jordan", "LB": "Lebanon",
    "MW": "Malawi", "MY": "Malaysia", "NP": "Nepal", "PH": "Philippines", "SO": "Somalia",
    "TT": "Trinidad and Tobago", "US": "United States", "UZ": "Uzbekistan",
}  # fmt: skip


@dataclass(frozen=True)
class Card:
    """A preset as the gallery shows it; `words` is what a search looks through."""

    slug: str
    label: str
    about: str
    country: str
    auth: str
    needed: tuple[str, ...]
    docs_url: str
    link: str
    words: str


def gallery(request: HttpRequest) -> HttpResponse:
    """Every preset; `?q=` leaves those that have all its words."""
    needs(request, "add")
    query = request.GET.get("q", "")[:100]
    cards = sorted((card_of(preset) for preset in VENDORS.values() if preset is not CUSTOM), key=_by_label)
    found = {card.slug for card in cards if fits(card, query)}
    context = {"cards": cards, "found": found, "query": query, "custom_link": form_url()}
    return page(request, "gallery", "Add from a preset", **context)


def card_of(preset: Preset) -> Card:
    """The card of a preset."""
    auth_type = str(preset.form_values().get("auth_type", "none"))
    auth = BACKENDS[auth_type].label if auth_type in BACKENDS else auth_type
    country = _COUNTRIES.get(preset.country, preset.country)
    needed = tuple(item.label for item in preset.inputs if item.required)
    words = (
        preset.slug,
        preset.label,
        preset.provider_name,
        preset.about,
        country,
        preset.country,
        auth,
        *needed,
    )
    return Card(
        slug=preset.slug,
        label=preset.label,
        about=preset.about,
        country=country or "International",
        auth=auth,
        needed=needed,
        docs_url=preset.docs_url,
        link=f"{form_url()}?{urlencode({'preset': preset.slug})}",
        words=" ".join(words).casefold(),
    )


def fits(card: Card, query: str) -> bool:
    """Whether every word of the query occurs in the card."""
    return all(word in card.words for word in query.casefold().split())


def _by_label(card: Card) -> str:
    return card.label.casefold()
