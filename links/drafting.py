"""Short addresses for the links of one text. Pure: nothing is stored before the message is."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field

from core.errors import TemplateInvalid
from links.addresses import LONGEST, is_the_same_for_all, problem_of, with_parameters
from links.marking import mark, replace

ALPHABET = string.ascii_letters + string.digits
LETTERS = 11  # 65 bits: none is found by trying
_SLUGS = len(ALPHABET) ** LETTERS
MOST_LINKS = 20  # in one text


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """How a sender's links are made; `base` is what stands before the slug, such as https://go.example.com."""

    owner: str
    base: str
    tracks_all: bool  # every address of the text, not only those given to the `track` helper
    days: int = 0  # how long they lead somewhere; 0 = for ever
    parameters: str = ""
    fallback_url: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A link that becomes real with its message."""

    slug: str
    written: str
    url: str  # where it leads
    is_personal: bool
    options: LinkOptions


def may_hold_links(source: str) -> bool:
    """Whether a text may need tracked links at all; cheap."""
    return "://" in source or "track" in source


def source_of(source: str, options: LinkOptions) -> tuple[str, tuple[str, ...]]:
    """What to render instead of `source`, and its addresses as written."""
    if not options.tracks_all:
        return source, ()
    marked = mark(source)
    return marked.source, marked.written


@dataclass(slots=True)
class Drafts:
    """The links of one text while it is written."""

    options: LinkOptions
    made: list[Draft] = field(default_factory=list)

    def replace_in(self, rendered: str, written: tuple[str, ...]) -> str:
        """The text with short addresses; TemplateInvalid where one leads nowhere a link may."""
        return replace(rendered, written, self._shorten)

    def _shorten(self, address: str, written: str) -> str:
        if address.startswith(f"{self.options.base}/"):
            return address  # ours already, such as the opt-out page
        if problem := problem_of(address):
            raise TemplateInvalid(f"A tracked link does not work: {problem}")
        if len(self.made) >= MOST_LINKS:
            raise TemplateInvalid(f"The text has more than {MOST_LINKS} tracked links. Use fewer.")
        if written != address and is_the_same_for_all(written):
            written = address  # a name that is another address would share that one's place
        url = with_parameters(address, self.options.parameters)
        if (problem := problem_of(url)) or len(written) > LONGEST:
            raise TemplateInvalid(f"A tracked link does not work: {problem or 'its name is too long.'}")
        draft = Draft(new_slug(), written, url, written != address, self.options)
        self.made.append(draft)
        return f"{self.options.base}/{draft.slug}"


def new_slug() -> str:
    """A random slug: nothing of the recipient is in it."""
    rest = secrets.randbelow(_SLUGS)  # drawn at once: eleven draws would cost as much as the whole text
    letters = []
    for _ in range(LETTERS):
        rest, index = divmod(rest, len(ALPHABET))
        letters.append(ALPHABET[index])
    return "".join(letters)
