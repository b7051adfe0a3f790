"""Finding the addresses of a text, before and after its variables are filled in. Pure.

A template is marked before it is rendered: an address such as https://shop.example/{{profile.id}} is one link, whatever
it becomes for each recipient, and only the source tells that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from core.templating.links import CLOSE, MIDDLE, OPEN

# Nothing here looks further than the next brace, so that no text takes time quadratic in its length.
_VARIABLE = r"\{\{[^{}]*\}\}"
_ADDRESS = rf"https?://(?:[^\s<>\"'{{}}\ue000-\ue002]|{_VARIABLE})+"
_PLAIN_OR_MARKUP = re.compile(rf"(?P<address>{_ADDRESS})|{_VARIABLE}|\{{%[^{{}}]*%\}}", re.IGNORECASE)
_MARKED = re.compile(rf"{OPEN}([^{OPEN}{MIDDLE}{CLOSE}]*){MIDDLE}([^{OPEN}{MIDDLE}{CLOSE}]*){CLOSE}")
_ANY_MARK = re.compile(rf"[{OPEN}{MIDDLE}{CLOSE}]")
_ENDS_A_SENTENCE = ".,;:!?"
_BRACKETS = {")": "(", "]": "["}


@dataclass(frozen=True, slots=True)
class Marked:
    """A template whose addresses are marked by their number in `written`."""

    source: str
    written: tuple[str, ...]


@lru_cache(maxsize=2048)
def mark(source: str) -> Marked:
    """Mark every address that stands in the text itself, not those within {{ }} and {% %}."""
    written: list[str] = []

    def marked(found: re.Match[str]) -> str:
        address = found["address"]
        if address is None:
            return found[0]
        address = _without_ending(address)
        written.append(address)
        return f"{OPEN}{len(written) - 1}{MIDDLE}{address}{CLOSE}{found[0][len(address) :]}"

    return Marked(_PLAIN_OR_MARKUP.sub(marked, _ANY_MARK.sub("", source)), tuple(written))


def replace(rendered: str, written: tuple[str, ...], shorten: Callable[[str, str], str]) -> str:
    """The text with each marked address replaced by `shorten(address, as written)`; marks that match none are dropped.

    As written is the source's form, the name given to the `track` helper, or the address itself.
    """

    def short(found: re.Match[str]) -> str:
        name, address = found[1], found[2].strip()
        known = written[int(name)] if name.isdecimal() and int(name) < len(written) else name
        return shorten(address, known or address)

    return _ANY_MARK.sub("", _MARKED.sub(short, rendered))


def _without_ending(address: str) -> str:
    """Without the full stop of its sentence, and the bracket it stands in."""
    while address and (address[-1] in _ENDS_A_SENTENCE or _is_unopened(address)):
        address = address[:-1]
    return address


def _is_unopened(address: str) -> bool:
    last = address[-1]
    return last in _BRACKETS and address.count(last) > address.count(_BRACKETS[last])
