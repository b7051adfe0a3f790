"""Bringing profiles in from a CSV file: read, map, try, run."""

from __future__ import annotations
