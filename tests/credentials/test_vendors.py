from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.vocabulary import FailureClass, Outcome
from credentials.auth import BACKENDS
from credentials.auth.jwt import JWT_ALGORITHMS
from credentials.auth.mac import MAC_FORMATS
from credentials.building import RequestBuilder
from credentials.choices import MacLayout, Test
from credentials.client import ProviderClient
from credentials.headers import DEFAULT_HEADERS
from credentials.reading import ResponseReader
from credentials.spec import Header, Variable
from credentials.vendors import (
    DOCUMENTED,
    VENDORS,
    PresetInvalid,
    load_directory,
    load_preset,
    preset_from_text,
    preset_of,
    preset_problems,
    vendor_choices,
)
from credentials.vendors.format import FIELD_PLACES, schema
from credentials.vendors.writing import preset_from_spec, to_toml
from tests.credentials.conftest import CONTEXT

FILLED = {
    "send_url": "https://p.example.com/send",
    "base_url": "https://p.example.com",
    "body": '{"t": {{text}}}',
}


def inputs_of(slug: str) -> dict[str, str]:
    """Something for every input that must be filled in."""
    preset = VENDORS[slug]
    typed = {
        item.name: FILLED.get(item.name, f"in-{item.name}-typed") for item in preset.inputs if item.required
    }
    typed |= {"body": "<m><t>{{text}}</t></m>"} if slug == "external_xml" else {}
    return typed


def data_of(slug: str) -> dict[str, Any]:
    return deepcopy(dict(VENDORS[slug].data))


def test_the_documented_vendors_come_first_the_others_by_name() -> None:
    labels = [label for _, label in vendor_choices()]
    assert labels[: len(DOCUMENTED)] == ["Sinch", "Twilio", "Infobip", "Custom"]
    assert labels[len(DOCUMENTED) :] == sorted(labels[len(DOCUMENTED) :], key=str.casefold)
    assert len(labels) == len(set(labels)) == 32


@pytest.mark.parametrize("slug", VENDORS)
def test_a_shipped_preset_makes_a_request_with_the_text_in_it(slug: str) -> None:
    preset = VENDORS[slug]
    spec = preset.spec(inputs_of(slug))
    if slug in {"custom", "external_get"}:
        spec = replace(spec, request=replace(spec.request, url="https://p.example.com/{{text}}"))
    request = RequestBuilder(spec).build(CONTEXT)
    body = request.body or b""
    assert "Hello" in f"{request.url} {body.decode()}"  # type: ignore[union-attr]
    ResponseReader(spec.judging)
    assert ProviderClient(spec)._broken is None
    assert preset.where_to_paste
    assert preset.headers.keys() >= DEFAULT_HEADERS.keys()
    assert {FailureClass(value) for value in preset.codes.values()} <= set(FailureClass)


@pytest.mark.parametrize("slug", VENDORS)
def test_a_shipped_preset_is_true_to_the_schema(slug: str) -> None:
    jsonschema.Draft202012Validator(schema()).validate(data_of(slug))
    assert preset_problems(data_of(slug)) == []


def test_the_schema_is_a_schema_and_knows_every_auth_type_and_field() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    auth = schema()["$defs"]["auth"]["properties"]
    assert set(auth["type"]["enum"]) == set(BACKENDS)
    assert auth.keys() == {key for table, key in FIELD_PLACES.values() if table == "auth"}
    assert auth["mac_layout"]["enum"] == MacLayout.values
    assert set(auth["mac_hash_format"]["enum"]) == set(MAC_FORMATS)
    assert set(auth["jwt_algorithm"]["enum"]) == set(JWT_ALGORITHMS)
    rule = schema()["$defs"]["rule"]["properties"]
    assert rule["test"]["enum"] == Test.values
    assert {*rule["outcome"]["enum"]} == set(Outcome)
    assert {*schema()["properties"]["codes"]["additionalProperties"]["enum"], ""} == set(FailureClass)
    for table, key in FIELD_PLACES.values():
        assert key in (schema()["$defs"][table] if table else schema())["properties"]


# A change to a good preset -> what the schema and the loader must both refuse.
def _set(*path: Any, to: Any) -> Any:
    def change(data: dict[str, Any]) -> None:
        place: Any = data
        for step in path[:-1]:
            place = place.setdefault(step, {}) if isinstance(place, dict) else place[step]
        place[path[-1]] = to

    return change


