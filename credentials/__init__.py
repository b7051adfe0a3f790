"""How to talk to a provider: credentials, headers, auth backends, requests, answers."""

from __future__ import annotations
