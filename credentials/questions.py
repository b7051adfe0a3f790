"""Asking a provider something instead of sending: a GET to another of its addresses, signed like a message. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from credentials.spec import CredentialSpec, ResponseSpec

_OF_A_BODY: Final = frozenset({"content-type", "charset"})


def question(spec: CredentialSpec, url: str) -> CredentialSpec:
    """The credential as one that GETs `url`: same keys, number formats and headers, those of a body left out.

    Its response rules are for answers to messages, so none is kept: the HTTP status decides.
    """
    headers = tuple(row for row in spec.request.headers if row.name.lower() not in _OF_A_BODY)
    request = replace(
        spec.request, url=url, method="GET", body="none", payload="", query=(), fields=(), headers=headers
    )
    return replace(spec, request=request, response=ResponseSpec())