WRONG_SHAPES = [
    (_set("format", to=2), "made by a newer version"),
    (_set("format", to="1"), "format"),
    (_set("label", to=7), "label: write a text"),
    (_set("colour", to="red"), "colour: there is no such key"),
    (_set("request", "ulr", to="https://x.example.com"), "request.ulr: there is no such key"),
    (_set("request", "method", to="SEND"), "request.method: 'SEND' is not known"),
    (_set("request", "fields", to={"name": "a"}), "request.fields: write a list"),
    (_set("request", "fields", to=[{"name": "a"}]), "request.fields[0].value: this key is missing"),
    (_set("request", "fields", to=[{"name": "a", "value": "b", "when": "never"}]), "request.fields[0].when"),
    (_set("text", "max_length", to="160"), "text.max_length: write a whole number"),
    (_set("auth", "type", to="magic"), "auth.type: 'magic' is not known"),
    (_set("auth", "key_location", to="cookie"), "auth.key_location: 'cookie' is not known"),
    (_set("auth", "username", to="x"), "auth.username: there is no such key"),
    (_set("inputs", "account_sid", "secret", to="yes"), "inputs.account_sid.secret: write true or false"),
    (_set("inputs", "account_sid", "labl", to="x"), "inputs.account_sid.labl: there is no such key"),
    (_set("response", "rules", to=[{"test": "any_of"}]), "response.rules[0].outcome: this key is missing"),
    (_set("codes", "1", to="bad luck"), "codes.1: 'bad luck' is not known"),
    (_set("variants", to=[{"request": {}}]), "variants[0].when: this key is missing"),
]


@pytest.mark.parametrize(("change", "words"), WRONG_SHAPES)
def test_a_wrong_shape_is_named_with_its_key_and_the_schema_agrees(change: Any, words: str) -> None:
    data = data_of("twilio")
    change(data)
    assert any(words in problem for problem in preset_problems(data)), preset_problems(data)
    assert not jsonschema.Draft202012Validator(schema()).is_valid(data)


WRONG_CONTENTS = [
    (
        _set("request", "url", to="https://{{acount}}/"),
        "request.url: Line 1, column 11: There is no variable acount",
    ),
    (_set("request", "url", to="https://x/{% if a %}"), "request.url: only {{…}}"),
    (_set("request", "payload", to='{"a": 1,\n "b": {{message}'), "request.payload: Line 2, column"),
    (
        _set("request", "fields", 0, "value", to="{{ toNumber | nonsense }}"),
        "request.fields[0].value: Line 1",
    ),
    (_set("request", "headers", to=[{"name": "X Y", "value": "a"}]), "request.headers[0].name"),
    (_set("request", "headers", to=[{"name": "Host", "value": "a"}]), "request.headers[0].name"),
    (_set("auth", "auth_username", to="{{user}}"), "auth.auth_username: there is no variable user"),
    (_set("auth", "mac_string", to="{{target}}{{user}}"), "auth.mac_string: there is no variable user"),
    (_set("response", "id", to="messages["), "response.id: "),
    (
        _set("response", "rules", to=[{"status": "9xx", "test": "present", "outcome": "failed"}]),
        "rules[0].status",
    ),
    (
        _set("response", "rules", to=[{"test": "matches", "values": ["("], "outcome": "failed"}]),
        "response.rules[0].values: ",
    ),
    (
        _set("response", "rules", to=[{"test": "present", "outcome": "failed", "again_without": ["x"]}]),
        "response.rules[0].again_without: there is no variable x",
    ),
    (_set("inputs", "message", to={"label": "x"}), "inputs.message: this is a variable of every message"),
    (_set("inputs", "a-b", to={"label": "x"}), "inputs.a-b: a name has letters"),
    (
        _set("inputs", "account_sid", "field", to="url"),
        "inputs.account_sid.field: there is no form field url",
    ),
    (_set("variants", to=[{"when": {"nobody": "x"}}]), "variants[0].when: there is no input nobody"),
    (
        _set("variants", to=[{"when": {"account_sid": ""}, "request": {"url": "https://{{x}}/"}}]),
        "variants[0].request.url: Line 1, column 11: There is no variable x",
    ),
]


