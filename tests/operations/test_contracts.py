from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from requests.structures import CaseInsensitiveDict

import credentials.vendors
from core.templating.engine import FILTER_NAMES
from core.vocabulary import FailureClass, Outcome
from credentials.auth import BACKENDS
from credentials.auth.signing_values import SIGNED_NAMES
from credentials.building.variables import ALIASES, MESSAGE_NAMES
from credentials.choices import FieldKind, Test, When
from credentials.vendors import VENDORS
from credentials.vendors.format import FIELD_PLACES, schema
from operations.contracts import outbound
from operations.contracts.cases import SIDES, CasesInvalid, Contract, load_contracts
from operations.contracts.freezing import frozen
from operations.contracts.matching import Matching
from operations.contracts.runner import run_one
from operations.contracts.wire import SentRequest
from webhooks.answering import WHEN
from webhooks.mapping import FILTERS
from webhooks.reading import VARIABLES
from webhooks.reading.rules import TAKES
from webhooks.statuses import CANONICAL

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "data" / "contracts.json"
PRESETS = Path(credentials.vendors.__file__).parent
CONTRACTS = {contract.provider: contract for contract in load_contracts(CASES)}


@pytest.mark.django_db
@pytest.mark.parametrize("provider", CONTRACTS)
def test_every_case_of_a_provider_passes(provider: str) -> None:
    row = run_one(CONTRACTS[provider], PRESETS / f"{provider}.toml", SIDES)
    assert row.failures == []
    assert row.counts["outbound"][1] > 0


def test_all_providers_and_all_cases_are_there() -> None:
    assert len(CONTRACTS) == 30
    assert sum(len(contract.cases[side]) for contract in CONTRACTS.values() for side in SIDES) == 524


# What a case expects, changed so that a right request or result no longer fits: provider, case, change, words.
Change = Callable[[dict[str, Any]], Any]


def _request(case: dict[str, Any]) -> dict[str, Any]:
    return case["exchange"][-1]["expect_request"]  # type: ignore[no-any-return]


