from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from typing import Any

import pytest
import requests
import time_machine

from core.errors import AuthenticationFailed
from credentials.auth.base import AuthConfig
from credentials.auth.mac import MAC_FORMATS, MacAuth, MacFormat, authorization, normalized
from tests.credentials.vectors import NOW, final_request, rows

TS_NONCE = "{{timestamp}}\n{{nonce}}\n{{method}}\n{{target}}\n{{hostname}}\n{{port}}\n"
AGE_NONCE = "{{timestamp}}:{{nonce}}\n{{method}}\n{{target}}\n{{hostname}}\n{{port}}\n{{body_hash}}\n"
TELESIGN = {
    "mac_layout": "template",
    "mac_secret_encoding": "base64",
    "mac_timestamp_format": "rfc1123",
    "mac_extra_headers": "Date: {{timestamp}}\nx-ts-auth-method: HMAC-SHA256\nx-ts-nonce: {{nonce}}",
    "mac_string": "{{method}}\n{{content_type}}\n{{timestamp}}\nx-ts-auth-method:HMAC-SHA256\n"
    "x-ts-nonce:{{nonce}}\n{{body}}\n{{path}}",
    "mac_value": "TSA {{token}}:{{signature}}",
}
SINCH_APPLICATION = {
    "mac_layout": "template",
    "mac_timestamp_format": "iso8601",
    "mac_secret_encoding": "base64",
    "mac_extra_headers": "x-timestamp: {{timestamp}}",
    "mac_string": "{{method}}\n{{body_md5}}\n{{content_type}}\nx-timestamp:{{timestamp}}\n{{path}}",
    "mac_value": "Application {{token}}:{{signature}}",
}
AZURE = {
    "mac_layout": "template",
    "mac_timestamp_format": "rfc1123",
    "mac_secret_encoding": "base64",
    "mac_extra_headers": "x-ms-date: {{timestamp}}\nx-ms-content-sha256: {{body_sha256}}",
    "mac_string": "{{method}}\n{{target}}\n{{timestamp}};{{host}};{{body_sha256}}",
    "mac_value": "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={{signature}}",
}
SEVEN = {
    "mac_layout": "template",
    "mac_hash_format": "hmac-sha256:hex",
    "mac_header": "X-Signature",
    "mac_extra_headers": "X-Timestamp: {{timestamp}}\nX-Nonce: {{nonce}}",
    "mac_string": "{{timestamp}}\n{{nonce}}\n{{method}}\n{{url}}\n{{body_md5_hex}}",
}


def mac(**values: Any) -> MacAuth:
    return MacAuth(AuthConfig(**{"api_token": "id-1", "api_secret_key": "key-1", **values}))


def signed(auth: MacAuth, request: requests.PreparedRequest, *, now: float, nonce: str) -> dict[str, str]:
    with pytest.MonkeyPatch.context() as patch, time_machine.travel(now, tick=False):
        patch.setattr(secrets, "token_hex", lambda size: nonce)
        return dict(auth(request).headers)


def digest(key: bytes, text: str, name: str = "sha256") -> bytes:
    return hmac.new(key, text.encode(), name).digest()


@pytest.mark.parametrize("row", rows("mac"))
def test_vectors_line_by_line(row: dict[str, Any]) -> None:
    form = MacFormat(row["algorithm"], "base64", row["layout"])
    body = None if row["body"] is None else row["body"].encode()
    common = {name: row[name] for name in ("method", "url", "ts", "nonce", "ext")}
    assert normalized(form, body=body, **common) == row["normalized"]
    header = authorization(form, token=row["token"], secret=row["secret"], body=body, **common)
    assert header == row["authorization"]


