"""Who gets which variant, and who gets nothing: by a hash, so that it is the same however often one looks. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

_WHOLE = 1 << 32


@dataclass(frozen=True, slots=True)
class Share:
    """A variant and how many shares of the recipients it gets."""

    label: str
    weight: int


@dataclass(frozen=True, slots=True)
class Split:
    """How a campaign divides its audience; `seed` is the campaign's id, so that each campaign draws anew."""

    seed: str
    shares: Sequence[Share]
    holdout_percent: int = 0

    def label_for(self, msisdn: str) -> str | None:
        """The label of the variant a number gets; None: it is held out."""
        digest = blake2b(f"{self.seed} {msisdn}".encode(), digest_size=8).digest()
        if int.from_bytes(digest[:4]) * 100 < self.holdout_percent * _WHOLE:
            return None
        if len(self.shares) == 1:
            return self.shares[0].label
        place = int.from_bytes(digest[4:]) * sum(share.weight for share in self.shares)
        for share in self.shares:
            place -= share.weight * _WHOLE
            if place < 0:
                return share.label
        raise AssertionError("a hash lies beyond all shares")
