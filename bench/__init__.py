"""Benchmarks: figures are reached here, never in a timed test."""

from __future__ import annotations
