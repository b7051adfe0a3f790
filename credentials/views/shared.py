"""What the tool screens have in common: permission, page, credential."""

from __future__ import annotations

import json
import uuid
from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from credentials.models import ApiCredential

LARGEST_POST: Final = 256 * 1024


def needs(request: HttpRequest, verb: str) -> None:
    """PermissionDenied unless this user may add, change or view credentials."""
    verbs = {"view": ("view", "change")}.get(verb, (verb,))
    if not any(request.user.has_perm(f"credentials.{name}_apicredential") for name in verbs):
        raise PermissionDenied


def page(request: HttpRequest, name: str, title: str, **context: Any) -> HttpResponse:
    """One of the templates in admin/credentials/tools, as an admin page."""
    shared = {
        **admin.site.each_context(request),
        "opts": ApiCredential._meta,
        "title": title,
        "tool_title": title,
    }
    return render(request, f"admin/credentials/tools/{name}.html", {**shared, **context})


def credential_of(credential_id: uuid.UUID) -> ApiCredential:
    """The credential, or a page that is not there."""
    return get_object_or_404(ApiCredential, pk=credential_id)


def form_url(credential: ApiCredential | None = None) -> str:
    """The form of a credential, or of a new one."""
    if credential is None:
        return reverse("admin:credentials_apicredential_add")
    return reverse("admin:credentials_apicredential_change", args=[credential.pk])


def posted_json(request: HttpRequest) -> dict[str, Any] | None:
    """The posted JSON object; None when it is none."""
    try:
        posted = json.loads(request.body) if len(request.body) <= LARGEST_POST else None
    except (ValueError, RecursionError):
        return None
    return posted if isinstance(posted, dict) else None