@pytest.mark.parametrize(("change", "words"), WRONG_CONTENTS)
def test_a_wrong_template_path_or_name_is_named_with_its_place(change: Any, words: str) -> None:
    data = data_of("twilio")
    change(data)
    assert any(words in problem for problem in preset_problems(data)), preset_problems(data)


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    value=JSON_LIKE,
    key=st.sampled_from(["format", "inputs", "request", "auth", "response", "variants", "codes"]),
)
def test_whatever_stands_in_a_preset_is_a_problem_and_never_a_traceback(value: Any, key: str) -> None:
    assert isinstance(preset_problems(value), list)
    data = data_of("chikka") | {key: value}
    problems = preset_problems(data)
    assert all(isinstance(problem, str) and problem for problem in problems)


@pytest.mark.parametrize("text", ["= 1", "format = 1\n[request", "\x00", "[[["])
def test_what_is_no_toml_is_refused_in_words(text: str) -> None:
    with pytest.raises(PresetInvalid, match="no TOML"):
        preset_from_text(text, slug="x")


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path: Any) -> None:
    with pytest.raises(PresetInvalid, match=r"gone\.toml: this file cannot be read"):
        load_preset(tmp_path / "gone.toml")
    (tmp_path / "mine.toml").write_text(
        'format = 1\nlabel = "Mine"\n[request]\nurl = "https://x.example.com"\n'
    )
    assert list(load_directory(tmp_path)) == ["mine"]


def test_custom_starts_with_the_documented_payload() -> None:
    assert json.loads(VENDORS["custom"].payload) == {
        "from": "{{fromNumber}}",
        "to": "{{toNumber}}",
        "content": "{{message}}",
        "contentType": "TEXT",
        "clientReference": "{{messageId}}",
        "callbackUrl": "{{statusCallbackUrl}}",
    }


def test_a_vendor_that_is_gone_counts_as_custom() -> None:
    assert preset_of("gone") is VENDORS["custom"]


def test_inputs_become_variables_fields_and_headers() -> None:
    spec = VENDORS["external_json"].spec(
        {
            "send_url": "https://gw.example.com/send",
            "method": "PUT",
            "max_length": 70,
            "headers": {"Authorization": "Token abc", "X-Env": "prod"},
            "mt_response_check": "Accepted",
            "use_national": True,
            "unheard_of": "x",
        }
    )
    assert (spec.request.url, spec.request.method) == ("https://gw.example.com/send", "PUT")
    assert (spec.text.max_length, spec.request.to_format) == (70, "national")
    assert spec.request.headers == (
        Header("Authorization", "Token abc", secret=True),
        Header("X-Env", "prod"),
    )
    assert spec.response.rules[0].values == ("{{mt_response_check}}",)
    assert spec.judging.rules[0].values == ("Accepted",)
    assert {variable.name: variable.value for variable in spec.variables} == {
        "mt_response_check": "Accepted",
        # What the webhook is made of stays, filled in or not.
        **dict.fromkeys(("mo_from_field", "mo_text_field", "mo_date_field", "mo_response"), ""),
        "mo_response_content_type": "text/plain",
    }
    lines = VENDORS["external_json"].spec({"headers": "Authorization: Token abc\n\nX-Env: prod"})
    assert lines.request.headers == spec.request.headers
    assert (lines.text.max_length, lines.request.to_format) == (160, "international")


def test_a_value_a_field_does_not_offer_is_refused() -> None:
    with pytest.raises(PresetInvalid, match="content_type: 'yaml' is not known; write one of json"):
        VENDORS["external_json"].spec({"content_type": "yaml"})


def test_variants_apply_when_their_inputs_say_so() -> None:
    infobip = VENDORS["infobip"]
    key = infobip.spec({"api_key": "k", "username": "u"})
    assert (key.auth_type, key.auth.api_token) == ("api_key", "k")
    basic = infobip.spec({"username": "u", "password": "p"})
    assert (basic.auth_type, basic.auth.auth_username, basic.auth.auth_password) == ("basic", "u", "p")
    assert infobip.spec({}).auth_type == "api_key"


