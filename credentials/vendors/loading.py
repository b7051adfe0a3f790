"""Presets from files, texts and parsed data, checked before anybody uses them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from credentials.vendors.preset import Preset, PresetInvalid
from credentials.vendors.problems import preset_problems


def load_preset(path: Path) -> Preset:
    """The preset of a file SLUG.toml; PresetInvalid says what is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise PresetInvalid([f"this file cannot be read: {error}"], name=path.name) from error
    return preset_from_text(text, slug=path.stem, name=path.name)


def preset_from_text(text: str, *, slug: str, name: str = "") -> Preset:
    """The preset written in `text` (TOML); PresetInvalid says what is wrong with it."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PresetInvalid([f"this is no TOML: {error}"], name=name) from error
    return preset_from_data(data, slug=slug, name=name)


def preset_from_data(data: Mapping[str, Any], *, slug: str, name: str = "") -> Preset:
    """The preset of parsed data; PresetInvalid says what is wrong with it."""
    if problems := preset_problems(data):
        raise PresetInvalid(problems, name=name)
    return Preset(slug, MappingProxyType(dict(data)))
