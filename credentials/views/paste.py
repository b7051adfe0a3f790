""" "Paste a cURL": a provider's sample command becomes the draft of a credential."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from core.errors import CurlInvalid
from credentials.curl import Draft, parse_curl
from credentials.drafts import store_draft
from credentials.vendors import CUSTOM, VENDORS, Preset
from credentials.views.shared import form_url, needs, page

_SHOWN_NOTES: Final = 5


def paste_curl(request: HttpRequest) -> HttpResponse:
    """The text area; a command that can be read leads on to the filled-in form."""
    needs(request, "add")
    title = "Paste a cURL"
    if request.method != "POST":
        return page(request, "paste_curl", title)
    source = request.POST.get("curl", "")
    try:
        draft = parse_curl(source)
    except CurlInvalid as error:
        return page(
            request, "paste_curl", title, source=source, problem=error, excerpt=_excerpt(source, error)
        )
    store_draft(request, vars(draft))
    _tell(request, draft)
    return HttpResponseRedirect(f"{form_url()}?draft=1")


def _tell(request: HttpRequest, draft: Draft) -> None:
    """What was left out, and whether somebody has done this before."""
    for note in draft.notes[:_SHOWN_NOTES]:
        messages.warning(request, note)
    if preset := known_provider(draft.fields):
        text = f"There is a preset for {preset.label}: see “Add from a preset” if you would rather start from it."
        messages.info(request, text)


def known_provider(fields: Mapping[str, Any]) -> Preset | None:
    """The preset whose address has the same host."""
    host = urlsplit(str(fields.get("provider_url", ""))).hostname or ""
    others = (preset for preset in VENDORS.values() if preset is not CUSTOM)
    return next((preset for preset in others if host and _host(preset) == host), None)


def _host(preset: Preset) -> str:
    try:
        return urlsplit(preset.provider_url).hostname or ""
    except ValueError:
        return ""


def _excerpt(source: str, error: CurlInvalid) -> dict[str, str]:
    """The line at fault, split where the problem is."""
    lines = source.replace("\r\n", "\n").split("\n")
    line = lines[error.line - 1] if error.line <= len(lines) else ""
    place = error.column - 1
    return {"before": line[:place][-80:], "at": line[place : place + 1], "after": line[place + 1 :][:80]}
