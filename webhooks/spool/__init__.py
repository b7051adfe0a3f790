"""Callbacks that come while the database is down: verified, sealed, on this machine's disk until it answers again.

`store` knows the disk, `entries` what is in a file, `outage` whether the database answers, `certainty` when a caller
may be told that its callback was taken, `replaying` how files become callbacks, `keeper` the thread behind all of it.
"""

from __future__ import annotations
