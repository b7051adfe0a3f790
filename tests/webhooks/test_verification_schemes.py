"""What each scheme can be set to, secrets side by side, addresses, URLs, and that nothing ever raises."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from core.callers import caller_of, networks_of
from tests.webhooks.signing import BASE, BODY, EPOCH, NOW, PATH, SCHEMES, SECRET, body_of
from tests.webhooks.test_verification_forged import with_header
from webhooks.callback import Callback
from webhooks.verification import Cause, Secret, Site, VerificationSpec, verifier

HEADERS = [
    "Authorization", "X-Secret", "X-Signature", "X-Time", "X-Nonce", "X-Twilio-Signature", "Content-Type",
    "X-Twilio-Webhooks-Signature-Settings", "x-sinch-webhook-signature", "x-sinch-webhook-signature-nonce",
    "x-sinch-webhook-signature-timestamp", "x-sinch-webhook-signature-algorithm", "webhook-id",
    "webhook-timestamp", "webhook-signature", "telnyx-signature-ed25519", "telnyx-timestamp",
    "MessageBird-Signature-JWT",
]  # fmt: skip
TEXT = st.text(st.characters(), max_size=60) | st.sampled_from(
    [
        "HmacSHA256",
        str(EPOCH),
        "NaN",
        "v1,AAAA",
        "Basic Og==",
        "Bearer x",
        "e30.e30.",
        "W10.W10.W10",
        "application/json",
    ]
)


@settings(max_examples=400, deadline=None)
@given(
    headers=st.dictionaries(st.sampled_from(HEADERS), TEXT, max_size=8),
    body=st.binary(max_size=200),
    query=TEXT,
    address=TEXT,
    method=TEXT,
)
def test_no_call_makes_a_check_raise(
    headers: dict[str, str], body: bytes, query: str, address: str, method: str
) -> None:
    callback = Callback(
        method=method, path=PATH, query=query, headers=CaseInsensitiveDict(headers), body=body, address=address,
        received_at=NOW,
    )  # fmt: skip
    for kind, signed in SCHEMES.items():
        verdict = signed.verifier().check(callback)
        assert verdict.reason or verdict.valid, kind
        assert not (verdict.valid and kind not in ("header", "bearer", "basic")), kind
    for place in ("query", "body"):
        spec = VerificationSpec(scheme="token", place=place, parameter="a.b", addresses="10.0.0.0/8")
        assert not verifier(spec, [Secret(value=SECRET)], public_url=BASE).check(callback).valid


@settings(max_examples=300, deadline=None)
@given(
    kind=st.sampled_from(sorted(SCHEMES)), changes=st.dictionaries(st.sampled_from(HEADERS), TEXT, max_size=3)
)
def test_headers_changed_on_a_genuine_call_never_raise(kind: str, changes: dict[str, str]) -> None:
    callback = SCHEMES[kind].call(body_of(kind))
    for name, value in changes.items():
        callback = with_header(callback, name, value)
    verdict = SCHEMES[kind].verifier().check(callback)
    assert verdict.reason or verdict.valid


@pytest.mark.parametrize("depth", [500, 5_000, 100_000])
def test_deep_json_is_refused_where_a_token_is_looked_for(depth: int) -> None:
    spec = VerificationSpec(scheme="token", place="body", parameter="token")
    callback = Callback(
        body=b'{"a":' * depth, headers=CaseInsensitiveDict({"Content-Type": "application/json"})
    )
    assert not verifier(spec, [Secret(value=SECRET)], public_url=BASE).check(callback).valid


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("encoding", ["hex", "base64", "base64url"])
def test_every_algorithm_in_every_encoding(algorithm: str, encoding: str) -> None:
    digest = hmac.new(SECRET.encode(), BODY, algorithm).digest()
    texts = {
        "hex": [digest.hex(), digest.hex().upper()],
        "base64": [base64.b64encode(digest).decode()],
        "base64url": [
            base64.urlsafe_b64encode(digest).decode(),
            base64.urlsafe_b64encode(digest).decode().rstrip("="),
        ],
    }
    spec = VerificationSpec(scheme="hmac", header="X-Sig", algorithm=algorithm, encoding=encoding)
    check = verifier(spec, [Secret(value=SECRET)], public_url=BASE).check
    for shown, values in texts.items():
        for value in values:
            callback = Callback(body=BODY, headers=CaseInsensitiveDict({"X-Sig": value}))
            same = value in texts[encoding]
            assert check(callback).valid is same, (shown, value)


SIGNED = {
    "{ts}.{body}": f"{EPOCH}.".encode() + BODY,
    "{ts}.BODY": f"{EPOCH}.".encode() + BODY,
    "{method}\n{path}\n{query}\n{body_md5}\n{ts}": (
        f"POST\n{PATH}\na=1\n{hashlib.md5(BODY, usedforsecurity=False).hexdigest()}\n{EPOCH}".encode()
    ),
    "{method}\\n{url}\\n{body_sha256}\\n{ts}": (
        f"POST\n{BASE}{PATH}?a=1\n{hashlib.sha256(BODY).hexdigest()}\n{EPOCH}".encode()
    ),
    "{header:X-Account}\r\n{ts}\r\n{body}": f"acme\n{EPOCH}\n".encode() + BODY,
    "URL{body}{ts}": f"{BASE}{PATH}?a=1".encode() + BODY + str(EPOCH).encode(),
}


@pytest.mark.parametrize("template", SIGNED)
def test_the_signed_text_is_a_template(template: str) -> None:
    spec = VerificationSpec(scheme="hmac", header="X-Sig", signed=template, timestamp_header="X-Time")
    signature = hmac.new(SECRET.encode(), SIGNED[template], "sha256").hexdigest()
    headers = CaseInsensitiveDict({"X-Sig": signature, "X-Time": str(EPOCH), "X-Account": "acme"})
    callback = Callback(path=PATH, query="a=1", headers=headers, body=BODY, received_at=NOW)
    check = verifier(spec, [Secret(value=SECRET)], public_url=BASE).check
    assert check(callback).valid
    assert not check(replace(callback, body=BODY + b" ")).valid


@pytest.mark.parametrize(
    "written", [str(EPOCH), f"{EPOCH}000", "2026-01-01T00:00:00Z", "Thu, 01 Jan 2026 00:00:00 GMT"]
)
def test_the_time_may_be_written_in_several_ways(written: str) -> None:
    spec = VerificationSpec(scheme="hmac", header="X-Sig", signed="{ts}{body}", timestamp_header="X-Time")
    signature = hmac.new(SECRET.encode(), written.encode() + BODY, "sha256").hexdigest()
    headers = CaseInsensitiveDict({"X-Sig": signature, "X-Time": written})
    callback = Callback(path=PATH, headers=headers, body=BODY, received_at=NOW)
    check = verifier(spec, [Secret(value=SECRET)], public_url=BASE).check
    assert check(callback).valid
    assert check(replace(callback, received_at=NOW + timedelta(seconds=301))).cause is Cause.OLD


@pytest.mark.parametrize(
    ("written_as", "secret"),
    [("base64", base64.b64encode(SECRET.encode()).decode()), ("hex", SECRET.encode().hex())],
)
def test_a_secret_may_be_written_in_base64_or_hex(written_as: str, secret: str) -> None:
    spec = VerificationSpec(scheme="hmac", header="X-Sig", secret_encoding=written_as)
    signature = hmac.new(SECRET.encode(), BODY, "sha256").hexdigest()
    callback = Callback(body=BODY, headers=CaseInsensitiveDict({"X-Sig": signature}))
    assert verifier(spec, [Secret(value=secret)], public_url=BASE).check(callback).valid
    assert not verifier(spec, [Secret(value="not coded!")], public_url=BASE).check(callback).valid


TOKENS = [
    ("query", "token", Callback(query=f"a=1&token={SECRET}"), True),
    ("query", "token", Callback(query="token=wrong"), False),
    ("query", "token", Callback(query=f"token={SECRET}&token=x"), False),
    ("query", "token", Callback(query="a=1", body=f"token={SECRET}".encode()), False),
    ("body", "token", Callback(body=f"token={SECRET}&a=1".encode()), True),
    ("body", "meta.token", Callback(body=f'{{"meta": {{"token": "{SECRET}"}}}}'.encode()), True),
    ("body", "token", Callback(body=f'{{"token": "x", "token": "{SECRET}"}}'.encode()), False),
    ("body", "token", Callback(body=b'{"token": null}'), False),
    ("body", "token", Callback(body=b"\xff\xfe"), False),
]


@pytest.mark.parametrize(("place", "parameter", "callback", "valid"), TOKENS)
def test_a_token_in_query_or_body(place: str, parameter: str, callback: Callback, valid: bool) -> None:
    spec = VerificationSpec(scheme="token", place=place, parameter=parameter)
    assert verifier(spec, [Secret(value=SECRET)], public_url=BASE).check(callback).valid is valid


def test_both_secrets_count_until_the_old_one_ends() -> None:
    signed = SCHEMES["sinch"]
    new, old = (
        Secret("the new one", id="new"),
        Secret(SECRET, id="old", valid_until=NOW + timedelta(seconds=1)),
    )
    check = verifier(signed.spec, [new, old], public_url=BASE).check
    assert check(signed.call()).secret == "old"
    later = replace(signed.call(), received_at=NOW + timedelta(seconds=1))
    assert check(later).cause is Cause.MISMATCH
    ours = replace(signed, secret="the new one").call()
    assert check(ours).secret == "new"


@pytest.mark.parametrize(
    ("address", "valid"),
    [
        ("203.0.113.7", True),
        ("203.0.114.7", False),
        ("2001:db8::7", True),
        ("::ffff:203.0.113.7", True),
        ("", False),
        ("203.0.113.7, 10.0.0.1", False),
    ],
)
def test_allowed_addresses_alone_and_with_a_scheme(address: str, valid: bool) -> None:
    networks = "203.0.113.0/24, 2001:db8::/32"
    alone = verifier(VerificationSpec(addresses=networks), (), public_url=BASE)
    assert alone.check(Callback(address=address)).valid is valid
    signed = replace(SCHEMES["bearer"].spec, addresses=networks)
    both = verifier(signed, [Secret(SECRET)], public_url=BASE)
    assert both.check(replace(SCHEMES["bearer"].call(), address=address)).valid is valid
    assert not both.check(Callback(address=address)).valid


@pytest.mark.parametrize(
    ("peer", "forwarded", "caller"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # not ours: what it says counts for nothing
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),  # the caller wrote the first himself
        ("10.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", "[2001:db8::1]:443", "2001:db8::1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("", "198.51.100.1", ""),
    ],
)
def test_the_caller_is_the_last_hop_that_is_no_proxy_of_ours(peer: str, forwarded: str, caller: str) -> None:
    assert caller_of(peer, forwarded, networks_of(["10.0.0.0/8"])) == caller


@pytest.mark.parametrize(
    ("public_url", "override", "path", "role", "url"),
    [
        (BASE, "", PATH, "", f"{BASE}{PATH}"),
        (f"{BASE}/gw", "", PATH, "", f"{BASE}/gw{PATH}"),
        (f"{BASE}/gw", "", f"/gw{PATH}", "", f"{BASE}/gw{PATH}"),
        (BASE, "https://other.example:8443", PATH, "", f"https://other.example:8443{PATH}"),
        (BASE, "https://other.example/in{path}", PATH, "", f"https://other.example/in{PATH}"),
        (BASE, "https://other.example/twilio", PATH, "", "https://other.example/twilio"),
        (BASE, "https://other.example/twilio", f"{PATH}sent/", "sent", "https://other.example/twilio/sent/"),
        (BASE, "https://other.example/twilio/", f"{PATH}sent", "sent", "https://other.example/twilio/sent"),
    ],
)
def test_the_signed_url(public_url: str, override: str, path: str, role: str, url: str) -> None:
    callback = Callback(path=path, role=role, query="a=1")
    assert Site(public_url, override).url_of(callback) == f"{url}?a=1"


def test_a_preset_gives_settings_as_plain_data() -> None:
    spec = VerificationSpec(scheme="hmac", header="X-Sig", tolerance=60)
    assert VerificationSpec.from_data(spec.table()) == spec
    assert spec.table() == {"scheme": "hmac", "header": "X-Sig", "tolerance": 60}
    assert datetime.fromtimestamp(EPOCH, UTC) == NOW
