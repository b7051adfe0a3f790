"""From a provider's raw callback to events, by the webhook's mapping. Pure: no Django, no models."""

from __future__ import annotations

from webhooks.reading.events import Event, Ignored, InboundText, OptOut, Refused, StatusReport
from webhooks.reading.reader import InboundReader
from webhooks.reading.variables import (
    INBOUND_VARIABLES,
    OPT_OUT_VARIABLES,
    REPORT_VARIABLES,
    VARIABLES,
    inbound_mapping,
    inbound_sample,
    opt_out_mapping,
    report_mapping,
    report_sample,
)

__all__ = [
    "INBOUND_VARIABLES",
    "OPT_OUT_VARIABLES",
    "REPORT_VARIABLES",
    "VARIABLES",
    "Event",
    "Ignored",
    "InboundReader",
    "InboundText",
    "OptOut",
    "Refused",
    "StatusReport",
    "inbound_mapping",
    "inbound_sample",
    "opt_out_mapping",
    "report_mapping",
    "report_sample",
]
