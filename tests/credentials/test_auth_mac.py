from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Any

import pytest
import requests
import time_machine

from core.errors import AuthenticationFailed
from credentials.auth.base import AuthConfig
from credentials.auth.mac import MAC_FORMATS, MacAuth, MacFormat, authorization, normalized
from tests.credentials.vectors import NOW, rows


@pytest.mark.parametrize("row", rows("mac"))
def test_vectors(row: dict[str, Any]) -> None:
    form = MacFormat(row["algorithm"], "base64", row["layout"])
    body = None if row["body"] is None else row["body"].encode()
    common = {name: row[name] for name in ("method", "url", "ts", "nonce", "ext")}
    assert normalized(form, body=body, **common) == row["normalized"]
    header = authorization(form, token=row["token"], secret=row["secret"], body=body, **common)
    assert header == row["authorization"]


@pytest.mark.parametrize("choice", MAC_FORMATS)
@time_machine.travel(NOW, tick=False)
def test_each_format_signs_so_that_a_receiver_can_verify(choice: str) -> None:
    url = "https://SMS.example.com:8443/v1/send?a=1"
    request = requests.Request("POST", url, data=b'{"a":1}').prepare()
    config = AuthConfig(api_token="id-1", api_secret_key="key-1", mac_hash_format=choice)
    header = MacAuth(config)(request).headers["Authorization"]
    got = dict(re.findall(r'(\w+)="([^"]*)"', header))

    algorithm, encoding, *layout = choice.split(":")
    digest = {"hmac-sha1": "sha1", "hmac-sha256": "sha256", "hmac-sha384": "sha384", "hmac-sha512": "sha512"}
    name = digest[algorithm]
    target = ["POST", "/v1/send?a=1", "sms.example.com", "8443"]
    if layout:
        lines = [got["nonce"], *target, base64.b64encode(hashlib.new(name, b'{"a":1}').digest()).decode(), ""]
        assert re.fullmatch(r"\d+:\w{8,}", got["nonce"])
    else:
        lines = [str(NOW), got["nonce"], *target, ""]
        assert got["ts"] == str(NOW)
    mac = hmac.new(b"key-1", "".join(f"{line}\n" for line in lines).encode(), name).digest()
    assert got["id"] == "id-1"
    assert got["mac"] == (mac.hex() if encoding == "hex" else base64.b64encode(mac).decode())


def test_no_nonce_comes_twice() -> None:
    auth = MacAuth(AuthConfig(api_token="id-1", api_secret_key="key-1"))
    headers = {
        auth(requests.Request("POST", "https://p.example.com/").prepare()).headers["Authorization"]
        for _ in range(200)
    }
    assert len(headers) == 200


def test_a_quotation_mark_in_the_id_is_refused() -> None:
    auth = MacAuth(AuthConfig(api_token='a", mac="x', api_secret_key="k"))
    assert [problem.field for problem in auth.problems()] == ["api_token"]


def test_an_unknown_format_is_refused() -> None:
    auth = MacAuth(AuthConfig(api_token="a", api_secret_key="k", mac_hash_format="hmac-md5:hex"))
    assert [problem.field for problem in auth.problems()] == ["mac_hash_format"]
    with pytest.raises(AuthenticationFailed):
        auth(requests.Request("POST", "https://p.example.com/").prepare())
