"""Addresses that links may lead to: http and https with a host, nothing else (OWASP, unvalidated redirects)."""

from __future__ import annotations

import re
from contextlib import suppress
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import idna
from django.core.exceptions import ValidationError
from django.utils.encoding import iri_to_uri

LONGEST = 2000  # characters; longer ones are cut by some browsers and carriers
_BLANK = re.compile(r"[\s\x00-\x1f\x7f]")


def problem_of(url: str) -> str:
    """Why links cannot lead to an address, "" when they can."""
    if len(url) > LONGEST:
        return f"The address has {len(url):,} characters; links lead to at most {LONGEST:,}."
    if _BLANK.search(url):
        return "The address contains blanks or control characters. Write %20 for a blank."
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "This is no address. Write one such as https://www.example.com/offer."
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        return "Links lead to http:// and https:// addresses only. Write one such as https://www.example.com/offer."
    return ""


def check_address(url: str) -> None:
    """ValidationError where links cannot lead to an address."""
    if problem := problem_of(url):
        raise ValidationError(problem, code="address")


def is_the_same_for_all(written: str) -> bool:
    """Whether what stands in a text is an address as it is, neither a link's name nor one with variables."""
    return written.lower().startswith(("http://", "https://")) and "{{" not in written


def on_the_wire(url: str) -> str:
    """The address as a header carries it: ASCII, other characters of host and path encoded as browsers do."""
    if url.isascii():
        return url
    parts = urlsplit(url)
    user, at, place = parts.netloc.rpartition("@")
    host, colon, port = place.partition(":")
    with suppress(idna.IDNAError):  # else percent-encoded below: the browser says what is wrong with it
        host = host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    return iri_to_uri(urlunsplit(parts._replace(netloc=f"{user}{at}{host}{colon}{port}")))


def with_parameters(url: str, parameters: str) -> str:
    """The address with those of `parameters` ("utm_source=sms&utm_medium=text") that it does not have yet."""
    if not parameters:
        return url
    parts = urlsplit(url)
    present = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    added = [pair for pair in parse_qsl(parameters, keep_blank_values=True) if pair[0] not in present]
    if not added:
        return url
    query = "&".join(filter(None, [parts.query, urlencode(added)]))
    return urlunsplit(parts._replace(query=query))