def test_secrets_are_secret_variables() -> None:
    spec = VENDORS["twilio"].spec({"account_sid": "AC1", "auth_token": "hush"})
    named = {variable.name: variable for variable in spec.variables}
    assert named["auth_token"] == Variable(
        "auth_token", "hush", True, "Auth Token", True, "On the console's first page."
    )
    assert not named["account_sid"].secret
    assert (spec.auth.auth_username, spec.auth.auth_password) == ("AC1", "hush")


@pytest.mark.parametrize("slug", VENDORS)
def test_form_values_are_fields_of_the_form(slug: str) -> None:
    values = VENDORS[slug].form_values()
    assert values.keys() <= {*FIELD_PLACES, "provider_name"}
    assert values["auth_type"] in BACKENDS
    assert values["method"] in {"GET", "POST"}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    else:
        yield str(value)


@pytest.mark.parametrize("slug", VENDORS)
def test_a_credential_written_as_a_preset_and_read_again_is_the_same_without_its_secrets(slug: str) -> None:
    typed = inputs_of(slug)
    spec = VENDORS[slug].spec(typed)
    written = to_toml(preset_from_spec(spec, label="Again", slug=slug, provider_name="P", country="FR"))
    secrets = [variable.value for variable in spec.variables if variable.secret and variable.value]
    assert not [secret for secret in secrets if secret in written]
    again = preset_from_text(written, slug=slug)
    assert (again.label, again.provider_name, again.country) == ("Again", "P", "FR")
    read = again.spec(typed)
    assert (read.request, read.text, read.response) == (spec.request, spec.text, spec.response)
    assert (read.auth_type, read.auth, read.check_url) == (spec.auth_type, spec.auth, spec.check_url)
    assert read.webhook == spec.webhook == VENDORS[slug].webhook(typed)


def test_a_variant_lays_its_webhook_over_the_files_and_its_rules_come_first() -> None:
    kannel, twilio = VENDORS["kannel"], VENDORS["twilio"]
    words = kannel.webhook({"ignore_sent": True})["statuses"]["words"]
    assert words == {**kannel.webhook({})["statuses"]["words"], "4": "ignore", "8": "ignore"}
    rules = twilio.webhook({"ignore_dlrs": "true"})["rules"]
    assert [rule["take"] for rule in rules] == [
        "ignore",
        *(rule["take"] for rule in twilio.webhook({})["rules"]),
    ]
    assert "ignore_sent" in {variable.name for variable in kannel.spec({}).variables}


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ('[webhook.inbound]\nsamples = "x"', "webhook.inbound.samples: there is no such key"),
        ('[webhook]\nrules = [{ path = "a" }]', "webhook.rules[0].take: this key is missing"),
        ('[webhook]\nrules = [{ take = "keep" }]', "webhook.rules[0].take: 'keep' is not known"),
        ('[webhook.statuses]\nwords = { A = "gone" }', "webhook.statuses.words.A: 'gone' is not known"),
        ('[webhook]\nanswers = [{ status = "200" }]', "webhook.answers[0].status: write a whole number"),
    ],
)
def test_a_fault_in_the_webhook_table_is_named(table: str, says: str) -> None:
    with pytest.raises(PresetInvalid) as caught:
        preset_from_text(
            f'format = 1\nlabel = "X"\n[request]\nurl = "https://x.example/"\n{table}\n', slug="x"
        )
    assert any(says in problem for problem in caught.value.problems), caught.value.problems


def test_secrets_typed_where_none_belong_stay_behind_too() -> None:
    spec = VENDORS["custom"].spec({})
    headers = (Header("X-Api-Key", "hush-header"), Header("X-Sign", "hush-sign", secret=True))
    auth = replace(spec.auth, api_token="hush-token")
    request = replace(spec.request, url="https://p.example.com/hush-token/send", headers=headers)
    written = to_toml(preset_from_spec(replace(spec, request=request, auth=auth), label="Mine"))
    assert "hush" not in written
    data = tomllib.loads(written)
    assert preset_problems(data) == []
    typed = {"x_api_key": "hush-header", "x_sign": "hush-sign", "api_token": "hush-token"}
    assert typed.keys() <= data["inputs"].keys()
    read = preset_from_text(written, slug="mine").spec(typed)
    assert (read.auth.api_token, [row.name for row in read.request.headers]) == (
        "hush-token",
        ["X-Api-Key", "X-Sign"],
    )
    assert {variable.value for variable in read.variables} == {"hush-header", "hush-sign"}