def layout_of(row: dict[str, Any]) -> dict[str, str]:
    """`ext` is what the two fixed layouts leave out; a template writes it."""
    if not row["ext"]:
        return {"mac_layout": row["layout"]}
    value = {
        "ts-nonce": 'ts="{{timestamp}}", nonce="{{nonce}}"',
        "age-nonce": 'nonce="{{timestamp}}:{{nonce}}", bodyhash="{{body_hash}}"',
    }[row["layout"]]
    string = {"ts-nonce": TS_NONCE, "age-nonce": AGE_NONCE}[row["layout"]]
    return {
        "mac_layout": "template",
        "mac_string": f"{string}{row['ext']}\n",
        "mac_value": f'MAC id="{{{{token}}}}", {value}, ext="{row["ext"]}", mac="{{{{signature}}}}"',
    }


@pytest.mark.parametrize("row", rows("mac"))
def test_vectors_by_the_settings_of_a_credential(row: dict[str, Any]) -> None:
    age, _, random = row["nonce"].rpartition(":")
    auth = mac(
        api_token=row["token"],
        api_secret_key=row["secret"],
        mac_hash_format=f"{row['algorithm']}:base64",
        **layout_of(row),
    )
    assert auth.problems() == []
    request = final_request(method=row["method"], url=row["url"], body=row["body"])
    got = signed(auth, request, now=int(age or row["ts"]), nonce=random)
    assert got["Authorization"] == row["authorization"]


def settings_of(row: dict[str, Any]) -> tuple[dict[str, str], str, str]:
    """Settings of the vendor, URL and nonce of a request signature."""
    given = row["inputs"]
    if row["vendor"] == "generic":
        keys = {"api_token": given["token"], "api_secret_key": given["secret"]}
        form = f"hmac-{given['algorithm']}:{given['encoding']}"
        layout = {"mac_layout": "body", "mac_hash_format": form, "mac_header": "X-Signature"}
        return {**keys, **layout}, given["url"], ""
    if row["vendor"] == "telesign":
        keys = {"api_token": given["customer_id"], "api_secret_key": given["api_key"]}
        return {**keys, **TELESIGN}, f"https://rest.telesign.example{given['resource']}", given["nonce"]
    keys = {"api_token": given["key"], "api_secret_key": given["secret"]}
    return {**keys, **SINCH_APPLICATION}, f"https://sinch.example{given['path']}", ""


@pytest.mark.parametrize("row", rows("request_signatures"))
def test_request_signature_vectors(row: dict[str, Any]) -> None:
    settings, url, nonce = settings_of(row)
    auth, expected = mac(**settings), row["expected_headers"]
    assert auth.problems() == []
    request = final_request(
        method=row["inputs"]["method"],
        url=url,
        body=row["inputs"]["body"],
        content_type=expected.get("Content-Type", ""),
    )
    got = signed(auth, request, now=NOW, nonce=nonce)
    assert {name: got.get(name) for name in expected} == expected


def test_azure_by_configuration() -> None:
    secret = base64.b64encode(b"azure-key").decode()
    url = "https://Res.communication.azure.example:443/sms?api-version=2021-03-07"
    body = '{"message":"não 👍"}'
    auth = mac(api_secret_key=secret, **AZURE)
    assert auth.problems() == []
    got = signed(auth, final_request(url=url, body=body), now=NOW, nonce="")
    hashed = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
    date = "Thu, 01 Jan 2026 00:00:00 GMT"
    string = f"POST\n/sms?api-version=2021-03-07\n{date};res.communication.azure.example;{hashed}"
    assert (got["x-ms-date"], got["x-ms-content-sha256"]) == (date, hashed)
    assert got["Authorization"] == (
        "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature="
        + base64.b64encode(digest(b"azure-key", string)).decode()
    )


def test_seven_by_configuration() -> None:
    got = signed(
        mac(**SEVEN), final_request(url="https://gateway.example/api/sms", body="to=1"), now=NOW, nonce="n1"
    )
    string = f"{NOW}\nn1\nPOST\nhttps://gateway.example/api/sms\n{hashlib.md5(b'to=1').hexdigest()}"
    assert got["X-Signature"] == digest(b"key-1", string).hex()
    assert (got["X-Timestamp"], got["X-Nonce"]) == (str(NOW), "n1")
    assert "Authorization" not in got


