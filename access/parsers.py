"""Reading JSON bodies of the API: bounded in size and depth, so that no body can take the server down."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import JSONParser

from core.errors import BodyTooDeep, BodyTooLarge

LARGEST_BODY = 1024 * 1024
DEEPEST_BODY = 64
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


class BoundedJSONParser(JSONParser):
    """REST framework's parser behind two limits; BodyTooLarge (413) and BodyTooDeep (400)."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = stream.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            raise BodyTooLarge(f"The body is over {LARGEST_BODY // 1024} KiB. Send fewer things at once.")
        if depth_of(body) > DEEPEST_BODY:
            raise BodyTooDeep(f"The body is nested over {DEEPEST_BODY} levels deep. Flatten it.")
        return super().parse(io.BytesIO(body), media_type, dict(parser_context or {}))


def depth_of(body: bytes) -> int:
    """How many brackets stand open at once at most, whether in strings or not: never less than the true depth."""
    if body.count(b"[") + body.count(b"{") <= DEEPEST_BODY:
        return 0
    deepest = level = 0
    for byte in body.translate(None, _NO_BRACKETS):
        if byte in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif byte in b"]}":
            level -= 1
    return deepest
