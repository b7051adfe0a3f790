"""Whether this process is about to stop: what is on the wire is finished, nothing new begins."""

from __future__ import annotations

import threading

stopping = threading.Event()
