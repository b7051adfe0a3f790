"""The variables of each kind of callback, and mappings that are checked for the ones they need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from core.errors import MappingInvalid
from webhooks.mapping import Mapping as Compiled
from webhooks.spec import MappingSpec

INBOUND_VARIABLES: Final[Mapping[str, str]] = {
    "inboundMessage": "Text of the message (required)",
    "profileNumber": "Number of the person who wrote it (required)",
    "inboundNumber": "Number it was sent to: yours",
    "requestId": "The provider's id of the message; the same id twice counts once",
    "originTimestamp": "When it was written",
    "messageGroup": "Id that the parts of a long message share, when they come one by one",
    "part": "Number of the part, from 1",
    "parts": "How many parts there are",
}
REPORT_VARIABLES: Final[Mapping[str, str]] = {
    "feedbackStatus": "The provider's word for what became of the message (required)",
    "providerMessageId": "The provider's id of the message (this or client_reference is required)",
    "client_reference": "Our message id, given back by the provider",
    "failureCode": "Error code, when it failed",
    "profileNumber": "Number of the recipient; with a batch's id it tells which message is meant",
    "originTimestamp": "When it happened",
}
OPT_OUT_VARIABLES: Final[Mapping[str, str]] = {
    "profileNumber": "Number of the person who opted out (required)",
    "inboundNumber": "Number they wrote to: yours",
    "inboundMessage": "What they wrote",
    "requestId": "The provider's id",
    "originTimestamp": "When it was written",
}
VARIABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "inbound": INBOUND_VARIABLES,
    "report": REPORT_VARIABLES,
    "opt_out": OPT_OUT_VARIABLES,
}


def inbound_mapping(spec: MappingSpec, *, tested: Iterable[str] = ()) -> Compiled:
    """The mapping of an inbound message; MappingInvalid unless it shows the text and the number."""
    found = Compiled(spec, known=INBOUND_VARIABLES, tested=tested)
    for name in ("inboundMessage", "profileNumber"):
        if spec.given and name not in found.variables:
            raise MappingInvalid(f"Put {{{{{name}}}}} into the inbound sample where the provider writes it.")
    return found


def report_mapping(spec: MappingSpec, *, tested: Iterable[str] = (), needs_status: bool = True) -> Compiled:
    """The mapping of a delivery report; MappingInvalid unless it shows an id and, if it needs one, the status."""
    found = Compiled(spec, known=REPORT_VARIABLES, tested=tested)
    if spec.given and needs_status and "feedbackStatus" not in found.variables:
        raise MappingInvalid(
            "Put {{feedbackStatus}} into the delivery report sample where the status stands."
        )
    if spec.given and not found.variables & {"providerMessageId", "client_reference"}:
        raise MappingInvalid(
            "Put {{providerMessageId}} or {{client_reference}} into the report sample where the id stands."
        )
    return found


def opt_out_mapping(spec: MappingSpec, *, tested: Iterable[str] = ()) -> Compiled:
    """The mapping of an opt-out; MappingInvalid unless it shows the number."""
    found = Compiled(spec, known=OPT_OUT_VARIABLES, tested=tested)
    if spec.given and "profileNumber" not in found.variables:
        raise MappingInvalid("Put {{profileNumber}} into the opt-out sample where the number stands.")
    return found


def inbound_sample(source: str) -> Compiled:
    """The sample of an inbound message, checked."""
    return inbound_mapping(MappingSpec(_given(source)))


def report_sample(source: str) -> Compiled:
    """The sample of a delivery report, checked."""
    return report_mapping(MappingSpec(_given(source)))


def _given(source: str) -> str:
    if not source.strip():
        raise MappingInvalid("There is no sample. Paste what your provider sends.")
    return source