MUTATIONS: list[tuple[str, str, Change, str]] = [
    ("clickatell", "ascii", lambda case: _request(case)["query"].update(to="+27821234567"), "query: to: "),
    ("clickatell", "ascii", lambda case: _request(case)["query"].update(unicode="1"), "unicode: missing"),
    ("clickatell", "ascii", lambda case: _request(case).update(method="POST"), "method: "),
    ("clickatell", "ascii", lambda case: _request(case).update(url="https://other.example.com/"), "url: "),
    ("clickatell", "ascii", lambda case: _request(case).update(absent=["content"]), "content is there"),
    ("clickatell", "ascii", lambda case: _request(case).update(form={"to": "1"}), "form: to: missing"),
    ("clickatell", "ascii", lambda case: _request(case).update(json={"to": "1"}), "the body is not JSON"),
    ("clickatell", "ascii", lambda case: _request(case).update(xml={"root": "a"}), "the body is not XML"),
    ("clickatell", "ascii", lambda case: _request(case).update(cookies={}), "there is no such rule"),
    ("clickatell", "ascii", lambda case: case["expect"].update(external_id="else"), "external_id: 'cta1'"),
    ("clickatell", "ascii", lambda case: case["expect"].update(outcome="failed"), "outcome: 'wired'"),
    ("clickatell", "ascii", lambda case: case["expect"].update(price=1), "price: there is no such rule"),
    ("clickatell", "ascii", lambda case: _request(case).update(query=["to"]), "this cannot be compared"),
    ("clickatell", "long_split", lambda case: case["expect"].update(parts=3), "parts: 2 instead of 3"),
    (
        "zenvia_sms",
        "long_split_in_one_request",
        lambda case: case["expect"].update(parts=1),
        "parts: 2 instead of 1",
    ),
    ("clickatell", "long_split", lambda case: case["exchange"].pop(), "requests: 2 instead of 1"),
    (
        "clickatell",
        "no_id_in_200",
        lambda case: case["exchange"].append(case["exchange"][0]),
        "1 instead of 2",
    ),
    ("twilio", "ascii", lambda case: _request(case)["form"].update(To="12025550143"), "form: To: "),
    ("twilio", "ascii", lambda case: _request(case)["form"].update(Nothing="x"), "Nothing: missing"),
    (
        "twilio",
        "ascii",
        lambda case: _request(case)["headers"].update(Authorization="Basic x"),
        "Authorization: ",
    ),
    (
        "twilio",
        "ascii",
        lambda case: _request(case)["headers"].update({"Content-Type": "text/xml"}),
        "Content-Type: ",
    ),
    (
        "twilio",
        "ascii",
        lambda case: _request(case)["form"]["StatusCallback"]["query"].update(uuid="another"),
        "StatusCallback: ",
    ),
    (
        "twilio",
        "ascii",
        lambda case: _request(case)["form"]["StatusCallback"].update({"$callback": "inbound"}),
        "StatusCallback: ",
    ),
    (
        "kannel",
        "ascii",
        lambda case: _request(case)["query"]["dlr-url"]["query"].update(status="%s"),
        "dlr-url: ",
    ),
    ("kannel", "unicode", lambda case: _request(case)["query"]["text"].update({"$hex": "0041"}), "text: "),
    ("kannel", "ascii", lambda case: _request(case)["query"].update(username={"$starts": "q"}), "username: "),
    ("i2sms", "error_code", lambda case: case["expect"].update(error_code="11"), "error_code: '10'"),
    (
        "i2sms",
        "error_code",
        lambda case: case["expect"].update(error_message="x"),
        "error_message: 'No balance'",
    ),
    (
        "infobip",
        "ascii",
        lambda case: _request(case)["json"]["messages"][0]["content"].update(text="x"),
        "content: text",
    ),
    (
        "infobip",
        "ascii",
        lambda case: _request(case)["json"]["messages"][0]["webhooks"]["delivery"].update(
            intermediateReport="true"
        ),
        "intermediateReport: true instead of",
    ),
    ("infobip", "ascii", lambda case: _request(case)["json"]["messages"].append({}), "messages: "),
    ("external_xml", "ascii", lambda case: _request(case)["xml"].update(root="message"), "xml: root: "),
    ("external_xml", "ascii", lambda case: _request(case)["xml"]["values"].update(to="+1"), "xml: to: "),
    (
        "external_xml",
        "ascii",
        lambda case: _request(case)["xml"]["values"].update({"to/@id": "1"}),
        "to/@id: missing",
    ),
    ("mtn", "ascii", lambda case: case["exchange"].reverse(), "request 1, url: "),
    ("clickmobile", "ascii", lambda case: case["message"].update(now="2025-03-04T05:06:08Z"), "auth_key: "),
    ("playmobile", "long_split", lambda case: case["message"].update(id="another"), "message-id: "),
]


@pytest.mark.parametrize(("provider", "name", "change", "words"), MUTATIONS)
def test_a_case_fails_when_anything_it_says_is_not_so(
    provider: str, name: str, change: Change, words: str
) -> None:
    contract = CONTRACTS[provider]
    case: Any = deepcopy(next(case for case in contract.cases["outbound"] if case["case"] == name))
    assert outbound.run(contract, case, VENDORS[provider]) == []
    change(case)
    differences = outbound.run(contract, case, VENDORS[provider])
    assert any(words in text for text in differences), differences


# A change to a preset file -> providers whose cases must then fail.
SPOILED = [
    ("clickatell", 'to_format = "no_plus"', 'to_format = "national"'),
    ("clickatell", 'test = "absent", outcome = "failed"', 'test = "absent", outcome = "accepted"'),
    ("jasmin", 'encoding = "smart"', 'encoding = "as_is"'),
    ("playmobile", "{{partReference}}", "{{messageId}}"),
    ("zenvia_sms", 'split = "together"', 'split = "requests"'),
    ("mtarget", 'ignore_ids = ["null"]', 'id_missing = ["null"]'),
    ("twilio", '21610 = "opted_out"', '21610 = "blocked"'),
    ("chikka", 'again_without = ["inReplyTo"]', "again_without = []"),
    ("arabiacell", "max_length = 1530", "max_length = 1400"),
]


