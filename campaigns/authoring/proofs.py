"""Proofs: what the preview shows, sent to phones of staff as test messages."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.authoring.channels import Ways
from campaigns.authoring.previewing import context_of
from campaigns.authoring.rendering import Policy, Skipped, Stopped, render
from campaigns.authoring.samples import Sample
from campaigns.models import StaffNumber
from consent import optout
from core.errors import GatewayError, RequestInvalid
from core.templating.links import SWITCH
from credentials.models import ApiCredential
from messaging.context import optout_url
from messaging.models import ChannelConfiguration, Message
from messaging.testsend import send_test

MOST_PROOFS = 10
_PATIENCE = 20.0  # seconds for all of them: somebody is waiting for the page


@dataclass(frozen=True)
class Proof:
    """What became of the proof to one colleague: the message, or why there is none."""

    staff: StaffNumber
    message: Message | None = None
    problem: str = ""


def send_proofs(
    *,
    source: str,
    policy: Policy,
    channel: ChannelConfiguration | None,
    sample: Sample,
    staff: Sequence[StaffNumber],
) -> list[Proof]:
    """Send the text with the sample's data, now, to at most 10 colleagues; opt-outs are obeyed."""
    if channel is None:
        raise RequestInvalid("Choose the channel configuration that the proof goes through.")
    if not staff:
        raise RequestInvalid("Choose at least one colleague to send the proof to.")
    if len(staff) > MOST_PROOFS:
        raise RequestInvalid(
            f"A proof goes to at most {MOST_PROOFS} numbers; {len(staff)} are chosen. Choose fewer."
        )
    ways = Ways.of(channel)
    started = time.monotonic()
    proofs: list[Proof] = []
    for colleague in staff:
        if time.monotonic() - started > _PATIENCE:
            proofs.append(Proof(colleague, problem="Not tried: the provider answers too slowly."))
        else:
            proofs.append(_send(source, policy, ways, sample, colleague))
    return proofs


def _send(source: str, policy: Policy, ways: Ways, sample: Sample, colleague: StaffNumber) -> Proof:
    way = ways.to(colleague.msisdn)
    credential = way.credential
    assert credential is not None  # a channel has one
    try:
        text = _text(source, policy, sample, colleague.msisdn, way.sender, credential)
        message = send_test(
            credential=credential,
            sender=way.sender,
            to=colleague.msisdn,
            text=text,
            channel=ways.channel,
            personalise=False,
        )
    except GatewayError as error:
        return Proof(colleague, problem=error.text)
    return Proof(colleague, message)


def _text(
    source: str, policy: Policy, sample: Sample, msisdn: str, sender: str, credential: ApiCredential
) -> str:
    """The text for a colleague; links given to the track helper stay marked, the message makes them short."""
    more = {"toNumber": msisdn, SWITCH: True}
    if optout.VARIABLE in source:
        more[optout.VARIABLE] = optout_url(msisdn=msisdn, sender=sender, credential_id=credential.pk)
    outcome = render({"": source}, "", context_of(sample, sender, **more), policy)
    if isinstance(outcome, Skipped):
        raise RequestInvalid(f"This recipient would be left out: {outcome.detail}")
    if isinstance(outcome, Stopped):
        raise RequestInvalid(f"Sending would stop: {outcome.problem}")
    return outcome.text
