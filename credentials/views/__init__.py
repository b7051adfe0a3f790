"""Screens beside the credential's form: gallery, pasted cURL, preview, sample answer, connection, presets as files."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from credentials.views.connection import connection_test, switch_encoding
from credentials.views.files import export_preset, import_preset
from credentials.views.gallery import gallery
from credentials.views.live import answer_sample, request_preview
from credentials.views.paste import paste_curl

__all__ = ["TOOL_SCRIPTS", "tool_urls"]

# For the credential's page, in this order.
TOOL_SCRIPTS = tuple(f"credentials/tools/{name}.js" for name in ("fields", "preview", "answer"))

_PREFIX = "credentials_apicredential"
_get_or_post = require_http_methods(["GET", "POST"])
# Address, view, last part of its name.
_TOOLS = (
    ("presets/", require_GET(gallery), "presets"),
    ("paste-curl/", _get_or_post(paste_curl), "paste_curl"),
    ("import-preset/", _get_or_post(import_preset), "import_preset"),
    ("request-preview/", require_POST(request_preview), "request_preview"),
    ("answer-sample/", require_POST(answer_sample), "answer_sample"),
    ("<uuid:credential_id>/connection/", require_POST(connection_test), "connection"),
    ("<uuid:credential_id>/token-encoding/", require_POST(switch_encoding), "token_encoding"),
    ("<uuid:credential_id>/preset/", require_GET(export_preset), "export_preset"),
)


def tool_urls(screen: Any) -> list[URLPattern]:
    """For `get_urls` of the credential's admin, before its own."""
    wrap = screen.admin_site.admin_view
    return [path(address, wrap(view), name=f"{_PREFIX}_{name}") for address, view, name in _TOOLS]
