"""Filling in the hashes of numbers that were written past the model."""

from __future__ import annotations

from core.columns import update_columns
from core.secrets import number_hash
from profiles.models import Profile

_CHUNK = 2_000


def fill_in(*, at_most: int = 20_000) -> int:
    """Make up to `at_most` hashes that are missing, a chunk per transaction; gives how many. Twice is harmless."""
    done = 0
    while done < at_most:
        blank = Profile.objects.filter(number_hash="").order_by("id")
        rows = list(blank.values_list("msisdn", flat=True)[:_CHUNK])
        if not rows:
            break
        # By number, not by id: one that changes meanwhile keeps its blank and has its turn in the next round.
        _store(rows)
        done += len(rows)
    return done


def _store(msisdns: list[str]) -> None:
    update_columns(Profile, ("number_hash", "msisdn"), [(number_hash(msisdn), msisdn) for msisdn in msisdns])
