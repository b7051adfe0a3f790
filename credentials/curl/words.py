"""The words of a pasted shell command: quotes, continuations and variables as the shells read them, nothing run."""

from __future__ import annotations

import re
from typing import Final

from credentials.curl.bash import Bash
from credentials.curl.shell import Shell, Word
from credentials.curl.windows import Windows

__all__ = ["Shell", "Word", "split_words"]

LONGEST: Final = 64 * 1024
_CMD_STYLE: Final = re.compile(r"\^[ \t]*\n|\^\"")


def split_words(source: str) -> Shell:
    """Split `source` as bash does, or as the Windows prompt when its lines end in ^."""
    shell = Shell(source.replace("\r\n", "\n").replace("\r", "\n"))
    if len(shell.source) > LONGEST:
        raise shell.problem(f"This is longer than {LONGEST // 1024} KB; paste one command only.", LONGEST)
    scanner = Windows if _CMD_STYLE.search(shell.source) else Bash
    scanner(shell).run()
    return shell
