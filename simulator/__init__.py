"""A fake SMS provider with a handset, for trials and tests: `python -m simulator`. It stands alone."""

from __future__ import annotations
