"""Recipient profiles and their attributes."""

from __future__ import annotations