@pytest.mark.parametrize(("provider", "right", "wrong"), SPOILED)
def test_a_spoiled_preset_fails_its_cases(provider: str, right: str, wrong: str, tmp_path: Path) -> None:
    source = (PRESETS / f"{provider}.toml").read_text()
    assert right in source
    (tmp_path / f"{provider}.toml").write_text(source.replace(right, wrong))
    row = run_one(CONTRACTS[provider], tmp_path / f"{provider}.toml", ["outbound"])
    assert not row.passed
    assert row.counts["outbound"][0] < row.counts["outbound"][1]


def sent(**given: Any) -> SentRequest:
    given = {
        "method": "POST",
        "url": "https://p.example.com/",
        "query": "",
        "headers": {},
        "body": b"",
    } | given
    return SentRequest(**given)


@pytest.mark.parametrize(
    ("expected", "request_"),
    [
        ({"query": {"a": "x y"}}, sent(query="b=1&a=x%20y")),
        ({"query": {"a": ["1", "2"]}}, sent(query="a=1&a=2")),
        ({"form": {"a": "ä+"}}, sent(body=b"a=%C3%A4%2B")),
        ({"form": {"a": {"$hex": "00E4"}}}, sent(body=b"a=%00%e4")),
        ({"json": {"a": {"b": 1}}}, sent(body=b'{"a": {"b": 1, "c": 2}, "d": 3}')),
        ({"json": {"a": {"$any": True}}}, sent(body=b'{"a": null}')),
        ({"url": "https://p.example.com"}, sent()),
        ({"url": "https://p.example.com:443/"}, sent()),
        (
            {"xml": {"root": "r", "values": {"a/b": "x", "a/@c": "1"}}},
            sent(body=b'<r><a c="1"><b>x</b></a></r>'),
        ),
        ({"headers": {"x-one": "1"}}, sent(headers=CaseInsensitiveDict({"X-One": "1"}))),
        (
            {"query": {"u": {"$callback": "status", "query": {"id": "7"}}}},
            sent(query="u=https%3A%2F%2Fg%2Fs%2F7%2F"),
        ),
    ],
)
def test_what_is_allowed_matches(expected: dict[str, Any], request_: SentRequest) -> None:
    assert Matching({"status": "https://g/s/"}).differences(expected, request_) == []


@pytest.mark.parametrize(
    ("expected", "request_"),
    [
        ({"json": {"a": "1"}}, sent(body=b'{"a": 1}')),
        ({"json": {"a": 1}}, sent(body=b'{"a": true}')),
        ({"json": {"a": [1, 2]}}, sent(body=b'{"a": [2, 1]}')),
        ({"query": {"a": ""}}, sent(query="b=1")),
        ({"query": {"a": "1"}}, sent(query="a=1&a=2")),
        ({"query": {"a": {"$any": True}}}, sent()),
        ({"query": {"u": {"$callback": "status"}}}, sent(query="u=https%3A%2F%2Felse%2F")),
        (
            {"query": {"u": {"$callback": "status", "query": {"s": "%d"}}}},
            sent(query="u=https%3A%2F%2Fg%2Fs%2F%3Fs%3D%2525d"),
        ),
        ({"absent": ["a"]}, sent(body=b"a=1")),
        ({"absent": ["a"]}, sent(body=b'{"a": null}')),
        ({"url": "https://p.example.com/x"}, sent()),
        ({"url": "http://p.example.com/"}, sent()),
    ],
)
def test_what_differs_does_not_match(expected: dict[str, Any], request_: SentRequest) -> None:
    assert Matching({"status": "https://g/s/"}).differences(expected, request_)


def test_a_recorded_silence_is_an_error_to_try_again() -> None:
    contract = CONTRACTS["smscentral"]
    case: Any = deepcopy(contract.cases["outbound"][0])
    case["exchange"][0]["response"] = {"timeout": True}
    case["expect"] = {"outcome": "errored", "external_id": None}
    assert outbound.run(contract, case, VENDORS["smscentral"]) == []


