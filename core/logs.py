"""What may stand in a log line."""

from __future__ import annotations

import logging
import re

_TOKEN = re.compile(r"/hooks/[^/\s\"']+")


class MaskCallbackTokens(logging.Filter):
    """Whoever reads the log must not learn the URLs under which providers reach us."""

    def filter(self, record: logging.LogRecord) -> bool:
        line = record.getMessage()
        if "/hooks/" in line:
            record.msg, record.args = _TOKEN.sub("/hooks/…", line), ()
        return True
