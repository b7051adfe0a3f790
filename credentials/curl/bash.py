"""Words as POSIX shells read them, with `$'…'`, and variables in place of values."""

from __future__ import annotations

import re
from typing import Final

from credentials.curl.shell import Scanner, Shell

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BRACED: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(?::?[-=?+][^}]*)?\}")
_ESCAPES: Final = {
    "n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "v": "\v",
}  # fmt: skip
_CODED: Final = re.compile(r"x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})")
_SUBSTITUTION: Final = (
    "The shell would run a command here, the gateway does not. Put the value itself in its place, or $NAME for one "
    "to fill in later."
)


class Bash(Scanner):
    """POSIX quoting, `$'…'`, and backslash continuations."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.quoted = False  # inside double quotes
        self.readers = {
            "\\": self.backslash,
            "'": self.single,
            '"': self.double,
            "$": self.dollar,
            "`": self.backtick,
            **dict.fromkeys(" \t\n", self.blank),
            **dict.fromkeys("|;&", self.separator),
            **dict.fromkeys("<>", self.redirection),
        }

    def backslash(self) -> None:
        end = re.compile(r"\\[ \t]*\n").match(self.source, self.at)
        if end:
            if end.end() - self.at > 2:  # blanks copied along: still a continuation, but between words
                self.end_word()
            self.at = end.end()
        elif self.peek(1):
            self.put(self.peek(1), self.at)
            self.at += 2
        else:
            self.at += 1

    def single(self) -> None:
        start = self.at
        self.begin(start)
        end = self.source.find("'", start + 1)
        if end < 0:
            raise self.shell.problem("This single quote is never closed.", start)
        for place in range(start + 1, end):
            self.put(self.source[place], place)
        self.at = end + 1

    def double(self) -> None:
        start = self.at
        self.begin(start)
        self.at += 1
        self.quoted = True
        while (letter := self.peek()) != '"':
            if not letter:
                raise self.shell.problem("This double quote is never closed.", start)
            if letter == "\\" and self.peek(1) in '$`"\\':
                self.put(self.peek(1), self.at)
                self.at += 2
            elif letter == "\\" and self.peek(1) == "\n":
                self.at += 2
            elif letter in "$`":
                self.readers[letter]()
            else:
                self.plain()
        self.quoted = False
        self.at += 1

    def dollar(self) -> None:
        start, following = self.at, self.peek(1)
        name = _NAME.match(self.source, start + 1) or _BRACED.match(self.source, start + 1)
        if following == "(":
            raise self.shell.problem(_SUBSTITUTION, start)
        if name:
            self.variable(name[name.lastindex or 0], start)
            self.at = name.end()
        elif following == "'" and not self.quoted:
            self.escaped()
        elif following == "{":
            raise self.shell.problem(
                "This shell expression is not known here. Write $NAME for a value to fill in.", start
            )
        else:
            self.plain()

    def escaped(self) -> None:
        """`$'…'` with its backslash escapes."""
        start = self.at
        self.begin(start)
        self.at += 2
        while (letter := self.peek()) != "'":
            if not letter:
                raise self.shell.problem("This $'…' is never closed.", start)
            if letter == "\\":
                self._escape()
            else:
                self.plain()
        self.at += 1

    def _escape(self) -> None:
        place, coded = self.at, _CODED.match(self.source, self.at + 1)
        if coded:
            base = 8 if coded[4] else 16
            number = int(coded[coded.lastindex or 0], base)
            self.put(chr(number) if number <= 0x10FFFF else "\N{REPLACEMENT CHARACTER}", place)
            self.at = coded.end()
            return
        letter = self.peek(1)
        self.put(_ESCAPES.get(letter, letter), place)
        self.at += 2

    def backtick(self) -> None:
        if re.compile(r"`[ \t]*\n").match(self.source, self.at):  # continuation of PowerShell
            self.at = self.source.index("\n", self.at) + 1
            return
        raise self.shell.problem(_SUBSTITUTION, self.at)

    def separator(self) -> None:
        """`&` inside a word is a query nobody quoted; everything else ends the command."""
        inside = self.word is not None and self.peek(1).strip() not in {"", "&", "|"}
        if self.peek() == "&" and inside:
            self.plain()
        else:
            self.stop()

    def redirection(self) -> None:
        if self.peek() == ">":
            self.stop()
            return
        placeholder = re.compile(r"<[A-Za-z][\w -]*>").match(self.source, self.at)
        if not placeholder:
            raise self.shell.problem(
                "The command reads a file here. Paste the file's content instead.", self.at
            )
        self.put(placeholder.group(), self.at)
        self.at = placeholder.end()
