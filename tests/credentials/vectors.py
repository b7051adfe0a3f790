from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import requests

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


def final_request(
    *,
    method: str = "POST",
    url: str = "https://p.example.com/send",
    body: str | bytes | None = b"x",
    content_type: str = "",
) -> requests.PreparedRequest:
    """A request as the builder hands it to a signer: URL and body are final."""
    headers = {"Content-Type": content_type} if content_type else {}
    prepared = requests.Request(method, url, headers=headers).prepare()
    prepared.body = body.encode() if isinstance(body, str) else body
    return prepared
