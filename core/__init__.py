"""Domain words and edge tools that know no models: numbers, segments, templates, guarded HTTP, secrets."""

from __future__ import annotations
