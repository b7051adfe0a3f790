"""Every signature vector, with the clock pinned: the verdict, a replay, another secret, another byte."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from requests.structures import CaseInsensitiveDict

from webhooks.callback import Callback
from webhooks.verification import Secret, VerificationSpec, Verifier, verifier

FILE = Path(__file__).parents[1] / "data" / "signatures.json"
VECTORS: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))["vectors"]
VALID = [vector for vector in VECTORS if vector["valid"]]
_SCHEMES = {
    "twilio-hmac": "twilio",
    "sinch-nonce": "sinch",
    "telnyx-ed25519": "ed25519",
    "messagebird-jwt": "jwt",
    "standard-webhooks": "standard",
    "hmac-header": "hmac",
    "basic": "basic",
}
_OTHER_KEY = base64.b64encode(
    bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
).decode()


def spec_of(vector: Mapping[str, Any]) -> VerificationSpec:
    spec = VerificationSpec(scheme=_SCHEMES[vector["scheme"]])
    if vector["scheme"] == "basic":
        return replace(spec, username=vector["secret"]["username"])
    config = vector.get("config")
    if config is None:
        return spec
    return replace(
        spec,
        header=config["header"],
        algorithm=config["algorithm"],
        encoding=config["encoding"],
        prefix=config["prefix"],
        signed=config["signed"],
        timestamp_header=config["timestamp_header"] or "",
        tolerance=config["tolerance"] or 300,
        secret_encoding="base64" if vector.get("secret_encoding") == "base64" else "text",
    )


def secret_of(vector: Mapping[str, Any]) -> str:
    secret = vector["secret"]
    return str(secret["password"] if isinstance(secret, dict) else secret)


def verifier_of(vector: Mapping[str, Any], *secrets: str) -> Verifier:
    url = urlsplit(vector["url"])
    keys = [
        Secret(value=value, id=str(number)) for number, value in enumerate(secrets or [secret_of(vector)])
    ]
    return verifier(spec_of(vector), keys, public_url=f"{url.scheme}://{url.netloc}")


def callback_of(vector: Mapping[str, Any]) -> Callback:
    url = urlsplit(vector["url"])
    coded = vector.get("body_b64")
    return Callback(
        method=vector["method"],
        path=url.path,
        query=url.query,
        headers=CaseInsensitiveDict(vector["headers"]),
        body=base64.b64decode(coded) if coded else vector["body"].encode(),
        received_at=datetime.fromtimestamp(vector["now"], UTC),
    )


def _id(vector: Mapping[str, Any]) -> str:
    return str(vector["id"])


@pytest.mark.parametrize("vector", VECTORS, ids=_id)
def test_the_verdict_is_the_expected_one(vector: dict[str, Any]) -> None:
    verdict = verifier_of(vector).check(callback_of(vector))

    assert verdict.valid is vector["valid"], verdict.reason
    assert vector["valid"] or verdict.reason


@pytest.mark.parametrize("vector", VALID, ids=_id)
def test_another_secret_is_refused(vector: dict[str, Any]) -> None:
    other = {"telnyx-ed25519": _OTHER_KEY, "standard-webhooks": "whsec_b3RoZXIgc2VjcmV0IG9mIGEgdGVuYW50"}
    secret = other.get(vector["scheme"], f"{secret_of(vector)}x")

    assert not verifier_of(vector, secret).check(callback_of(vector)).valid


@pytest.mark.parametrize("vector", VALID, ids=_id)
def test_the_right_secret_counts_beside_others(vector: dict[str, Any]) -> None:
    other = {"telnyx-ed25519": _OTHER_KEY, "standard-webhooks": "whsec_b3RoZXIgc2VjcmV0IG9mIGEgdGVuYW50"}
    secrets = (other.get(vector["scheme"], "another secret"), secret_of(vector))

    verdict = verifier_of(vector, *secrets).check(callback_of(vector))

    assert verdict.valid, verdict.reason
    assert verdict.secret == "1"


@pytest.mark.parametrize("vector", [v for v in VALID if v["scheme"] != "basic"], ids=_id)
def test_a_changed_byte_anywhere_in_the_body_is_refused(vector: dict[str, Any]) -> None:
    check, callback = verifier_of(vector).check, callback_of(vector)
    body = callback.body

    changed = [body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :] for at in range(len(body))]

    for other in [*changed, body + b"\n", body + b"&a=1", body[:-1] if body else b"{}"]:
        assert not check(replace(callback, body=other)).valid, other
