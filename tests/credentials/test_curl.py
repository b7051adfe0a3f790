from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import CurlInvalid
from credentials.curl import Draft, parse_curl

URL = "https://api.example.com/v1/messages"
BODY = '{"to": "+14155550123", "from": "ACME", "text": "Hi"}'
ESCAPED = BODY.replace('"', '\\"')


def rows(draft: Draft, part: str) -> dict[str, str]:
    return {row["name"]: row["value"] for row in getattr(draft, part)}


@pytest.mark.parametrize(
    "command",
    [
        f"curl -X POST {URL} -H 'Content-Type: application/json' -d '{BODY}'",
        f"$ curl {URL} \\\n  -H 'Content-Type: application/json' \\\n  --data-raw '{BODY}'",
        f"curl {URL} \\\r\n -sSL --compressed -H 'Content-Type: application/json' \\  \r\n --data '{BODY}' | jq .",
        f"curl --url {URL} --request POST --json '{BODY}'",
        f"curl -XPOST {URL} -HContent-Type:application/json -d'{BODY}'",
        f"curl --request=POST {URL} --json=$'{BODY}'",
        f'curl {URL} -H Content-Type:application/json -d "{ESCAPED}"',
        f'curl.exe "{URL}" ^\n -H "Content-Type: application/json" ^\n --data "{ESCAPED}"',
        f'curl ^"{URL}^" ^\n -H ^"Content-Type: application/json^" ^\n --data-raw ^"{BODY}^"'.replace(
            BODY, BODY.replace('"', '^\\^"')
        ),
        f"curl {URL} `\n -H 'Content-Type: application/json' `\n -d '{BODY}'",
    ],
    ids=["bash", "continued", "crlf-pipe", "json", "glued", "ansi", "double", "cmd", "caret", "powershell"],
)  # fmt: skip
def test_one_request_in_every_dialect(command: str) -> None:
    draft = parse_curl(command)
    assert draft.fields["provider_url"] == URL
    assert (draft.fields["method"], draft.fields["body_kind"]) == ("POST", "json")
    assert json.loads(draft.fields["payload"]) == {
        "to": "{{toNumber}}", "from": "{{fromNumber}}", "text": "{{message}}",
    }  # fmt: skip


def test_ansi_quotes_are_unescaped() -> None:
    draft = parse_curl(f"curl {URL} -d $'note=it\\'s \\u00e9\\x21\\n\\101'")
    assert rows(draft, "body_fields")["note"] == "it's é!\nA".strip()


