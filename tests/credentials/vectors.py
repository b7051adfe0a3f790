from __future__ import annotations

import json
from pathlib import Path
from typing import Any

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "data" / "auth.json").read_text(encoding="utf-8")
)
NOW: int = VECTORS["meta"]["now"]


def rows(*path: str) -> list[Any]:
    import pytest

    found: Any = VECTORS
    for name in path:
        found = found[name]
    return [pytest.param(row, id=row["id"]) for row in found]


def key_of(vector_id: str) -> dict[str, Any]:
    return next(row for row in VECTORS["jwt"] if row["id"] == vector_id)
