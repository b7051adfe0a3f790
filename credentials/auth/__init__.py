"""Auth types: one file each, one line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from core.errors import ConfigurationInvalid
from credentials.auth.api_key import ApiKeyAuth
from credentials.auth.base import AuthBackend, AuthConfig
from credentials.auth.basic import BasicAuth
from credentials.auth.bearer import BearerAuth
from credentials.auth.certificates import pair_problems, pair_warnings, session_for
from credentials.auth.jwt import JwtAuth
from credentials.auth.mac import MacAuth
from credentials.auth.none import NoAuth
from credentials.auth.oauth import OAuthBackend

__all__ = ["BACKENDS", "auth_type_choices", "backend_of", "pair_problems", "pair_warnings", "session_for"]

# Drives the model's choices, the form's fields and which of them are shown.
BACKENDS: Mapping[str, type[AuthBackend]] = MappingProxyType(
    {
        "api_key": ApiKeyAuth,
        "mac": MacAuth,
        "oauth": OAuthBackend,
        "jwt": JwtAuth,
        "basic": BasicAuth,
        "bearer": BearerAuth,
        "none": NoAuth,
    }
)


def auth_type_choices() -> list[tuple[str, str]]:
    """Choices of the "Auth Type" field."""
    return [(kind, backend.label) for kind, backend in BACKENDS.items()]


def backend_of(auth_type: str, config: AuthConfig) -> AuthBackend:
    """The signer of an auth type."""
    backend = BACKENDS.get(auth_type)
    if backend is None:
        raise ConfigurationInvalid("Choose an Auth Type for this credential.", param="auth_type")
    return backend(config)