def test_a_message_repeated_within_the_life_of_its_token_asks_for_the_token_once() -> None:
    contract = CONTRACTS["mtn"]
    case: Any = deepcopy(contract.cases["outbound"][0])
    assert len(outbound.run(contract, {**case, "repeat": 2}, VENDORS["mtn"])) > 0
    case["exchange"].append(case["exchange"][1])
    assert outbound.run(contract, {**case, "repeat": 2}, VENDORS["mtn"]) == []


def test_the_clock_stands_still_and_goes_on_afterwards() -> None:
    moment = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
    with frozen(moment):
        assert (time.time(), timezone.now()) == (moment.timestamp(), moment)
    assert timezone.now().year >= 2026


# The command.


def run_command(*arguments: str) -> tuple[str, CommandError | None]:
    out = StringIO()
    try:
        call_command("verify_contracts", *arguments, stdout=out)
    except CommandError as error:
        return out.getvalue(), error
    return out.getvalue(), None


def run_for_itself(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own, as its database is: it needs none that is set up."""
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "verify_contracts", *arguments],
        env={
            **os.environ,
            "SMSGATEWAY_DATA_DIR": str(directory),
            "DJANGO_SETTINGS_MODULE": "smsgateway.settings",
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_command_prints_a_row_for_each_provider_and_the_totals(tmp_path: Path) -> None:
    done = run_for_itself(tmp_path, str(CASES), "--presets", str(PRESETS))
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert len(lines) == 31
    assert lines[1].split() == ["burstsms", "outbound", "9/9", "inbound", "2/2", "status", "5/5"]
    assert lines[-1] == "contracts: 30 of 30 providers, 524 of 524 cases"
    assert not list(tmp_path.glob("*.sqlite3"))  # nothing of it is kept


def test_the_command_tells_what_differed_and_ends_with_1(tmp_path: Path) -> None:
    shutil.copy(PRESETS / "clickatell.toml", tmp_path)
    broken = (PRESETS / "mtn.toml").read_text().replace("v2/messages", "v3/messages")
    (tmp_path / "mtn.toml").write_text(broken)
    quiet, error = run_command(str(CASES), "--presets", str(tmp_path), "--side", "outbound")
    assert error is not None
    assert error.returncode == 1
    assert quiet.splitlines()[-1] == "contracts: 1 of 30 providers, 8 of 257 cases"
    assert "instead of" not in quiet
    told, _ = run_command(
        str(CASES), "--presets", str(tmp_path), "--provider", "mtn", "--side", "outbound", "-v"
    )
    assert "outbound ascii" in told
    assert 'request 2, url: "https://api.mtn.com/v3/messages' in told
    missing, _ = run_command(
        str(CASES), "--presets", str(tmp_path), "--provider", "novo", "--side", "outbound", "-v"
    )
    assert f"there is no novo.toml in {tmp_path}. A preset is the file PROVIDER.toml." in missing
    (tmp_path / "novo.toml").write_text('format = 1\nlabel = "N"\ncolour = "red"\n[request]\n')
    told, _ = run_command(
        str(CASES), "--presets", str(tmp_path), "--provider", "novo", "--side", "outbound", "-v"
    )
    assert told.count("colour: there is no such key") == 1
    assert "outbound ascii" not in told  # said once, not for each case


def test_the_outbound_side_alone_and_one_provider_alone() -> None:
    text, error = run_command(str(CASES), "--side", "outbound", "--provider", "novo")
    assert error is None
    assert text.splitlines()[-1] == "contracts: 1 of 1 providers, 8 of 8 cases"
    _, error = run_command(str(CASES), "--presets", "nowhere")
    assert error is not None
    assert "no directory nowhere" in str(error)
    _, error = run_command(str(CASES), "--provider", "nobody")
    assert error is not None
    assert "no cases of nobody" in str(error)


def test_the_example_of_the_documentation_proves_itself(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "add-a-provider.md").read_text()
    blocks = dict(re.findall(r"`(larkspur\.toml|cases\.json)`:\n\n```\w+\n(.*?)```", page, re.DOTALL))
    for name, text in blocks.items():
        (tmp_path / name).write_text(text)
    done = run_for_itself(tmp_path, str(tmp_path / "cases.json"), "--presets", str(tmp_path), "-v")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    for line in done.stdout.splitlines():
        assert line in page


def test_the_documentation_names_every_key_variable_and_function() -> None:
    docs = Path(__file__).resolve().parents[2] / "docs"
    page = "".join((docs / name).read_text() for name in ("add-a-provider.md", "helpers.md"))
    words = set(re.findall(r"[A-Za-z_][A-Za-z0-9_-]*", page))
    tables = [schema(), *schema()["$defs"].values()]
    keys = {key for table in tables for key in table["properties"]}
    assert {*keys, *MESSAGE_NAMES, *ALIASES, *FILTER_NAMES, *SIGNED_NAMES, *FIELD_PLACES, *BACKENDS} <= words
    assert {
        *FILTERS,
        *(name for names in VARIABLES.values() for name in names),
        *WHEN,
        *TAKES,
        *CANONICAL,
    } <= words
    assert {*Test.values, *When.values, *FieldKind.values, *Outcome, *FailureClass} - {""} <= words


GOOD_CASE: dict[str, Any] = {
    "case": "a",
    "message": {"id": "1", "to": "+14155550123", "text": "t", "now": "2025-03-04T05:06:07Z"},
    "exchange": [],
    "expect": {"outcome": "wired"},
}


def case_file(**changes: Any) -> str:
    return json.dumps([{"provider": "x", "outbound": [GOOD_CASE | changes]}])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is not JSON"),
        ("{}", "write a list of providers"),
        ("[7]", "provider 1 needs the name of its preset"),
        ('[{"provider": "x", "config": []}]', "x: config must be an object"),
        ('[{"provider": "x", "outbound": {}}]', "x, outbound must be a list"),
        ('[{"provider": "x", "inbound": [{}]}]', "x, inbound: case 1 needs a name"),
        (
            json.dumps([{"provider": "x", "outbound": [{**GOOD_CASE, "message": {}}]}]),
            "message needs the texts id, to",
        ),
        (json.dumps([{"provider": "x", "outbound": [{**GOOD_CASE, "expect": {}}]}]), "expect needs outcome"),
        (
            json.dumps([{"provider": "x", "outbound": [{**GOOD_CASE, "repeat": 0}]}]),
            "repeat must be a number",
        ),
        (
            json.dumps([{"provider": "x", "outbound": [{**GOOD_CASE, "config_override": 1}]}]),
            "config_override must",
        ),
        (
            json.dumps(
                [
                    {
                        "provider": "x",
                        "outbound": [GOOD_CASE | {"message": GOOD_CASE["message"] | {"now": "x"}}],
                    }
                ]
            ),
            "now must be a moment",
        ),
        (
            json.dumps([{"provider": "x", "outbound": [{**GOOD_CASE, "exchange": [{}]}]}]),
            "exchange must be a list",
        ),
        ('[{"provider": "x", "outbuond": []}]', r"x: there is no key outbuond\. Did you mean outbound\?"),
        (case_file(repaet=2), r"x, outbound, a: there is no key repaet\. Did you mean repeat\?"),
        (
            case_file(message=GOOD_CASE["message"] | {"in_replyto": "1"}),
            "message: there is no key in_replyto",
        ),
        (
            case_file(expect={"outcome": "wired", "id": "1"}),
            r"expect: there is no key id\. Known: error_code,",
        ),
        (case_file(expect={"outcome": "accepted"}), "outcome 'accepted' is not known; write one of wired, "),
        (case_file(expect={"outcome": "failed", "failure": "no_money"}), "failure 'no_money' is not known; "),
        (
            case_file(exchange=[{"expected_request": {}, "response": {}}]),
            "exchange 1: there is no key expected_",
        ),
        (case_file(exchange=[{"response": {"code": 200}}]), "exchange 1, response: there is no key code"),
        (case_file(exchange=[{"response": {"body": {"id": 1}}}]), "exchange 1: body must be a text"),
    ],
)
def test_a_wrong_file_of_cases_is_refused_in_words(content: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    file.write_text(content)
    with pytest.raises(CasesInvalid, match=words):
        load_contracts(file)
    _, error = run_command(str(file))
    assert error is not None
    assert error.returncode == 2


def test_a_file_of_cases_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(CasesInvalid, match="cannot be read"):
        load_contracts(tmp_path / "gone.json")


def test_a_case_whose_configuration_the_preset_refuses_fails_in_words() -> None:
    config = {"content_type": "yaml", "send_url": "https://p.example.com/", "body": "{}"}
    contract = Contract("external_json", config, {"outbound": [GOOD_CASE]})
    row = run_one(contract, PRESETS / "external_json.toml", ["outbound"])
    assert "'yaml' is not known" in row.failures[0].differences[0]


def test_a_configuration_that_the_preset_does_not_know_or_lacks_is_told_once() -> None:
    path = PRESETS / "clickmobile.toml"
    good = CONTRACTS["clickmobile"]
    contract = Contract("clickmobile", {"user_name": "x"}, {"outbound": good.cases["outbound"]})
    row = run_one(contract, path, ["outbound"])
    assert (row.passed, row.failures) == (False, [])
    assert row.counts["outbound"] == (0, len(good.cases["outbound"]))
    assert row.problems[0] == "config: the preset has no input user_name. Did you mean username?"
    missing = {text.split()[1] for text in row.problems[1:]}
    required = {item.name for item in VENDORS["clickmobile"].inputs if item.required and not item.default}
    assert missing == required
    # Settings of a side that is not checked this time are no mistake.
    inbound: Any = {"outbound": good.cases["outbound"], "inbound": [{"case": "a"}]}
    row = run_one(Contract("clickmobile", {**good.config, "mo_word": "x"}, inbound), path, ["outbound"])
    assert row.passed


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ({"pasword": "x"}, "config_override: the preset has no input pasword. Did you mean password?"),
        ({"password": " "}, "config: password is missing (Password)."),
    ],
)
def test_an_override_that_the_preset_does_not_know_fails_its_case_alone(
    override: dict[str, str], words: str
) -> None:
    good = CONTRACTS["clickmobile"]
    first, *others = good.cases["outbound"]
    cases: Any = {"outbound": [{**first, "config_override": override}, *others]}
    row = run_one(Contract("clickmobile", good.config, cases), PRESETS / "clickmobile.toml", ["outbound"])
    assert row.counts["outbound"] == (len(others), len(others) + 1)
    assert any(text.startswith(words) for text in row.failures[0].differences)


def test_an_expectation_can_name_the_failure_class() -> None:
    contract = CONTRACTS["twilio"]
    case: Any = next(case for case in contract.cases["outbound"] if case["expect"]["outcome"] == "opted_out")
    for failure, differences in (
        ("opted_out", []),
        ("blocked", ["failure: 'opted_out' instead of 'blocked'"]),
    ):
        expected = {**case, "expect": {**case["expect"], "failure": failure}}
        assert outbound.run(contract, expected, VENDORS["twilio"]) == differences


def test_a_mistyped_provider_is_told_the_nearest_name() -> None:
    _, error = run_command(str(CASES), "--provider", "twillio")
    assert "holds no cases of twillio. Did you mean twilio?" in str(error)
    row = run_one(Contract("mtnn", {}, {"outbound": [GOOD_CASE]}), PRESETS / "mtnn.toml", ["outbound"])
    assert row.problems == [f"there is no mtnn.toml in {PRESETS}. Did you mean mtn?"]


def test_a_key_that_signing_needs_and_nothing_fills_in_is_named(tmp_path: Path) -> None:
    source = (PRESETS / "mblox.toml").read_text()
    match = re.search(r"^api_token = .*\n", source, re.MULTILINE)
    assert match
    (tmp_path / "mblox.toml").write_text(source.replace(match[0], ""))
    row = run_one(CONTRACTS["mblox"], tmp_path / "mblox.toml", ["outbound"])
    assert row.counts["outbound"][0] == 0
    assert row.failures[0].differences[0].startswith("auth.api_token is missing: Bearer needs it.")
