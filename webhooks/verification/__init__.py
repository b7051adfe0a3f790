"""Whether a callback comes from whom it should: one file for each scheme, over the raw bytes. Pure."""

from __future__ import annotations

from webhooks.verification.base import ACCEPTED, AcceptAll, Verdict, Verifier

__all__ = ["ACCEPTED", "AcceptAll", "Verdict", "Verifier"]
