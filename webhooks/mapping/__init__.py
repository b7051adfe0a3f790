"""From the tree of a callback to the values of our variables, by a sample, by rows, or by both. Pure."""

from __future__ import annotations

from webhooks.mapping.compiled import Mapping, SlotTable
from webhooks.mapping.faults import FieldFault, SampleFault
from webhooks.mapping.filters import FILTERS
from webhooks.mapping.places import MOST_EVENTS, Row

__all__ = ["FILTERS", "MOST_EVENTS", "FieldFault", "Mapping", "Row", "SampleFault", "SlotTable"]
