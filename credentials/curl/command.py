"""What a cURL command asks for: its options read one by one; what cannot be taken over is said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote_plus

from credentials.curl.left_out import REFUSED, SKIPPED, SKIPPED_WITH_VALUE
from credentials.curl.words import Shell, Word, split_words

_MARKUP: Final = re.compile(r"\{\{\s*\w+\s*\}\}")
_PROMPT: Final = frozenset({"$", "#", ">", "%"})
_PROGRAMS: Final = re.compile(r"(?:.*/)?curl(?:\.exe)?", re.IGNORECASE)
_METHODS: Final = ("GET", "POST", "PUT", "PATCH")


@dataclass
class Command:
    """A request as cURL would make it; `data` are the pieces of its body, `shell` knows places for problems."""

    shell: Shell
    url: str = ""
    url_place: int = 0
    method: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    data: list[Word] = field(default_factory=list)
    is_json: bool = False
    as_query: bool = False
    user: str = ""
    bearer: str = ""
    query: list[str] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        """What was left out, and why."""
        return self.shell.notes

    @property
    def body(self) -> Word:
        """The body as cURL joins it, with the place of each character."""
        joined = Word(start=self.data[0].start if self.data else 0)
        for index, piece in enumerate(self.data):
            if index and not self.is_json:
                joined.add("&", piece.start)
            joined.text += piece.text
            joined.places += piece.places
        return joined


def read_command(source: str) -> Command:
    """Read the command; CurlInvalid with line and column when it cannot be taken over."""
    shell = split_words(source)
    words = list(shell.words)
    while words and words[0].text in _PROMPT:
        words.pop(0)
    if not words or not _PROGRAMS.fullmatch(words[0].text):
        place = words[0].start if words else 0
        raise shell.problem(
            "This does not start with curl. Paste the provider's whole sample command.", place
        )
    command = Command(shell)
    _Reader(command, words[1:]).run()
    if not command.url:
        raise shell.problem("There is no URL in this command.", words[0].start)
    command.method = command.method or _usual_method(command)
    if command.method not in _METHODS:
        raise shell.problem(
            f"The method {command.method} sends no message; use one of {', '.join(_METHODS)}.", 0
        )
    return command


def _usual_method(command: Command) -> str:
    return "POST" if command.data and not command.as_query else "GET"


class _Reader:
    """Takes the words one after the other."""

    def __init__(self, command: Command, words: list[Word]) -> None:
        self.command = command
        self.shell = command.shell
        self.words: Iterator[Word] = iter(words)

    def run(self) -> None:
        for word in self.words:
            if not word.text.startswith("-") or word.text == "-":
                self.take_url(word)
            elif word.text.startswith("--"):
                self.take_long(word)
            else:
                self.take_short(word)

    def take_url(self, word: Word) -> None:
        if not word.text.strip():
            return
        if self.command.url:
            text = f"There are two URLs here, or a quote is missing before {word.text[:40]!r}."
            raise self.shell.problem(text, word.start)
        self.command.url, self.command.url_place = word.text.strip(), word.start

    def take_long(self, word: Word) -> None:
        name, equals, value = word.text.partition("=")
        if name in _TAKES:
            given = Word(value, word.places[len(name) + 1 :], word.start) if equals else self.value_of(word)
            _TAKES[name](self, given, word)
        elif name in _FLAGS:
            _FLAGS[name](self, word)
        elif name in REFUSED:
            raise self.shell.problem(REFUSED[name], word.start)
        elif name in SKIPPED_WITH_VALUE:
            self.note(name, None if equals else self.value_of(word))
        elif name.removeprefix("--no-") not in SKIPPED and name.removeprefix("--") not in SKIPPED:
            text = f"The option {name} is not known here. Remove it if the request does not need it."
            raise self.shell.problem(text, word.start)

    def take_short(self, word: Word) -> None:
        """One or several letters; the first that takes a value has the rest of the word."""
        for index, letter in enumerate(word.text[1:], start=1):
            name = _SHORT.get(letter)
            if name is None:
                text = f"The option -{letter} is not known here. Remove it if the request does not need it."
                raise self.shell.problem(text, word.start)
            takes_value = name in _TAKES or name in SKIPPED_WITH_VALUE
            rest = word.text[index + 1 :]
            if takes_value and rest:
                given = Word(rest, word.places[index + 1 :], word.start)
                _TAKES.get(name, _skip)(self, given, word)
                return
            self.take_long(Word(name, [word.start] * len(name), word.start))

    def value_of(self, option: Word) -> Word:
        word = next(self.words, None)
        if word is None:
            raise self.shell.problem(f"The option {option.text} has no value.", option.start)
        return word

    def note(self, name: str, value: Word | None) -> None:
        text = SKIPPED_WITH_VALUE.get(name, "")
        if text:
            self.shell.notes.append(f"{name}: {text}")


def _skip(reader: _Reader, value: Word, option: Word) -> None:
    """An option that does not matter."""


def _request(reader: _Reader, value: Word, option: Word) -> None:
    reader.command.method = value.text.upper()


def _url(reader: _Reader, value: Word, option: Word) -> None:
    reader.take_url(value)


def _header(reader: _Reader, value: Word, option: Word) -> None:
    if value.text.startswith("@"):
        raise reader.shell.problem("The headers are read from a file. Write them here instead.", value.start)
    name, colon, text = value.text.partition(":")
    if not colon and name.endswith(";"):
        name = name[:-1]
    elif not colon:
        raise reader.shell.problem(f"The header {name[:40]!r} has no colon. Write Name: value.", value.start)
    reader.command.headers.append((name.strip(), text.strip()))


def _named_header(name: str) -> Callable[[_Reader, Word, Word], None]:
    def take(reader: _Reader, value: Word, option: Word) -> None:
        reader.command.headers.append((name, value.text))

    return take


def _data(reader: _Reader, value: Word, option: Word) -> None:
    if value.text.startswith("@"):
        text = "The body is read from a file. Paste the file's content in its place."
        raise reader.shell.problem(text, value.start)
    reader.command.data.append(value)


def _raw(reader: _Reader, value: Word, option: Word) -> None:
    reader.command.data.append(value)


def _urlencoded(reader: _Reader, value: Word, option: Word) -> None:
    name, equals, text = value.text.partition("=")
    if not equals and "@" in value.text:
        raise reader.shell.problem("The value is read from a file. Write it here instead.", value.start)
    content = text if equals else name
    prefix = f"{name}=" if equals and name else ""
    coded = Word(start=value.start)
    coded.add(prefix + _coded(content), value.start)
    reader.command.data.append(coded)


def _coded(text: str) -> str:
    """Percent-encoded but for variables."""
    pieces = _MARKUP.split(text)
    marks = [*_MARKUP.findall(text), ""]
    return "".join(quote_plus(piece) + mark for piece, mark in zip(pieces, marks, strict=True))


def _json(reader: _Reader, value: Word, option: Word) -> None:
    _data(reader, value, option)
    reader.command.is_json = True


def _user(reader: _Reader, value: Word, option: Word) -> None:
    reader.command.user = value.text


def _bearer(reader: _Reader, value: Word, option: Word) -> None:
    reader.command.bearer = value.text


def _url_query(reader: _Reader, value: Word, option: Word) -> None:
    if value.text.startswith("@"):
        raise reader.shell.problem("The query is read from a file. Write it here instead.", value.start)
    reader.command.query.append(value.text)


def _get(reader: _Reader, option: Word) -> None:
    reader.command.as_query = True


def _insecure(reader: _Reader, option: Word) -> None:
    reader.shell.notes.append(f"{option.text}: the gateway always checks certificates, so this was left out.")


def _location(reader: _Reader, option: Word) -> None:
    reader.shell.notes.append(f"{option.text}: redirects are not followed; type the address it leads to.")


_TAKES: Final[Mapping[str, Callable[[_Reader, Word, Word], None]]] = {
    "--request": _request,
    "--url": _url,
    "--header": _header,
    "--data": _data,
    "--data-ascii": _data,
    "--data-binary": _data,
    "--data-raw": _raw,
    "--data-urlencode": _urlencoded,
    "--json": _json,
    "--user": _user,
    "--oauth2-bearer": _bearer,
    "--url-query": _url_query,
    "--user-agent": _named_header("User-Agent"),
    "--referer": _named_header("Referer"),
}
_FLAGS: Final[Mapping[str, Callable[[_Reader, Word], None]]] = {
    "--get": _get,
    "--insecure": _insecure,
    "--location": _location,
    "--location-trusted": _location,
}
_SHORT: Final[Mapping[str, str]] = {
    "X": "--request", "H": "--header", "d": "--data", "u": "--user", "A": "--user-agent", "e": "--referer",
    "G": "--get", "k": "--insecure", "L": "--location", "F": "--form", "T": "--upload-file", "I": "--head",
    "K": "--config", "E": "--cert", "b": "--cookie", "c": "--cookie-jar", "x": "--proxy", "o": "--output",
    "w": "--write-out", "m": "--max-time", "D": "--dump-header", "s": "--silent", "S": "--show-error",
    "i": "--include", "v": "--verbose", "f": "--fail", "g": "--globoff", "0": "--http1.0", "1": "--tlsv1",
    "4": "--ipv4", "6": "--ipv6", "N": "--no-buffer", "O": "--remote-name", "J": "--remote-header-name",
    "#": "--progress-bar",
}  # fmt: skip
