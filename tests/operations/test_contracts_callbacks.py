"""The kit's inbound and status sides can fail: changed cases and spoiled presets no longer pass."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

import credentials.vendors
from credentials.vendors import load_preset
from operations.contracts.cases import load_contracts
from operations.contracts.runner import RUNNERS, run_one

pytestmark = pytest.mark.django_db

CASES = Path(__file__).resolve().parents[1] / "data" / "contracts.json"
PRESETS = Path(credentials.vendors.__file__).parent
CONTRACTS = {contract.provider: contract for contract in load_contracts(CASES)}

Change = Callable[[dict[str, Any]], Any]


def _first(case: dict[str, Any], kind: str) -> dict[str, Any]:
    return case["expect"][kind][0]  # type: ignore[no-any-return]


# Provider, side, case, change of what it says, words of the difference.
MUTATIONS: list[tuple[str, str, str, Change, str]] = [
    ("arabiacell", "inbound", "form", lambda c: _first(c, "messages").update(text="x"), "text: 'Marhaba'"),
    ("arabiacell", "inbound", "form", lambda c: _first(c, "messages").update({"from": "+1"}), "from: "),
    (
        "arabiacell",
        "inbound",
        "form",
        lambda c: _first(c, "messages").update(external_id="1"),
        "external_id: None",
    ),
    ("arabiacell", "inbound", "form", lambda c: _first(c, "messages").update(price=1), "price: there is no"),
    ("arabiacell", "inbound", "form", lambda c: c["expect"].update(messages=[]), "messages: 1 instead of 0"),
    ("arabiacell", "inbound", "form", lambda c: c["expect"].update(status=201), "status: 200 instead of 201"),
    ("arabiacell", "inbound", "form", lambda c: c["expect"].update(error=True), "a message was taken"),
    ("arabiacell", "inbound", "form", lambda c: c["expect"].update(ignored=True), "a message was taken"),
    ("arabiacell", "inbound", "form", lambda c: c["expect"].update(prices=1), "prices: there is no such"),
    (
        "arabiacell",
        "inbound",
        "missing M",
        lambda c: c.update(expect={"ignored": True}),
        "quarantined: ",
    ),
    (
        "arabiacell",
        "inbound",
        "missing M",
        lambda c: c["request"]["form"].update(M="962795554433"),
        "a message was taken",
    ),
    (
        "clickatell",
        "inbound",
        "json epoch ms",
        lambda c: _first(c, "messages").update(received_at="2025-02-19T23:00:01Z"),
        "received_at: ",
    ),
    ("clickatell", "inbound", "json epoch ms", lambda c: _first(c, "messages").update(to="1"), "to: "),
    ("jasmin", "status", "value DELIVRD", lambda c: c["expect"]["reply"].update(body="OK"), "reply, body: "),
    (
        "twilio",
        "inbound",
        "form",
        lambda c: c["expect"]["reply"].update(content_type="text/plain"),
        "reply, content_type: ",
    ),
    ("twilio", "inbound", "form", lambda c: c["request"]["sign"].update(secret="x"), "status: 403"),
    ("twilio", "inbound", "form", lambda c: c["expect"]["reply"].update(body_contains="<Say>"), "is not in"),
    ("twilio", "status", "value read", lambda c: _first(c, "statuses").update(status="delivered"), "read instead"),
    ("twilio", "status", "value sent", lambda c: _first(c, "statuses").update(status="wired"), "sent instead"),
    (
        "twilio",
        "status",
        "rate-limit code becomes retryable",
        lambda c: _first(c, "statuses").update(error_code="1"),
        "the code 1 is not kept",
    ),
    ("twilio", "status", "opt-out code", lambda c: c["expect"].update(events=[]), "opt-outs: 1 instead of 0"),
    (
        "twilio",
        "status",
        "opt-out code",
        lambda c: _first(c, "events").update(number="+12025550199"),
        "no opt-out of +12025550199",
    ),
    ("kannel", "status", "unknown value 66", lambda c: c["request"]["query"].update(status="1"), "delivered"),
    ("kannel", "status", "value 2", lambda c: _first(c, "statuses").update(status="wired"), "errored instead"),
    ("novo", "inbound", "missing Authorization", lambda c: c["expect"].update(status=403), "401 instead of 403"),
    (
        "mtarget",
        "inbound",
        "part 1 of 2 completes",
        lambda c: c.pop("sequence"),
        "messages: 0 instead of 1",
    ),
    (
        "infobip",
        "status",
        "two in one call",
        lambda c: c["request"]["json"]["results"].pop(),
        "wired instead of failed",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("provider", "side", "name", "change", "words"), MUTATIONS)
def test_a_callback_case_fails_when_anything_it_says_is_not_so(
    provider: str, side: str, name: str, change: Change, words: str
) -> None:
    contract = CONTRACTS[provider]
    preset = load_preset(PRESETS / f"{provider}.toml")
    found = next(case for case in contract.cases[side] if name in case["case"])
    case: Any = deepcopy(found)
    assert RUNNERS[side](contract, case, preset) == []
    change(case)
    differences = RUNNERS[side](contract, case, preset)
    assert any(words in text for text in differences), differences


# A change to the [webhook] table of a preset file -> the side whose cases must then fail.
SPOILED = [
    ("clickatell", "inbound", " | percent_text: charset", ""),
    ("jasmin", "inbound", " | gsm7_if: coding, '0'", ""),
    ("jasmin", "status", '"ACK/Jasmin"', '"ok"'),
    ("kannel", "status", 'default = "ignore"', 'default = "unknown"'),
    ("kannel", "inbound", " | filled", ""),
    ("macrokiosk", "inbound", "only_ours = true", "only_ours = false"),
    ("macrokiosk", "inbound", "Asia/Kuala_Lumpur", "UTC"),
    ("messagebird", "status", '103 = "opted_out"', '103 = "blocked"'),
    ("messagebird", "inbound", 'scheme = "jwt"', 'scheme = "none"'),
    ("mtarget", "inbound", "{{messageGroup}}", "x"),
    ("mtarget", "inbound", 'take = "opt_out"', 'take = "message"'),
    ("mtn", "status", '{ path = "transactionId", test = "absent", take = "ignore" },', ""),
    ("novo", "inbound", "status = 401", "status = 403"),
    ("playmobile", "inbound", "message[]", "message"),
    ("playmobile", "inbound", "strip_prefixes: '{{incoming_prefixes}}' | ", ""),
    ("thinq", "inbound", '{ path = "type", take = "refuse" },', ""),
    ("twilio", "inbound", " | base64_text", ""),
    ("twilio", "status", 'values = ["63018"]', 'values = ["63019"]'),
    ("twilio", "status", 'webhook = { rules = [{ path = "MessageStatus", take = "ignore" }] }', "webhook = {}"),
    ("zenvia_sms", "inbound", 'values = ["IN"], take = "ignore"', 'values = ["IN", "OUT"], take = "ignore"'),
    ("external_get", "status", 'role = "failed", take', 'role = "lost", take'),
    ("external_get", "inbound", '"{{mo_from_field}}", ', ""),
    ("shaqodoon", "inbound", 'paths = ["date", "time"]', 'paths = ["time"]'),
    ("burstsms", "status", "only_these = true", 'default = "failed"'),
]  # fmt: skip


@pytest.mark.parametrize(("provider", "side", "right", "wrong"), SPOILED)
def test_a_spoiled_webhook_fails_its_cases(
    provider: str, side: str, right: str, wrong: str, tmp_path: Path
) -> None:
    source = (PRESETS / f"{provider}.toml").read_text()
    assert right in source
    (tmp_path / f"{provider}.toml").write_text(source.replace(right, wrong))
    row = run_one(CONTRACTS[provider], tmp_path / f"{provider}.toml", [side])
    assert not row.passed
    assert row.counts[side][0] < row.counts[side][1]
