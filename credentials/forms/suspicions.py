"""Values that look like a secret in a place where everybody can read them: a warning, never a refusal. Pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from credentials.headers import is_secret_name
from credentials.spec import CredentialSpec

_PIECE: Final = re.compile(r"[A-Za-z0-9_+/=.~-]{16,}")
_TEMPLATE: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_BITS_PER_CHARACTER: Final = 3.2
_ADVICE: Final = "looks like a secret that everybody with access to this page can read"


def looks_secret(text: str) -> bool:
    """Whether a text holds a long piece as random as a token: letters and digits mixed, hardly any repeated."""
    pieces = _PIECE.findall(_TEMPLATE.sub(" ", text))
    return any(_is_random(piece) for piece in pieces if not _UUID.fullmatch(piece))


def suspicions(spec: CredentialSpec, *, declared: Collection[str] = ()) -> Iterator[str]:
    """A warning for each readable value that looks secret; `declared` variables are known to be none."""
    if _in_url(spec.request.url):
        yield f"Provider URL: a part of it {_ADVICE}. Make it a secret variable and write {{{{name}}}} in its place."
    for variable in spec.variables:
        if not variable.secret and variable.name not in declared and looks_secret(variable.value):
            yield f"Variable {variable.name}: its value {_ADVICE}. Switch Secret on."
    for header in spec.request.headers:
        if not header.secret and _literal(header.value) and _suspicious(header.name, header.value):
            yield f"Header {header.name}: its value {_ADVICE}. Switch Secret on."
    for row in (*spec.request.query, *spec.request.fields):
        if _literal(row.value) and _suspicious(row.name, row.value):
            yield f"Parameter {row.name}: its value {_ADVICE}. Make it a secret variable and write {{{{name}}}} here."


def _suspicious(name: str, value: str) -> bool:
    return looks_secret(value) or (is_secret_name(name) and len(value) >= 8)


def _in_url(url: str) -> bool:
    parts = urlsplit(_TEMPLATE.sub("", url)) if "[" not in url else None
    if parts is None:
        return False
    named = any(is_secret_name(name) and len(value) >= 8 for name, value in parse_qsl(parts.query))
    return named or any(looks_secret(piece) for piece in (*parts.path.split("/"), parts.query))


def _literal(value: str) -> bool:
    return bool(_TEMPLATE.sub("", value).strip()) and "{{" not in value


def _is_random(piece: str) -> bool:
    mixed = re.search(r"[0-9]", piece) and re.search(r"[A-Za-z]", piece)
    counts = Counter(piece)
    bits = -sum(count / len(piece) * math.log2(count / len(piece)) for count in counts.values())
    return bool(mixed) and bits >= _BITS_PER_CHARACTER
