from __future__ import annotations

from tests.reports.conftest import channel, credential, message  # noqa: F401