@pytest.mark.parametrize("layout", ["ts-nonce", "age-nonce"])
@pytest.mark.parametrize("choice", MAC_FORMATS)
@time_machine.travel(NOW, tick=False)
def test_each_format_signs_so_that_a_receiver_can_verify(choice: str, layout: str) -> None:
    request = final_request(url="https://SMS.example.com:8443/v1/send?a=1", body=b'{"a":1}')
    header = mac(mac_hash_format=choice, mac_layout=layout)(request).headers["Authorization"]
    got = dict(re.findall(r'(\w+)="([^"]*)"', header))

    algorithm, encoding = choice.split(":")
    name = algorithm.removeprefix("hmac-")

    def written(raw: bytes) -> str:
        return raw.hex() if encoding == "hex" else base64.b64encode(raw).decode()

    target = ["POST", "/v1/send?a=1", "sms.example.com", "8443"]
    if layout == "age-nonce":
        lines = [got["nonce"], *target, written(hashlib.new(name, b'{"a":1}').digest()), ""]
        assert re.fullmatch(rf"{NOW}:\w{{8,}}", got["nonce"])
    else:
        lines = [str(NOW), got["nonce"], *target, ""]
        assert got["ts"] == str(NOW)
    assert got["id"] == "id-1"
    assert got["mac"] == written(digest(b"key-1", "".join(f"{line}\n" for line in lines), name))


@pytest.mark.parametrize(
    ("format_", "shown"),
    [
        ("unix", "1767225600"),
        ("unix_ms", "1767225600250"),
        ("rfc1123", "Thu, 01 Jan 2026 00:00:00 GMT"),
        ("iso8601", "2026-01-01T00:00:00Z"),
    ],
)
def test_timestamps_are_written_as_chosen(format_: str, shown: str) -> None:
    auth = mac(mac_layout="template", mac_string="{{timestamp}}", mac_timestamp_format=format_)
    got = signed(auth, final_request(), now=NOW + 0.2504, nonce="")
    assert got["Authorization"] == base64.b64encode(digest(b"key-1", shown)).decode()


def test_every_placeholder_is_a_part_of_the_final_request() -> None:
    url = "https://SMS.example.com:8443/v1/s%20x?a=1&b=%2B"
    names = [
        "method",
        "path",
        "query",
        "target",
        "host",
        "hostname",
        "port",
        "url",
        "content_type",
        "token",
        "body",
        "body_md5",
        "body_md5_hex",
        "body_sha256",
        "body_sha256_hex",
        "body_hash",
    ]
    auth = mac(mac_layout="template", mac_string="|".join(f"{{{{{name}}}}}" for name in names))
    got = signed(auth, final_request(url=url, body="b", content_type="text/plain"), now=NOW, nonce="")
    md5, sha = hashlib.md5(b"b"), hashlib.sha256(b"b")
    string = "|".join(
        [
            "POST", "/v1/s%20x", "a=1&b=%2B", "/v1/s%20x?a=1&b=%2B", "sms.example.com:8443", "sms.example.com",
            "8443", "https://sms.example.com:8443/v1/s%20x?a=1&b=%2B", "text/plain", "id-1", "b",
            base64.b64encode(md5.digest()).decode(), md5.hexdigest(),
            base64.b64encode(sha.digest()).decode(), sha.hexdigest(), base64.b64encode(sha.digest()).decode(),
        ]
    )  # fmt: skip
    assert got["Authorization"] == base64.b64encode(digest(b"key-1", string)).decode()


@pytest.mark.parametrize("body", [b"caf\xe9 \xff\xfe", b"{{nonce}} {{body_md5}} \r\n {{token}}"])
def test_the_bytes_of_the_body_are_signed_as_they_are(body: bytes) -> None:
    auth = mac(mac_layout="body")
    got = signed(auth, final_request(body=body), now=NOW, nonce="n")
    assert got["Authorization"] == base64.b64encode(hmac.digest(b"key-1", body, "sha256")).decode()


