"""What people are called, as far as their profiles say."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from profiles.selectors import attributes_for

# The attributes that hold a name, by what operators usually call them; the first that is there.
_WHOLE: Final = ("name", "fullName", "displayName")
_PARTS: Final = ("firstName", "lastName")
_LONGEST: Final = 60


def names_of(msisdns: Collection[str]) -> dict[str, str]:
    """Names by number, for those whose profile has one; one query."""
    named = {msisdn: name_in(found) for msisdn, found in attributes_for(msisdns).items()}
    return {msisdn: name for msisdn, name in named.items() if name}


def name_in(attributes: Mapping[str, Any]) -> str:
    """The name in a profile's attributes, "" without one."""
    whole = next((text for name in _WHOLE if (text := _text(attributes.get(name)))), "")
    return (whole or " ".join(filter(None, (_text(attributes.get(name)) for name in _PARTS))))[:_LONGEST]


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
