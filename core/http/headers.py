"""Headers copied and read without their case-blind dictionary's detours: each of them is a look-up by lower case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from requests.structures import CaseInsensitiveDict


def copy_of(headers: CaseInsensitiveDict[str]) -> CaseInsensitiveDict[str]:
    """What `headers.copy()` gives."""
    made: CaseInsensitiveDict[str] = CaseInsensitiveDict()
    made._store = headers._store.copy()  # type: ignore[attr-defined]
    return made


def pairs_of(headers: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """What `headers.items()` gives."""
    if type(headers) is CaseInsensitiveDict:
        return headers._store.values()  # type: ignore[attr-defined,no-any-return]
    return headers.items()
