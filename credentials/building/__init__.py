"""From a credential and a message to a request: URL, headers and the final bytes of the body, unsigned."""

from __future__ import annotations

from credentials.building.builder import RequestBuilder
from credentials.building.variables import ALIASES, complete

__all__ = ["ALIASES", "RequestBuilder", "complete"]
