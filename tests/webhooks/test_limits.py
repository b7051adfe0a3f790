from __future__ import annotations

import gzip
import io
import json
import zlib
from typing import Any
from unittest.mock import patch

import pytest

from tests.webhooks.conftest import Post, inbound, only_request
from webhooks.callback import LARGEST_BODY
from webhooks.limits import LARGEST_UNPACKED, Refused, read_body
from webhooks.models import InboundMessage, RequestState

BODY = json.dumps(inbound("Hello")).encode()


def environ(body: bytes, **values: Any) -> dict[str, Any]:
    return {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body)), **values}


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(BODY)),
        ("x-gzip", gzip.compress(BODY)),
        ("GZIP ", gzip.compress(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", raw_deflate(BODY)),
        ("identity", BODY),
        ("", BODY),
    ],
)
def test_packed_bodies_are_read(post: Post, coding: str, packed: bytes) -> None:
    assert post(packed, HTTP_CONTENT_ENCODING=coding).status_code == 200
    assert InboundMessage.objects.get().text == "Hello"
    assert only_request().raw_body == BODY


@pytest.mark.parametrize(
    ("coding", "body"), [("gzip", b"no gzip"), ("gzip", gzip.compress(BODY)[:-9]), ("br", b"\x0b\x02\x80")]
)
def test_what_cannot_be_unpacked_is_kept_for_staff(post: Post, coding: str, body: bytes) -> None:
    assert post(body, HTTP_CONTENT_ENCODING=coding).status_code == 200
    assert only_request().state == RequestState.QUARANTINED
    assert only_request().raw_body == body


@pytest.mark.parametrize(
    ("values", "body", "status"),
    [
        ({}, b"x" * (LARGEST_BODY + 1), 413),
        ({"CONTENT_LENGTH": "", "wsgi.input_terminated": True}, b"x" * (LARGEST_BODY + 1), 413),
        ({"CONTENT_LENGTH": "99999999999"}, b"", 413),
        ({"CONTENT_LENGTH": "10"}, b"short", 400),
        ({"HTTP_CONTENT_ENCODING": "gzip"}, gzip.compress(b"0" * (LARGEST_UNPACKED + 1)), 413),
        ({"HTTP_CONTENT_ENCODING": "deflate"}, zlib.compress(b"0" * 50_000_000), 413),
    ],
)
def test_over_a_limit_the_caller_is_told(values: dict[str, Any], body: bytes, status: int) -> None:
    with pytest.raises(Refused) as refusal:
        read_body(environ(body, **values))
    assert refusal.value.answer.status == status


@pytest.mark.parametrize(
    ("values", "read"),
    [
        ({"CONTENT_LENGTH": "", "wsgi.input_terminated": True}, b"in pieces"),
        ({"CONTENT_LENGTH": ""}, b""),
        ({"CONTENT_LENGTH": "nonsense", "wsgi.input_terminated": True}, b"in pieces"),
        ({"CONTENT_LENGTH": "2"}, b"in"),
    ],
)
def test_a_body_ends_where_its_length_or_the_server_says(values: dict[str, Any], read: bytes) -> None:
    assert read_body(environ(b"in pieces", **values)) == read


def test_a_body_that_trickles_in_is_given_up() -> None:
    class Trickle(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return b"x"

    moments = iter(float(second) for second in range(100))
    with patch("webhooks.limits.time.monotonic", lambda: next(moments)), pytest.raises(Refused) as refusal:
        read_body(environ(b"", **{"wsgi.input": Trickle(), "CONTENT_LENGTH": "1000"}))
    assert refusal.value.answer.status == 408
