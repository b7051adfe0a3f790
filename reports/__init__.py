"""What staff read: today's numbers, checklist, timelines."""

from __future__ import annotations
