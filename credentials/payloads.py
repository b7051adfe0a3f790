"""Payload templates by kind of body: what is wrong with one, and which variables it uses. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from core.templating import JsonTemplate, Problem, XmlTemplate, check_text, variables_in
from credentials.building.bodies import form_pairs, is_json


def _json_faults(source: str, known: Collection[str]) -> list[Problem]:
    return JsonTemplate(source).check(known=known)


def _form_faults(source: str, known: Collection[str]) -> list[Problem]:
    if is_json(source):
        return _json_faults(source, known)
    if source.lstrip().startswith("["):
        text = "A form body needs a JSON object with one member for each form field, or name={{value}}&…"
        return [Problem(text, 1, 1)]
    return [problem for _, value in form_pairs(source) for problem in check_text(value, known=known)]


def _xml_faults(source: str, known: Collection[str]) -> list[Problem]:
    return XmlTemplate(source).check(known=known)


def _text_faults(source: str, known: Collection[str]) -> list[Problem]:
    return check_text(source, known=known)


def _no_faults(source: str, known: Collection[str]) -> list[Problem]:
    return [Problem("There is no body: empty the payload, or choose what the body is.", 1, 1)]


# Kind of body -> the faults of a payload, given the variables there are.
FAULTS: Final[dict[str, Callable[[str, Collection[str]], list[Problem]]]] = {
    "json": _json_faults,
    "form": _form_faults,
    "xml": _xml_faults,
    "text": _text_faults,
    "none": _no_faults,
}


def _structured_uses(kind: type[JsonTemplate] | type[XmlTemplate]) -> Callable[[str], frozenset[str]]:
    def uses(source: str) -> frozenset[str]:
        return kind(source).variables if source.strip() else frozenset()

    return uses


def _form_uses(source: str) -> frozenset[str]:
    if is_json(source):
        return JsonTemplate(source).variables
    return frozenset().union(*(variables_in(value) for _, value in form_pairs(source)))


# Kind of body -> dotted paths of the variables a payload uses.
USES: Final[dict[str, Callable[[str], frozenset[str]]]] = {
    "json": _structured_uses(JsonTemplate),
    "form": _form_uses,
    "xml": _structured_uses(XmlTemplate),
    "text": variables_in,
    "none": lambda source: frozenset(),
}
