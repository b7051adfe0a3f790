"""What providers call: inbound messages, delivery reports, keyword rules."""

from __future__ import annotations
