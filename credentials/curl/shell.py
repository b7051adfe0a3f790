"""What is common to the shells: words with their places, variables, and what is left out. Nothing is run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from core.errors import CurlInvalid


@dataclass
class Word:
    """One argument; `places` says for each of its characters where in the source it came from."""

    text: str = ""
    places: list[int] = field(default_factory=list)
    start: int = 0

    def add(self, text: str, place: int) -> None:
        """Append what stands at `place` of the source."""
        self.text += text
        self.places += [place] * len(text)


@dataclass
class Shell:
    """The words of a command, the shell variables in it, and what was left out; raises CurlInvalid."""

    source: str
    words: list[Word] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def problem(self, text: str, offset: int) -> CurlInvalid:
        """The error for what stands at `offset`."""
        before = self.source[:offset]
        return CurlInvalid(text, line=before.count("\n") + 1, column=offset - (before.rfind("\n") + 1) + 1)


class Scanner:
    """Walks through the source one character at a time."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.source = shell.source
        self.at = 0
        self.word: Word | None = None
        self.readers: dict[str, Callable[[], None]] = {}

    def run(self) -> None:
        while self.at < len(self.source):
            self.readers.get(self.source[self.at], self.plain)()
        self.end_word()

    def peek(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.source[place] if place < len(self.source) else ""

    def put(self, text: str, place: int) -> None:
        self.begin(place).add(text, place)

    def begin(self, place: int) -> Word:
        """The word that is being read; quotes begin one even when nothing stands in them."""
        if self.word is None:
            self.word = Word(start=place)
        return self.word

    def plain(self) -> None:
        self.put(self.peek(), self.at)
        self.at += 1

    def blank(self) -> None:
        self.end_word()
        self.at += 1

    def end_word(self) -> None:
        if self.word is not None:
            self.shell.words.append(self.word)
        self.word = None

    def variable(self, name: str, place: int) -> None:
        """A shell variable becomes one of the credential; names there start with a letter."""
        name = name.lstrip("_")[:50] or "value"
        self.shell.names.append(name)
        self.put(f"{{{{{name}}}}}", place)

    def stop(self) -> None:
        """What follows is another command: left out."""
        self.end_word()
        rest = self.source[self.at :].strip()
        self.shell.notes.append(f"Left out, since it is not part of the request: {rest[:60]}")
        self.at = len(self.source)
