"""Vendor presets: one data file each, no Python per vendor."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

# The order of the "SMS vendor" list; a new vendor is one data file and one word here.
_SLUGS = ("sinch", "twilio", "infobip", "custom")


@dataclass(frozen=True)
class ResponseRules:
    """What a vendor's 2xx answer says, in JMESPath; without a `success_path` every 2xx is success."""

    success_path: str = ""
    success_values: tuple[Any, ...] = ()
    code_path: str = ""
    detail_path: str = ""


@dataclass(frozen=True)
class Preset:
    """What choosing a vendor fills in; `codes` maps the vendor's error codes to FailureClass values."""

    slug: str
    label: str
    provider_name: str
    provider_url: str
    auth_type: str
    message_id_path: str
    app_id_hint: str
    where_to_paste: str
    payload: str
    auth: Mapping[str, str]
    headers: Mapping[str, str]
    response: ResponseRules = ResponseRules()
    codes: Mapping[str, str] = field(default_factory=dict)

    def form_values(self) -> dict[str, str]:
        """Form field name -> value the vendor fills in (headers apart)."""
        return {
            "provider_name": self.provider_name,
            "provider_url": self.provider_url,
            "auth_type": self.auth_type,
            "payload": self.payload,
            "message_id_path": self.message_id_path,
            **self.auth,
        }


def _load(slug: str) -> Preset:
    data = tomllib.loads((Path(__file__).parent / f"{slug}.toml").read_text(encoding="utf-8"))
    response = data.pop("response", {})
    return Preset(
        slug=slug,
        auth=MappingProxyType(data.pop("auth")),
        headers=MappingProxyType(data.pop("headers")),
        payload=data.pop("payload").strip() + "\n",
        response=ResponseRules(
            **{**response, "success_values": tuple(response.get("success_values", ()))},
        ),
        **data,
    )


VENDORS: Mapping[str, Preset] = MappingProxyType({slug: _load(slug) for slug in _SLUGS})
CUSTOM = VENDORS["custom"]


def vendor_choices() -> list[tuple[str, str]]:
    """Choices of the "SMS vendor" field."""
    return [(preset.slug, preset.label) for preset in VENDORS.values()]


def preset_of(slug: str) -> Preset:
    """The vendor's preset; a vendor that is gone counts as custom."""
    return VENDORS.get(slug, CUSTOM)
