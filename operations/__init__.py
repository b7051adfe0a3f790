"""Running the gateway: up, demo, periodic work, installation checks."""

from __future__ import annotations
