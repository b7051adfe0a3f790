"""Vendor presets: one data file each, no Python per vendor."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from credentials.vendors.loading import load_preset, preset_from_text
from credentials.vendors.preset import Preset, PresetInvalid
from credentials.vendors.problems import preset_problems

__all__ = [
    "CUSTOM",
    "DOCUMENTED",
    "VENDORS",
    "Preset",
    "PresetInvalid",
    "load_directory",
    "load_preset",
    "preset_from_text",
    "preset_of",
    "preset_problems",
    "vendor_choices",
]

# The documented "SMS vendor" list, in its order; every other file of the directory follows by its label.
DOCUMENTED: Final = ("sinch", "twilio", "infobip", "custom")


def load_directory(directory: Path) -> dict[str, Preset]:
    """Slug -> preset for every file SLUG.toml; PresetInvalid names file and fault."""
    presets = [load_preset(path) for path in sorted(directory.glob("*.toml"))]
    rank = {slug: index for index, slug in enumerate(DOCUMENTED)}
    presets.sort(key=lambda preset: (rank.get(preset.slug, len(rank)), preset.label.casefold()))
    return {preset.slug: preset for preset in presets}


VENDORS: Final[Mapping[str, Preset]] = MappingProxyType(load_directory(Path(__file__).parent))
CUSTOM: Final = VENDORS["custom"]


def vendor_choices() -> list[tuple[str, str]]:
    """Choices of the "SMS vendor" field."""
    return [(preset.slug, preset.label) for preset in VENDORS.values()]


def preset_of(slug: str) -> Preset:
    """The vendor's preset; a vendor that is gone counts as custom."""
    return VENDORS.get(slug, CUSTOM)
