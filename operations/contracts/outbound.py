"""Outbound cases: a recorded message goes through the engine; its requests and what became of it are compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from core.vocabulary import Outcome
from credentials.auth.tokens import TOKENS
from credentials.client import ProviderClient
from credentials.reading import SendResult
from credentials.spec import TextSpec
from credentials.vendors import Preset
from operations.contracts.cases import Case, Contract
from operations.contracts.freezing import frozen
from operations.contracts.matching import Matching
from operations.contracts.settings import SENDER, auth_problems, case_problems
from operations.contracts.wire import Network

# The addresses a provider would call back, different for each role.
CALLBACKS: Final[Mapping[str, str]] = {
    "status": "https://gw.example.com/hooks/status-token/",
    "inbound": "https://gw.example.com/hooks/inbound-token/",
}
# Our outcome -> what the file calls it.
_OUTCOMES: Final[Mapping[Outcome, str]] = {
    Outcome.ACCEPTED: "wired",
    Outcome.TEMPORARY: "errored",
    Outcome.UNKNOWN: "errored",
    Outcome.FAILED: "failed",
    Outcome.OPTED_OUT: "opted_out",
}


def run(contract: Contract, case: Case, preset: Preset) -> list[str]:
    """What differs in one case; [] when it passes."""
    override = case.get("config_override", {})
    config = {**contract.config, **override}
    if problems := case_problems(config, override, preset):
        return problems
    spec = replace(
        preset.spec(config),
        status_callback_url=CALLBACKS["status"],
        inbound_callback_url=CALLBACKS["inbound"],
    )
    if problems := list(auth_problems(spec)):
        return problems
    network = Network([step["response"] for step in case["exchange"]])
    TOKENS.clear()
    try:
        with frozen(_moment(case["message"]["now"])), network.in_place():
            client = ProviderClient(spec)
            requests = list(contexts(spec.text, case["message"], str(config.get(SENDER, ""))))
            results = [_hand_over(client, requests) for _ in range(case.get("repeat", 1))][-1]
    finally:
        TOKENS.clear()
    return [*_request_differences(case, network), *_result_differences(case["expect"], results, requests)]


def _hand_over(client: ProviderClient, requests: Sequence[Mapping[str, Any]]) -> list[SendResult]:
    """The results of one message, request by request until one is not accepted."""
    results: list[SendResult] = []
    for context in requests:
        results.append(client.send(context).result)
        if results[-1].outcome != Outcome.ACCEPTED:
            break
    return results


def contexts(text: TextSpec, message: Mapping[str, Any], sender: str) -> Iterator[dict[str, Any]]:
    """What the templates may use, for each request of a message."""
    whole, parts = text.cut(message["text"])
    sent = [whole] if text.split == "together" else parts
    for number, part in enumerate(sent, start=1):
        yield {
            "toNumber": message["to"],
            "fromNumber": sender,
            "message": part,
            "messageId": message["id"],
            "part": number,
            "parts": len(parts),
            "partReference": message["id"] if number == 1 else f"{message['id']}.{number}",
            "messageParts": parts,
            "priority": message.get("priority", "normal"),
            "inReplyTo": message.get("in_reply_to", ""),
            "purpose": message.get("purpose", "transactional"),
            "profile": message.get("profile", {}),
        }


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _request_differences(case: Case, network: Network) -> Iterator[str]:
    wanted, sent = case["exchange"], network.sent
    if len(wanted) != len(sent):
        yield f"requests: {len(sent)} instead of {len(wanted)}"
    matching = Matching(CALLBACKS)
    for number, (step, request) in enumerate(zip(wanted, sent, strict=False), start=1):
        for text in matching.differences(step.get("expect_request", {}), request):
            yield f"request {number}, {text}"


def _result_differences(
    expect: Mapping[str, Any], results: list[SendResult], requests: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    first, last = results[0], results[-1]
    got: dict[str, Any] = {
        "outcome": _OUTCOMES[last.outcome],
        "external_id": first.provider_id or None,
        "error_code": last.code,
        "error_message": last.detail,
        "failure": last.failure.value,
        "parts": requests[0]["parts"],
    }
    for name, wanted in expect.items():
        if name not in got:
            yield f"expect, {name}: there is no such rule for a result."
        elif got[name] != wanted:
            told = f" ({last.code}: {last.detail})" if name == "outcome" and last.code else ""
            yield f"{name}: {got[name]!r} instead of {wanted!r}{told}"