@pytest.mark.parametrize(
    ("command", "line", "column", "says"),
    [
        ("", 1, 1, "start with curl"),
        ("wget https://x.example", 1, 1, "start with curl"),
        ("curl", 1, 1, "no URL"),
        ("curl https://x.example \\\n  -d 'abc", 2, 6, "never closed"),
        ('curl "https://x.example', 1, 6, "never closed"),
        ("curl https://x.example -d $'abc", 1, 27, "never closed"),
        ("curl https://x.example \\\n -d \"$(cat secret)\"", 2, 6, "would run a command"),
        ("curl https://x.example -d `whoami`", 1, 27, "would run a command"),
        ("curl https://x.example -d ${A/b/c}", 1, 27, "shell expression"),
        ("curl https://x.example -d @body.json", 1, 27, "file"),
        ("curl https://x.example -d @- <<EOF", 1, 30, "file"),
        ("curl https://x.example < body", 1, 24, "file"),
        ("curl https://x.example --data-urlencode text@f", 1, 41, "file"),
        ("curl https://x.example -F a=b", 1, 24, "multipart"),
        ("curl https://x.example -T f", 1, 24, "uploads"),
        ("curl https://x.example --digest", 1, 24, "signing in"),
        ("curl https://x.example --frobnicate", 1, 24, "not known"),
        ("curl https://x.example -H", 1, 24, "no value"),
        ("curl https://x.example -H Nonsense", 1, 27, "no colon"),
        ("curl https://x.example https://y.example", 1, 24, "two URLs"),
        ("curl ftp://x.example/", 1, 6, "https"),
        ("curl https://x.example -X DELETE", 1, 1, "sends no message"),
        ("curl https://x.example \\\n -d '{\"a\": 1,\n  \"b\": }'", 3, 8, "JSON"),
        ("curl https://x.example -d '{\"a\": {{A}}, \"b\": }'", 1, 46, "JSON"),
        ("curl https://x.example -d '" + "[" * 50 + "1" + "]" * 50 + "'", 1, 27, "nested"),
        ("curl " + "x" * 70_000, 1, 65_537, "longer than"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_with_its_place(command: str, line: int, column: int, says: str) -> None:
    with pytest.raises(CurlInvalid, match=says) as caught:
        parse_curl(command)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_nothing_is_executed_and_nothing_read(tmp_path: Any) -> None:
    witness = tmp_path / "witness"
    for tried in (f"$(touch {witness})", f"`touch {witness}`", f"<(touch {witness})"):
        with pytest.raises(CurlInvalid):
            parse_curl(f"curl {URL} -d {tried}")
    assert not witness.exists()


@pytest.mark.parametrize(
    ("given", "auth"),
    [
        ("-u user:s3cret", {"auth_type": "basic", "auth_username": "user", "auth_password": "s3cret"}),
        ("--user user:", {"auth_type": "basic", "auth_username": "user", "auth_password": ""}),
        ("-H 'Authorization: Basic dXNlcjpzM2NyZXQ='", {"auth_type": "basic", "auth_password": "s3cret"}),
        ("-H 'Authorization: Bearer abc.def'", {"auth_type": "bearer", "api_token": "abc.def"}),
        ("--oauth2-bearer abc", {"auth_type": "bearer", "api_token": "abc"}),
        ("-H 'Authorization: App k-1'", {"auth_type": "api_key", "key_prefix": "App ", "api_token": "k-1"}),
        ("-H 'authorization: k-1'", {"auth_type": "api_key", "key_prefix": "", "key_name": "Authorization"}),
        ("-H 'X-API-Key: k-1'", {"auth_type": "api_key", "key_name": "X-API-Key", "key_prefix": ""}),
        ("-H 'X-Auth-Token: k-1'", {"auth_type": "api_key", "key_name": "X-Auth-Token"}),
        ("-d api_key=k-1", {"auth_type": "api_key", "key_location": "body", "key_name": "api_key"}),
        ("-G -d apikey=k-1", {"auth_type": "api_key", "key_location": "query", "key_name": "apikey"}),
        ("-H 'Authorization: Bearer <YOUR_TOKEN>'", {"auth_type": "bearer", "api_token": ""}),
        ("-H 'Authorization: Bearer $TOKEN'", {"auth_type": "bearer", "api_token": "$TOKEN"}),
        ('-H "Authorization: Bearer $TOKEN"', {"auth_type": "bearer", "api_token": "{{TOKEN}}"}),
        ("-H 'Authorization: HMAC abc'", {"auth_type": "none"}),
        ("-H 'X-Other: 1'", {"auth_type": "none"}),
    ],
)
def test_who_sends_it_is_guessed(given: str, auth: dict[str, str]) -> None:
    draft = parse_curl(f"curl {URL} {given}")
    assert auth.items() <= draft.fields.items()
    assert ("auth_type" in draft.guessed) == (auth["auth_type"] != "none")


def test_a_user_in_the_url_signs_in_and_leaves_the_address() -> None:
    draft = parse_curl("curl https://ada:s3cret@api.example.com/send -d to=1")
    assert draft.fields["provider_url"] == "https://api.example.com/send"
    assert (draft.fields["auth_username"], draft.fields["auth_password"]) == ("ada", "s3cret")


def test_the_account_in_the_path_is_the_app_id() -> None:
    draft = parse_curl("curl https://api.example.com/Accounts/AC12345678/Messages -u AC12345678:tok -d To=1")
    assert draft.fields["provider_app_id"] == "AC12345678"
    assert draft.fields["provider_url"].endswith("/Accounts/{{providerAppId}}/Messages")
    assert draft.fields["auth_username"] == "{{providerAppId}}"


@pytest.mark.parametrize(
    ("name", "value", "becomes"),
    [
        ("to", "+14155550123", "{{toNumber}}"),
        ("MSISDN", "14155550123", "{{toNumber}}"),
        ("destination_address", "tel:+14155550123", "tel:{{toNumber}}"),
        ("mobile", "0014155550123", "00{{toNumber}}"),
        ("recipient", "<phone>", "{{toNumber}}"),
        ("number", "14155550123", "{{toNumber}}"),
        ("number", "three", "three"),
        ("from", "ACME", "{{fromNumber}}"),
        ("senderId", "12345", "{{fromNumber}}"),
        ("originator", "+15005550006", "{{fromNumber}}"),
        ("source", "sdk", "sdk"),
        ("text", "Hello", "{{message}}"),
        ("content", "Hello", "{{message}}"),
        ("callback_url", "https://mine.example/cb", "{{statusCallbackUrl}}"),
        ("callback", "true", "true"),
        ("client-ref", "order-7", "{{messageId}}"),
        ("ttl", "3600", "3600"),
        ("whatever", "+14155550123", "{{toNumber}}"),
    ],
)
def test_parameters_are_recognised_by_name_and_look(name: str, value: str, becomes: str) -> None:
    draft = parse_curl(f"curl {URL} --data-urlencode '{name}={value}'")
    assert rows(draft, "body_fields") == {name: becomes}
    assert ("fields-0-value" in draft.guessed) == ("{{" in becomes)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+14155550123", "international"),
        ("14155550123", "no_plus"),
        ("0414555012", "national"),
        ("$TO", None),
    ],
)
def test_the_number_format_is_that_of_the_sample(number: str, expected: str | None) -> None:
    assert parse_curl(f'curl {URL} -d "to={number.replace("+", "%2B")}"').fields.get("to_format") == expected


def test_recipients_in_lists_and_objects_are_found_and_the_first_stays() -> None:
    body = {
        "sms": {"recipients": [{"msisdn": 4512345678}, {"msisdn": 4512345679}], "body": "Hi"},
        "flags": [1, 2],
    }
    draft = parse_curl(f"curl {URL} --json '{json.dumps(body)}'")
    assert '"msisdn": {{ toNumber | plus: 0 }}' in draft.fields["payload"]
    shown = json.loads(draft.fields["payload"].replace("{{ toNumber | plus: 0 }}", "0"))
    assert shown == {"sms": {"recipients": [{"msisdn": 0}], "body": "{{message}}"}, "flags": [1, 2]}
    assert draft.fields["to_format"] == "no_plus"


def test_xml_keeps_its_form() -> None:
    body = (
        '<?xml version="1.0"?>\n<sms id="7">\n <auth user="bob" password="pw-77"/>\n'
        " <to>4512345678</to><body>Hi</body></sms>"
    )
    draft = parse_curl(f"curl {URL} -H 'Content-Type: text/xml' -d '{body}'")
    assert draft.fields["payload"] == (
        '<?xml version="1.0"?>\n<sms id="7">\n <auth user="{{user}}" password="{{password}}"/>\n'
        " <to>{{toNumber}}</to><body>{{message}}</body></sms>\n"
    )
    assert [(row["name"], row["value"], row["secret"]) for row in draft.variables] == [
        ("user", "bob", False), ("password", "pw-77", True),
    ]  # fmt: skip


def test_the_query_becomes_rows_and_passwords_variables() -> None:
    draft = parse_curl("curl 'https://x.example/send?user=me&pass=pw-77&to=4155550123&text=hello%20world'")
    assert draft.fields["provider_url"] == "https://x.example/send"
    assert draft.fields["method"] == "GET"
    assert rows(draft, "query") == {
        "user": "{{user}}", "pass": "{{pass}}", "to": "{{toNumber}}", "text": "{{message}}",
    }  # fmt: skip
    assert "pw-77" not in json.dumps([draft.fields, draft.query, draft.headers])


def test_shell_variables_become_variables_once_and_only_where_used() -> None:
    given = '-H "X-Trace: ${REGION}" -d "to=$NUMBER&kind=$KIND&otp_secret=$OTP_SECRET"'
    draft = parse_curl(f"curl {URL}/$REGION {given}")
    assert [(row["name"], row["secret"], row["required"]) for row in draft.variables] == [
        ("REGION", False, True), ("KIND", False, True), ("OTP_SECRET", True, True),
    ]  # fmt: skip
    assert draft.fields["provider_url"] == f"{URL}/{{{{REGION}}}}"


def test_holes_of_the_documentation_become_variables() -> None:
    draft = parse_curl("curl https://{host}.example.com/v1/<plan id>/batches -d to=1")
    assert draft.fields["provider_url"] == "https://{{host}}.example.com/v1/{{plan_id}}/batches"


def test_an_api_key_in_the_json_moves_to_the_signer() -> None:
    draft = parse_curl(f'curl {URL} --json \'{{"apiKey": "abc123def", "to": "+14155550123"}}\'')
    assert draft.fields["api_token"] == "abc123def"
    assert json.loads(draft.fields["payload"]) == {"to": "{{toNumber}}"}


def test_headers_go_along_but_for_those_we_write_ourselves() -> None:
    given = (
        "-H 'Host: x' -H 'Accept: a/b' -H 'X-Trace: 1' -A curl/8 -H 'X-Sign-Key: hush-1' -u a:b --json '{}'"
    )
    draft = parse_curl(f"curl {URL} {given}")
    assert rows(draft, "headers") == {
        "Content-Type": "application/json", "Accept": "a/b", "X-Trace": "1", "X-Sign-Key": "{{X_Sign_Key}}",
    }  # fmt: skip
    assert {row["name"]: row["value"] for row in draft.variables} == {"X_Sign_Key": "hush-1"}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("-k", "certificates"),
        ("-L", "redirects"),
        ("-E a.pem", "certificate"),
        ("-b a=b", "cookies"),
        ("; ls", "ls"),
    ],
)
def test_what_is_left_out_is_said(given: str, says: str) -> None:
    assert any(says in note for note in parse_curl(f"curl {URL} -d to=1 {given}").notes)


def test_a_sample_without_recipient_or_text_says_where_to_put_them() -> None:
    notes = parse_curl(f"curl {URL} -d ttl=1").notes
    assert ["{{toNumber}}" in notes[0], "{{message}}" in notes[1]] == [True, True]


def test_the_draft_shows_no_secret_when_printed() -> None:
    assert "hush-77" not in repr(parse_curl(f"curl {URL} -u me:hush-77 -d password=hush-77"))
