"""The configuration of cases against the inputs of a preset: keys that fill nothing, inputs that are missing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from core.templating import suggestion
from credentials.auth import BACKENDS
from credentials.spec import CredentialSpec
from credentials.vendors import Preset
from credentials.vendors.making import as_text
from operations.contracts.cases import SIDES, Contract

# Part of every configuration: the number or name messages come from.
SENDER: Final = "sender"


def contract_problems(contract: Contract, preset: Preset, sides: Iterable[str]) -> list[str]:
    """What is wrong with a provider's `config`, whatever the case.

    A key of a side that is not checked this time is nobody's mistake: it is told of only when all sides are.
    """
    whole = all(side in sides or not contract.cases.get(side) for side in SIDES)
    unknown = unknown_keys(contract.config, preset, "config") if whole else ()
    overridden = {
        name
        for cases in contract.cases.values()
        for case in cases
        for name in case.get("config_override", {})
    }
    return [*unknown, *_missing(contract.config, preset, but_for=overridden)]


def case_problems(config: Mapping[str, Any], override: Mapping[str, Any], preset: Preset) -> list[str]:
    """What is wrong with the configuration of one case; `config` has the override laid in already."""
    return [*unknown_keys(override, preset, "config_override"), *_missing(config, preset)]


def auth_problems(spec: CredentialSpec) -> Iterator[str]:
    """What the auth type needs and nothing has filled in."""
    backend = BACKENDS[spec.auth_type]
    for name in backend.fields:
        if name in backend.required and not getattr(spec.auth, name, ""):
            yield (
                f'auth.{name} is missing: {backend.label} needs it. Write {name} = "{{{{NAME}}}}" with the input '
                "that holds it, and fill that in."
            )


def unknown_keys(given: Iterable[str], preset: Preset, where: str) -> Iterator[str]:
    """The keys that set no input of the preset."""
    known = [SENDER, *(item.name for item in preset.inputs)]
    for name in given:
        if name not in known:
            hint = suggestion(name, known) or f"Known: {', '.join(known)}."
            yield f"{where}: the preset has no input {name}. {hint}"


def _missing(config: Mapping[str, Any], preset: Preset, but_for: Iterable[str] = ()) -> Iterator[str]:
    for item in preset.inputs:
        blank = not as_text(config.get(item.name, item.default)).strip()
        if item.required and blank and item.name not in but_for:
            yield f"config: {item.name} is missing ({item.label}). The preset says that it must be filled in."
