"""The last line of every benchmark, and the code it ends with."""

from __future__ import annotations

import os
from collections.abc import Sequence

# A short run, such as in CI: it shows that the benchmark works; its figures are too few to judge by.
SMOKE = bool(os.environ.get("BENCH_SMOKE"))


def verdict(missed: Sequence[str], *, wrong: Sequence[str] = ()) -> int:
    """Print `targets: met` or `targets: missed: …`; gives the exit code.

    A smoke run is not judged, but for what is `wrong` however short the run.
    """
    missed = [*wrong, *missed]
    if SMOKE and not wrong:
        print("targets: not judged (smoke run)")
        return 0
    print(f"targets: missed: {', '.join(missed)}" if missed else "targets: met")
    return 1 if missed else 0
