"""Countries by name with their calling code, for lists to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import phonenumbers
from phonenumbers import SUPPORTED_REGIONS, country_code_for_region

# Regions that the table of names leaves out.
_UNNAMED = {"AC": "Ascension Island", "TA": "Tristan da Cunha", "XK": "Kosovo"}


@lru_cache(maxsize=1)
def countries() -> tuple[tuple[str, str], ...]:
    """Code and words of every country, by name, after the choice of none; loaded on first use."""
    table = _names()

    def english(code: str) -> str:
        names = table.get(code, {})
        name = names.get("en", _UNNAMED.get(code, code))
        return names[name[1:]] if name.startswith("*") else name  # "*aa": the same as in language aa

    named = sorted((english(code), code) for code in SUPPORTED_REGIONS)
    listed = ((code, f"{name} ({code}, +{country_code_for_region(code)})") for name, code in named)
    return ("", "No default: numbers need + and a country code"), *listed


def _names() -> Mapping[str, Mapping[str, str]]:
    """Country -> language -> name, from the library's one file: its package would load the areas of all numbers.

    That takes 100 MB for good and, where nothing is compiled yet, seconds that whoever opens the first form waits for.
    """
    place = Path(phonenumbers.__file__).parent / "geodata" / "locale.py"
    spec = spec_from_file_location("phonenumbers.geonames.locale", place)
    assert spec is not None
    assert spec.loader is not None
    module: Any = module_from_spec(spec)
    spec.loader.exec_module(module)
    names: Mapping[str, Mapping[str, str]] = module.LOCALE_DATA
    return names
