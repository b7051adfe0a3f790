"""The WSGI application, for every server that runs it: requests that no header can break before a view sees them."""

from __future__ import annotations

from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters


class SturdyRequest(WSGIRequest):
    """Django's, except that a charset that cannot decode any text counts as none, and that the query waits.

    Django asks only whether Python knows the codec, then reads the query at once, outside of everything that turns
    errors into answers: `charset=base64` or `idna`, or 1,001 parameters beside a charset, would end in a 500.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        charset = self.content_params.get("charset", "")
        try:
            b"a".decode(charset or "utf-8", "replace")
        except (LookupError, ValueError):
            return
        if charset:
            self._encoding = charset


class Handler(WSGIHandler):
    """Django's handler with these requests."""

    request_class = SturdyRequest


def application() -> WSGIHandler:
    """Set Django up and give the application."""
    django.setup(set_prefix=False)
    return Handler()
