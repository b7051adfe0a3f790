"""The draft of a new credential on its way from a tool to the form: sealed in the session, taken once."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpRequest

from core.errors import SecretUnreadable
from core.secrets import seal, unseal

SESSION_KEY: Final = "credential_draft"
LIFETIME: Final = 15 * 60  # seconds
_PARTS: Final[Mapping[str, type]] = {
    "fields": dict, "headers": list, "query": list, "body_fields": list, "variables": list, "rules": list,
    "guessed": dict,
}  # fmt: skip


def store_draft(request: HttpRequest, draft: Mapping[str, Any]) -> None:
    """Keep a draft for the next visit of the form; the session holds no readable secret."""
    parts = {name: draft.get(name) or kind() for name, kind in _PARTS.items()}
    text = json.dumps({"until": time.time() + LIFETIME, "draft": parts})
    request.session[SESSION_KEY] = seal(text.encode(), aad=_place(request))


def load_draft(request: HttpRequest) -> dict[str, Any] | None:
    """The draft, forgotten with this call; None when there is none, or it is older than 15 minutes."""
    sealed = request.session.pop(SESSION_KEY, "")
    if not sealed:
        return None
    try:
        kept = json.loads(unseal(str(sealed), aad=_place(request)))
    except (SecretUnreadable, ValueError):
        return None
    draft: dict[str, Any] | None = kept["draft"] if kept["until"] > time.time() else None
    return draft


def _place(request: HttpRequest) -> str:
    """Drafts are bound to who made them."""
    return f"{SESSION_KEY}:{request.user.pk}"
