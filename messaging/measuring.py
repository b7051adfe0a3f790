"""How a text travels: encoding, parts, what is left of the last one, and what makes it Unicode. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from core.segments import LIMITS, Encoding, segment, unicode_culprits
from core.splitting import TYPOGRAPHIC
from credentials.spec import TextSpec


@dataclass(frozen=True, slots=True)
class Measure:
    """One text as it is sent: characters, units (septets or UTF-16 units), SMS, and units left in the last of them."""

    characters: int
    encoding: str
    units: int
    parts: int
    left: int


@dataclass(frozen=True, slots=True)
class Culprit:
    """A character that GSM-7 lacks; `replacement` is what could stand there instead, None: nothing alike."""

    character: str
    name: str
    replacement: str | None
    from_data: bool = False  # it is in no template, it came with an attribute

    @property
    def shown(self) -> str:
        """The character, or its number where nothing would be seen."""
        visible = self.character.isprintable() and not self.character.isspace()
        return self.character if visible else f"U+{ord(self.character):04X}"


def measure(text: str, spec: TextSpec | None = None) -> Measure:
    """Count a text as a channel's credential sends it: replaced and cut as that wants."""
    _, texts = (spec or TextSpec()).cut(text)
    counted = [segment(part) for part in texts]
    unicode = any(one.encoding == Encoding.UCS2 for one in counted)
    encoding = Encoding.UCS2 if unicode else Encoding.GSM7
    single, part = LIMITS[encoding]
    last = counted[-1]
    room = single if last.count <= 1 else part
    used = last.part_units[-1] if last.part_units else 0
    return Measure(
        characters=len(text),
        encoding=encoding,
        units=sum(one.units for one in counted),
        parts=sum(one.count for one in counted),
        left=max(room - used, 0),
    )


def culprits(source: str, rendered: Iterable[str], spec: TextSpec | None = None) -> tuple[Culprit, ...]:
    """What forces Unicode, of the template first, then of the recipients' data; nothing the channel replaces itself."""
    own = unicode_culprits(source)
    from_data = [
        character
        for character in unicode_culprits("".join((spec or TextSpec()).cut(text)[0] for text in rendered))
        if character not in own
    ]
    return tuple(
        Culprit(character, _name(character), replacement_of(character), character in from_data)
        for character in (*own, *from_data)
    )


def replacement_of(character: str) -> str | None:
    """What GSM-7 has instead: a plain quote or dash, the letter without its accent; None: nothing."""
    if character in TYPOGRAPHIC:
        return TYPOGRAPHIC[character]
    plain = _LETTERS.get(character) or "".join(
        piece for piece in unicodedata.normalize("NFKD", character) if not unicodedata.combining(piece)
    )
    return plain if plain and plain != character and not unicode_culprits(plain) else None


# Letters that Unicode does not take apart.
_LETTERS = {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "\u0131": "i", "œ": "oe", "Œ": "OE", "ħ": "h", "Ħ": "H"}


def _name(character: str) -> str:
    return unicodedata.name(character, f"U+{ord(character):04X}").lower()
