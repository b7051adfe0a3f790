"""A worker that goes on with profile imports and says after each part: `python -m tests.profiles.killed`."""

from __future__ import annotations

import django


def main() -> None:
    django.setup()
    from profiles.importing import running

    while running._next_batch():
        print("part", flush=True)


if __name__ == "__main__":
    main()
