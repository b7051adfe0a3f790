"""What a forger may try, against every scheme: nothing gets through, and nothing raises."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from requests.structures import CaseInsensitiveDict

from tests.webhooks.signing import BASE, BODY, EPOCH, PATH, SCHEMES, SECRET, Signed, body_of, token
from webhooks.callback import Callback
from webhooks.verification import Cause, Secret, VerificationSpec, verifier

KINDS = sorted(SCHEMES)
SIGNING = ["hmac", "twilio", "sinch", "standard", "ed25519", "jwt"]
TIMED = ["hmac", "sinch", "standard", "ed25519"]
PROOF = {
    "header": "X-Secret", "basic": "Authorization", "bearer": "Authorization", "hmac": "X-Signature",
    "twilio": "X-Twilio-Signature", "sinch": "x-sinch-webhook-signature", "standard": "webhook-signature",
    "ed25519": "telnyx-signature-ed25519", "jwt": "MessageBird-Signature-JWT",
}  # fmt: skip
TIMES = {
    "hmac": "X-Time", "sinch": "x-sinch-webhook-signature-timestamp", "standard": "webhook-timestamp",
    "ed25519": "telnyx-timestamp",
}  # fmt: skip
OTHERS = {
    "standard": f"whsec_{base64.b64encode(b'another secret of thirty-two bytes').decode()}",
    "ed25519": "O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=",
}


def call_of(kind: str) -> Callback:
    return SCHEMES[kind].call(body_of(kind))


def with_header(callback: Callback, name: str, value: str | None) -> Callback:
    headers = CaseInsensitiveDict(callback.headers)
    if value is None:
        del headers[name]
    else:
        headers[name] = value
    return replace(callback, headers=headers)


@pytest.mark.parametrize("kind", KINDS)
def test_a_genuine_call_is_believed(kind: str) -> None:
    verdict = SCHEMES[kind].verifier().check(call_of(kind))
    assert verdict.valid, verdict.reason


def _swapcase(value: str) -> str:
    return value.swapcase()


FORGERIES: dict[str, Callable[[str], str | None]] = {
    "none": lambda proof: None,
    "empty": lambda proof: "",
    "blank": lambda proof: "   ",
    "truncated": lambda proof: proof[:-3],
    "longer": lambda proof: f"{proof}AA",
    "twice": lambda proof: f"{proof},{proof}x",
    "twice the same": lambda proof: f"{proof},{proof}",
    "other case": _swapcase,
    "a word": lambda proof: "signature",
    "not ASCII": lambda proof: f"{proof[:-1]}é",
    "full width": lambda proof: proof.translate({ord("1"): "１", ord("a"): "ａ", ord("A"): "Ａ"}) + "１",
    "surrogate": lambda proof: f"{proof[:-1]}\udcff",
    "zero byte": lambda proof: f"{proof}\0",
    "huge": lambda proof: proof * 2000,
}


@pytest.mark.parametrize("forgery", FORGERIES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_forged_proof_is_refused(kind: str, forgery: str) -> None:
    callback = call_of(kind)
    value = FORGERIES[forgery](callback.headers[PROOF[kind]])
    if kind == "hmac" and forgery == "other case":
        value = (value or "").swapcase().replace("sha256", "SHA256")
    if kind == "standard" and forgery == "twice":
        value = (value or "").replace("v1,", "v2,")

    verdict = SCHEMES[kind].verifier().check(with_header(callback, PROOF[kind], value))

    assert not verdict.valid
    assert verdict.reason
    assert SECRET not in verdict.reason


@pytest.mark.parametrize("kind", KINDS)
def test_another_tenants_key_is_refused(kind: str) -> None:
    other = OTHERS.get(kind, "the secret of another tenant, also long")
    assert not SCHEMES[kind].verifier(other).check(call_of(kind)).valid


@pytest.mark.parametrize("secrets", [[], [""], ["  "]], ids=["none", "empty", "blank"])
@pytest.mark.parametrize("kind", KINDS)
def test_without_a_secret_nobody_is_believed(kind: str, secrets: list[str]) -> None:
    signed = SCHEMES[kind]
    keys = [Secret(value=value) for value in secrets]
    calls = [call_of(kind), Callback(path=PATH, body=body_of(kind))]
    if kind not in ("standard", "ed25519"):
        calls.append(Signed(kind, secret="", settings=signed.settings).call(body_of(kind)))

    for callback in calls:
        verdict = verifier(signed.spec, keys, public_url=BASE).check(callback)
        assert not verdict.valid
        assert verdict.cause is Cause.NOT_SET_UP
        assert "secret" in verdict.reason


@pytest.mark.parametrize("kind", SIGNING)
@pytest.mark.parametrize(
    "changed",
    [
        lambda body: body + b"\n",
        lambda body: body + b" ",
        lambda body: body[:-1],
        lambda body: b"",
        lambda body: body.replace(b"STOP", b"START"),
        lambda body: json.dumps(json.loads(body)).encode() if body.startswith(b"{") else body + b"&a=b",
    ],
    ids=["line break", "blank", "cut", "gone", "START", "written anew"],
)
def test_a_changed_body_is_refused(kind: str, changed: Callable[[bytes], bytes]) -> None:
    callback = call_of(kind)
    assert not SCHEMES[kind].verifier().check(replace(callback, body=changed(callback.body))).valid


@pytest.mark.parametrize("kind", ["twilio", "jwt"])
@pytest.mark.parametrize(
    "change",
    [
        {"path": "/hooks/other/"},
        {"path": "/hooks/abc"},
        {"query": "b=2&a=1"},
        {"query": "a=1"},
        {"query": ""},
    ],
    ids=str,
)
def test_another_url_is_refused_where_the_url_is_signed(kind: str, change: dict[str, str]) -> None:
    callback = SCHEMES[kind].call(body_of(kind), query="a=1&b=2")
    assert SCHEMES[kind].verifier().check(callback).valid
    verdict = SCHEMES[kind].verifier().check(replace(callback, **change))  # type: ignore[arg-type]
    assert not verdict.valid
    assert verdict.signed_url.startswith(f"{BASE}/hooks/")


@pytest.mark.parametrize("kind", ["twilio", "jwt"])
def test_what_a_request_says_of_its_host_counts_for_nothing(kind: str) -> None:
    forged = verifier(SCHEMES[kind].spec, [Secret(value=SECRET)], public_url="https://elsewhere.example")
    callback = call_of(kind)
    for name, value in {"Host": "sms.example.com", "X-Forwarded-Host": "sms.example.com"}.items():
        callback = with_header(callback, name, value)
    assert not forged.check(callback).valid


@pytest.mark.parametrize(
    ("at", "cause"),
    [
        (EPOCH - 300, None),
        (EPOCH - 301, Cause.OLD),
        (EPOCH - 86_400, Cause.OLD),
        (EPOCH + 30, None),
        (EPOCH + 31, Cause.FUTURE),
        (EPOCH + 10**9, Cause.FUTURE),
        (0, Cause.OLD),
    ],
)
@pytest.mark.parametrize("kind", TIMED)
def test_the_signed_time_must_be_near(kind: str, at: int, cause: Cause | None) -> None:
    verdict = SCHEMES[kind].verifier().check(SCHEMES[kind].call(at=at))
    assert verdict.valid is (cause is None)
    assert verdict.cause is cause


@pytest.mark.parametrize(
    "value", ["NaN", "nan", "inf", "-1", f"-{EPOCH}", "1e9", "", "0x10", "٣٠٠", "9" * 400, f"{EPOCH}\n", "²"]
)
@pytest.mark.parametrize("kind", TIMED)
def test_a_time_that_is_none_is_refused(kind: str, value: str) -> None:
    assert not SCHEMES[kind].verifier().check(with_header(call_of(kind), TIMES[kind], value)).valid


@pytest.mark.parametrize("kind", ["sinch", "standard", "ed25519"])
def test_a_query_without_body_is_not_covered_by_a_signature_of_the_body(kind: str) -> None:
    signed = SCHEMES[kind]
    genuine = signed.call(b"")
    assert signed.verifier().check(genuine).valid

    forged = replace(genuine, method="GET", query="status=delivered&id=1")

    assert signed.verifier().check(forged).cause is Cause.UNCOVERED


def test_a_json_body_must_be_covered_by_the_url_twilio_signs() -> None:
    signed = SCHEMES["twilio"]
    digest = hashlib.sha256(BODY).hexdigest()
    url_only = with_header(signed.call(b"", query=f"bodySHA256={digest}"), "Content-Type", "application/json")
    plain = with_header(signed.call(b""), "Content-Type", "application/json")
    cases = {
        "its digest in the URL": (replace(url_only, body=BODY), None),
        "another body": (replace(url_only, body=BODY + b" "), Cause.BODY),
        "no digest": (replace(plain, body=BODY), Cause.UNCOVERED),
    }
    assert {name: signed.verifier().check(call).cause for name, (call, _) in cases.items()} == {
        name: cause for name, (_, cause) in cases.items()
    }


def _claims(**changes: Any) -> dict[str, Any]:
    url = hashlib.sha256(f"{BASE}{PATH}".encode()).hexdigest()
    body = hashlib.sha256(BODY).hexdigest()
    claims = {"iss": "MessageBird", "nbf": EPOCH, "exp": EPOCH + 60, "url_hash": url, "payload_hash": body}
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}


JWTS: dict[str, tuple[dict[str, Any], Any, Cause | None]] = {
    "as it should be": (_claims(), None, None),
    "without expiry, young": (_claims(exp=None), None, None),
    "without expiry, old": (_claims(exp=None, nbf=EPOCH - 301), None, Cause.OLD),
    "without any time": (_claims(exp=None, nbf=None), None, Cause.UNREADABLE),
    "expired by a second": (_claims(exp=EPOCH - 1), None, None),
    "expired": (_claims(exp=EPOCH - 2), None, Cause.OLD),
    "not yet": (_claims(nbf=EPOCH + 2), None, Cause.FUTURE),
    "made later": (_claims(nbf=None, iat=EPOCH + 2), None, Cause.FUTURE),
    "expiry is a text": (_claims(exp="never"), None, Cause.UNREADABLE),
    "expiry is true": (_claims(exp=True), None, Cause.UNREADABLE),
    "expiry is not a number": (_claims(exp=float("nan")), None, Cause.UNREADABLE),
    "expiry is infinite": (_claims(exp=float("inf")), None, Cause.UNREADABLE),
    "time is negative": (_claims(nbf=-1), None, Cause.UNREADABLE),
    "another issuer": (_claims(iss="Somebody"), None, Cause.ISSUER),
    "no issuer": (_claims(iss=None), None, Cause.ISSUER),
    "another URL": (_claims(url_hash="0" * 64), None, Cause.URL),
    "no URL": (_claims(url_hash=None), None, Cause.URL),
    "a list for the URL": (_claims(url_hash=["a"]), None, Cause.URL),
    "another body": (_claims(payload_hash="0" * 64), None, Cause.BODY),
    "no body": (_claims(payload_hash=None), None, Cause.BODY),
    "algorithm none": (_claims(), {"alg": "none"}, Cause.ALGORITHM),
    "algorithm None": (_claims(), {"alg": "None"}, Cause.ALGORITHM),
    "no algorithm": (_claims(), {"typ": "JWT"}, Cause.ALGORITHM),
    "a list of algorithms": (_claims(), {"alg": ["HS256"]}, Cause.ALGORITHM),
    "a public key's algorithm": (_claims(), {"alg": "RS256"}, Cause.ALGORITHM),
    "another HMAC": (_claims(), {"alg": "HS512"}, Cause.MISMATCH),
    "a critical extension": (_claims(), {"alg": "HS256", "crit": ["b64"], "b64": False}, Cause.UNREADABLE),
}


@pytest.mark.parametrize("name", JWTS)
def test_each_claim_of_a_token_counts(name: str) -> None:
    claims, header, cause = JWTS[name]
    text = token(claims, SECRET.encode(), header=header)
    callback = with_header(call_of("jwt"), PROOF["jwt"], text)

    verdict = SCHEMES["jwt"].verifier().check(callback)

    assert verdict.cause is cause, verdict.reason
    assert verdict.valid is (cause is None)


def test_a_token_without_signature_is_refused() -> None:
    unsigned = token(_claims(), SECRET.encode(), header={"alg": "none"}).rpartition(".")[0] + "."
    assert not SCHEMES["jwt"].verifier().check(with_header(call_of("jwt"), PROOF["jwt"], unsigned)).valid


def test_a_public_key_is_never_the_key_of_an_hmac() -> None:
    public = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    forged = token(_claims(), pem, header={"alg": "HS256"})
    stripped = token(_claims(), pem.strip(), header={"alg": "HS256"})
    check = SCHEMES["jwt"].verifier(pem.decode()).check

    for text in (forged, stripped):
        verdict = check(with_header(call_of("jwt"), PROOF["jwt"], text))
        assert verdict.cause is Cause.ALGORITHM


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        (VerificationSpec(scheme="nothing"), "scheme"),
        (VerificationSpec(scheme="header"), "header"),
        (VerificationSpec(scheme="header", header="X Secret"), "header"),
        (VerificationSpec(scheme="hmac", header="X-S", signed="fixed text"), "signed"),
        (VerificationSpec(scheme="hmac", header="X-S", signed="{ts}.{body}"), "timestamp_header"),
        (VerificationSpec(scheme="hmac", header="X-S", timestamp_header="X-T"), "signed"),
        (VerificationSpec(scheme="hmac", header="X-S", algorithm="crc32"), "algorithm"),
        (VerificationSpec(scheme="basic", username="a:b"), "username"),
        (VerificationSpec(scheme="token", parameter="t", place="cookie"), "place"),
        (VerificationSpec(scheme="twilio", url="sms.example.com"), "url"),
        (VerificationSpec(scheme="twilio", addresses="10.0.0.0/33"), "addresses"),
        (VerificationSpec(scheme="sinch", tolerance=0), "tolerance"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_settings_that_cannot_work_refuse_every_call(spec: VerificationSpec, problem: str) -> None:
    verdict = verifier(spec, [Secret(value=SECRET)], public_url=BASE).check(call_of("hmac"))
    assert verdict.cause is Cause.NOT_SET_UP
    assert verdict.reason.startswith(f"{problem}: ")
