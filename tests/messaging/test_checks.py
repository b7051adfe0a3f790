from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.test import override_settings

from messaging.checks import check_times


@pytest.mark.parametrize(
    ("timeout", "claim", "sending", "ids"),
    [
        (20.0, 60.0, 90.0, []),
        (2.0, 5.0, 7.0, []),
        (0.5, 5.0, 7.0, ["smsgateway.E030"]),
        (2.0, 4.9, 7.0, ["smsgateway.E031"]),
        (2.0, 5.0, 6.9, ["smsgateway.E032"]),
        (90.0, 60.0, 90.0, ["smsgateway.E032"]),
    ],
)
def test_times_that_would_take_messages_from_busy_workers_are_refused(
    timeout: float, claim: float, sending: float, ids: list[str]
) -> None:
    with override_settings(
        SMSGATEWAY_PROVIDER_TIMEOUT_SECONDS=timeout,
        SMSGATEWAY_CLAIM_LEASE_SECONDS=claim,
        SMSGATEWAY_SENDING_LEASE_SECONDS=sending,
    ):
        assert [error.id for error in check_times()] == ids


def test_the_environment_sets_what_claims_gate_and_requests_go_by() -> None:
    shown = (
        "import django; django.setup()\n"
        "from core.http.session import DEFAULT_LIMITS\n"
        "from messaging.claiming import CLAIM_LEASE\n"
        "from messaging.gate import SENDING_LEASE\n"
        "print(DEFAULT_LIMITS.total, CLAIM_LEASE.total_seconds(), SENDING_LEASE.total_seconds())"
    )
    times = {
        "SMSGATEWAY_PROVIDER_TIMEOUT_SECONDS": "2",
        "SMSGATEWAY_CLAIM_LEASE_SECONDS": "5",
        "SMSGATEWAY_SENDING_LEASE_SECONDS": "8",
    }
    done = subprocess.run(
        [sys.executable, "-c", shown], env={**os.environ, **times}, check=True, capture_output=True, text=True
    )
    assert done.stdout == "2.0 5.0 8.0\n"
