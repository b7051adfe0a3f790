"""Words as the Windows prompt and its programs read them."""

from __future__ import annotations

import re

from credentials.curl.shell import Scanner, Shell


class Windows(Scanner):
    """The Windows prompt: ^ escapes and continues, double quotes alone quote, %NAME% is a variable."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.opened = -1
        self.readers = {
            "^": self.caret,
            "\\": self.backslash,
            '"': self.quote,
            "%": self.percent,
            **dict.fromkeys(" \t\n", self.space),
        }

    def run(self) -> None:
        super().run()
        if self.opened >= 0:
            raise self.shell.problem("This double quote is never closed.", self.opened)

    def caret(self) -> None:
        end = re.compile(r"\^[ \t]*\n").match(self.source, self.at)
        if end and self.opened >= 0:
            self.put("\n", self.at)
            self.at = re.compile(r"\n?").match(self.source, end.end()).end()  # type: ignore[union-attr]
        elif end:
            self.at = end.end()
        elif self.peek(1) in set("\"\\&|<>^%!{}()'`="):
            self.at += 1
            if self.peek() in '"\\%':
                self.readers[self.peek()]() if self.peek() != "%" else self.plain()
            else:
                self.plain()
        else:
            self.plain()

    def backslash(self) -> None:
        """Before a quote a backslash keeps it; also when carets stand between."""
        quoted = re.compile(r'\\\^?"').match(self.source, self.at)
        pair = re.compile(r"\\\^?\\(?=\^?\\|\^?\")").match(self.source, self.at)
        if quoted:
            self.put('"', self.at)
            self.at = quoted.end()
        elif pair:
            self.put("\\", self.at)
            self.at = pair.end()
        else:
            self.plain()

    def quote(self) -> None:
        self.begin(self.at)
        if self.opened >= 0 and self.peek(1) == '"':
            self.put('"', self.at)
            self.at += 2
            return
        self.opened = -1 if self.opened >= 0 else self.at
        self.at += 1

    def percent(self) -> None:
        name = re.compile(r"%([A-Za-z_][A-Za-z0-9_]*)%").match(self.source, self.at)
        if name:
            self.variable(name[1], self.at)
            self.at = name.end()
        else:
            self.plain()

    def space(self) -> None:
        if self.opened >= 0:
            self.plain()
        else:
            self.blank()
