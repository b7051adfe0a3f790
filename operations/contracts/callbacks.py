"""Inbound and status cases: a recorded call goes through the webhook its preset makes; what it left is compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from django.db import transaction
from django.test.utils import override_settings

from credentials.vendors import Preset
from operations.contracts.calling import callback_of
from operations.contracts.cases import Case, Contract
from operations.contracts.freezing import frozen
from operations.contracts.traces import Traces
from operations.contracts.world import sent_message, webhook_of
from webhooks.answers import Answer
from webhooks.models import Webhook
from webhooks.receiving import receive

_MOMENT: Final = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
_PUBLIC_URL: Final = "https://gw.example.com"
_UNRELATED: Final = "an id no case names"


def run_inbound(contract: Contract, case: Case, preset: Preset) -> list[str]:
    """What differs in one inbound case; [] when it passes."""
    return _run(contract, case, preset, "inbound", signed=True)


def run_status(contract: Contract, case: Case, preset: Preset) -> list[str]:
    """What differs in one status case. Where no recorded report is signed, the webhook of reports verifies none."""
    signed = any("sign" in other["request"] for other in contract.cases["status"])
    return _run(contract, case, preset, "status", signed=signed)


def _run(contract: Contract, case: Case, preset: Preset, side: str, *, signed: bool) -> list[str]:
    config = {**contract.config, **case.get("config_override", {})}
    with frozen(_MOMENT), override_settings(SMSGATEWAY_PUBLIC_URL=_PUBLIC_URL), transaction.atomic():
        try:
            webhook = webhook_of(contract, preset, config, signed=signed)
            for earlier in _earlier(contract.cases[side], case):
                _call(webhook, earlier)
            wanted = case["expect"].get("statuses", ())
            for number, status in enumerate(wanted or ({},)):
                sent_message(webhook, number=number, provider_id=_provider_id(case, status))
            traces = Traces.taken()
            answer = _call(webhook, case)
            return [*traces.differences(case["expect"], answer)]
        finally:
            transaction.set_rollback(True)


def _call(webhook: Webhook, case: Case) -> Answer:
    token = webhook.endpoint.token
    return receive(
        webhook=webhook, callback=callback_of(case["request"], token=token, public_url=_PUBLIC_URL)
    )


def _provider_id(case: Case, status: Mapping[str, Any]) -> str:
    return str(status.get("external_id") or _UNRELATED)


def _earlier(cases: Any, case: Case) -> Iterator[Case]:
    """The cases that come before this one in its sequence."""
    name, _, number = case.get("sequence", "").partition(":")
    for other in cases:
        other_name, _, other_number = other.get("sequence", "").partition(":")
        if name and other_name == name and int(other_number) < int(number):
            yield other
