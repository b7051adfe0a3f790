"""Sessions of staff that are over."""

from __future__ import annotations

from importlib import import_module

from django.conf import settings


def forget_expired_sessions() -> None:
    """Drop them from where the session engine keeps them."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
