"""Outbound messages: accept, claim, gate, deliver, sweep, reports."""

from __future__ import annotations
