from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from core.errors import ConfigurationInvalid, SecretUnreadable
from core.secrets import MASK, keyed_hash, mask_text, seal, unseal

OLD, NEW = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))


@given(st.binary(max_size=300), st.text(max_size=40))
def test_what_is_sealed_opens_in_its_place(plaintext: bytes, place: str) -> None:
    assert unseal(seal(plaintext, aad=place), aad=place) == plaintext


def test_the_same_secret_never_looks_the_same_twice() -> None:
    assert seal(b"x", aad="a") != seal(b"x", aad="a")


def damaged(token: str) -> str:
    version, key_id, body = token.split(":")
    raw = bytearray(base64.urlsafe_b64decode(body))
    raw[-1] ^= 1
    return f"{version}:{key_id}:{base64.urlsafe_b64encode(raw).decode()}"


@pytest.mark.parametrize(
    "change",
    [
        damaged,
        lambda token: token[:-8],
        lambda token: token.replace("v1:", "v2:"),
        lambda token: token.replace(":t1:", ":t9:"),
        lambda token: "",
        lambda token: "v1:t1:",
        lambda token: "v1:t1:éé",
        lambda token: "v1:t1:AAAA",
        lambda token: "plain text",
    ],
)
def test_a_changed_token_does_not_open(change: Any) -> None:
    with pytest.raises(SecretUnreadable):
        unseal(change(seal(b"secret", aad="here")), aad="here")


def test_a_token_does_not_open_in_another_place() -> None:
    with pytest.raises(SecretUnreadable):
        unseal(seal(b"secret", aad="app.model:1:token"), aad="app.model:2:token")


def test_a_token_does_not_open_under_another_key_of_the_same_name(settings: Settings) -> None:
    settings.SMSGATEWAY_MASTER_KEYS = {"k": OLD}
    token = seal(b"secret", aad="a")
    settings.SMSGATEWAY_MASTER_KEYS = {"k": NEW}

    with pytest.raises(SecretUnreadable):
        unseal(token, aad="a")


def test_after_rotation_old_tokens_open_and_new_ones_use_the_last_key(settings: Settings) -> None:
    settings.SMSGATEWAY_MASTER_KEYS = {"old": OLD}
    token = seal(b"secret", aad="a")
    settings.SMSGATEWAY_MASTER_KEYS = {"old": OLD, "new": NEW}

    assert unseal(token, aad="a") == b"secret"
    assert seal(b"secret", aad="a").startswith("v1:new:")

    settings.SMSGATEWAY_MASTER_KEYS = {"new": NEW}
    with pytest.raises(SecretUnreadable, match="old"):
        unseal(token, aad="a")


@pytest.mark.parametrize(
    ("keys", "pepper"),
    [({}, OLD), ({"k": "not base64!"}, OLD), ({"k": "AAAA"}, OLD), ({"k": OLD}, "AAAA"), ({"k": OLD}, "ü")],
)
def test_unusable_keys_are_refused(keys: dict[str, str], pepper: str, settings: Settings) -> None:
    settings.SMSGATEWAY_MASTER_KEYS, settings.SMSGATEWAY_PEPPER = keys, pepper

    with pytest.raises(ConfigurationInvalid, match="base64"):
        seal(b"x", aad="a")


def test_keyed_hashes_meet_for_equal_input_only(settings: Settings) -> None:
    first = keyed_hash("+14155238886", use="subject")

    assert first == keyed_hash("+14155238886", use="subject")
    assert (
        len({first, keyed_hash("+14155238886", use="other"), keyed_hash("+14155238887", use="subject")}) == 3
    )
    assert len(first) == 64
    settings.SMSGATEWAY_MASTER_KEYS = {"new": NEW}
    assert keyed_hash("+14155238886", use="subject") == first
    settings.SMSGATEWAY_PEPPER = NEW
    assert keyed_hash("+14155238886", use="subject") != first


SECRET = 'pa"ss/wörd+\n12'


@pytest.mark.parametrize(
    "text",
    [
        f"token={SECRET};",
        f"https://api.example.com/?key={quote(SECRET, safe='')}",
        urlencode({"key": SECRET}),
        json.dumps({"key": SECRET}),
        json.dumps({"key": SECRET}, ensure_ascii=False),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
        *(
            "Basic " + base64.b64encode(f"{'n' * size}:{SECRET}{tail}".encode()).decode()
            for size in range(3)
            for tail in ("", "x", "xy")
        ),
    ],
)
def test_masks_a_secret_however_it_is_written(text: str) -> None:
    masked = mask_text(text, [SECRET])

    assert MASK in masked
    for form in (SECRET, quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode()[:-4]):
        assert form not in masked


@given(st.binary(min_size=6, max_size=40), st.binary(max_size=20), st.binary(max_size=20))
def test_masks_a_secret_inside_any_longer_base64(secret: bytes, before: bytes, after: bytes) -> None:
    word = secret.hex()
    encoded = base64.b64encode(before + word.encode() + after).decode()

    assert MASK in mask_text(encoded, [word])


def test_masks_the_longest_secret_first_and_leaves_short_ones() -> None:
    assert mask_text("abcdef abcd abc", ["abcd", "abcdef", "abc", ""]) == f"{MASK} {MASK} abc"
