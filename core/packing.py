"""Rows of a file between upload and use: a thousand to a piece, compressed and sealed under the master key."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from core.secrets import seal, unseal

BATCH = 1000

T = TypeVar("T")


def pack(value: Any, *, place: str) -> str:
    """A value (plain JSON) as sealed text, bound to the place where it is kept."""
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return seal(base64.b85encode(zlib.compress(plain, 1)), aad=place)


def unpack(sealed: str, *, place: str) -> Any:
    """What `pack` was given."""
    return json.loads(zlib.decompress(base64.b85decode(unseal(sealed, aad=place))))


def in_batches(items: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    """The items in lists of `size`, the last one shorter; read as they are asked for."""
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