@pytest.mark.parametrize("body", [b"caf\xe9 \xff\xfe", b"{{nonce}} {{body_md5}} {{token}}"])
def test_a_text_that_looks_like_a_placeholder_is_signed_as_it_is(body: bytes) -> None:
    auth = mac(mac_layout="template", mac_string="{{method}}{{newline}}{{body}}")
    got = signed(auth, final_request(body=body), now=NOW, nonce="n")
    assert (
        got["Authorization"] == base64.b64encode(hmac.digest(b"key-1", b"POST\n" + body, "sha256")).decode()
    )


def test_line_breaks_of_a_browser_count_as_one() -> None:
    one, other = (
        signed(mac(mac_layout="template", mac_string=text), final_request(), now=NOW, nonce="n")
        for text in ("{{method}}\r\n{{path}}", "{{method}}\n{{path}}")
    )
    assert one == other


@pytest.mark.parametrize(
    ("encoding", "secret", "key"),
    [
        ("text", " k ", b" k "),
        ("base64", "_-8=", b"\xff\xef"),
        ("base64", " /+8 ", b"\xff\xef"),
        ("hex", "00fF", b"\x00\xff"),
    ],
)
def test_the_secret_is_read_as_chosen(encoding: str, secret: str, key: bytes) -> None:
    auth = mac(mac_layout="body", mac_secret_encoding=encoding, api_secret_key=secret)
    assert auth.problems() == []
    got = signed(auth, final_request(body=b"b"), now=NOW, nonce="")
    assert got["Authorization"] == base64.b64encode(digest(key, "b")).decode()


def test_no_nonce_comes_twice() -> None:
    auth = mac()
    assert len({auth(final_request()).headers["Authorization"] for _ in range(200)}) == 200


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"api_token": 'a", mac="x'}, "api_token"),
        ({"api_token": ""}, "api_token"),
        ({"mac_hash_format": "hmac-md5:hex"}, "mac_hash_format"),
        ({"mac_secret_encoding": "base64", "api_secret_key": "not/base64!"}, "api_secret_key"),
        ({"mac_secret_encoding": "hex", "api_secret_key": "xyz"}, "api_secret_key"),
        ({"mac_layout": "body", "mac_header": "X Y"}, "mac_header"),
        ({"mac_layout": "body", "mac_header": "Host"}, "mac_header"),
        ({"mac_layout": "body", "mac_value": "v1="}, "mac_value"),
        ({"mac_layout": "body", "mac_value": "{{signature}} {{bodymd5}}"}, "mac_value"),
        ({"mac_layout": "body", "mac_value": "naïve {{signature}}"}, "mac_value"),
        ({"mac_layout": "body", "mac_value": "{{newline}}{{signature}}"}, "mac_value"),
        ({"mac_layout": "template", "mac_string": " "}, "mac_string"),
        ({"mac_layout": "template", "mac_string": "{{signature}}"}, "mac_string"),
        ({"mac_layout": "template", "mac_string": "{{when}}"}, "mac_string"),
        ({"mac_layout": "body", "mac_timestamp_format": "julian"}, "mac_timestamp_format"),
        ({"mac_layout": "body", "mac_extra_headers": "X-Date: 1\nX Y: 2"}, "mac_extra_headers"),
        ({"mac_layout": "body", "mac_extra_headers": "no header"}, "mac_extra_headers"),
        ({"mac_layout": "body", "mac_extra_headers": "X-A: {{nounce}}"}, "mac_extra_headers"),
        ({"mac_layout": "body", "mac_extra_headers": "X-A: {{newline}}"}, "mac_extra_headers"),
        (
            {"mac_layout": "body", "mac_extra_headers": "X-A: {{token}}", "api_token": "a\r\nX-Evil: 1"},
            "mac_extra_headers",
        ),
    ],
)
def test_problems_name_the_field(values: dict[str, str], field: str) -> None:
    assert [problem.field for problem in mac(**values).problems()] == [field]


def test_a_format_that_is_not_on_offer_signs_nothing() -> None:
    with pytest.raises(AuthenticationFailed):
        mac(mac_hash_format="hmac-md5:hex")(final_request())
