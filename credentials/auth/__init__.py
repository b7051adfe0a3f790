"""Auth types: one file each, one line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from core.errors import ConfigurationInvalid
from credentials.auth.api_key import ApiKeyAuth
from credentials.auth.base import AuthBackend, AuthConfig
from credentials.auth.jwt import JwtAuth
from credentials.auth.mac import MacAuth
from credentials.auth.oauth import OAuthBackend

if TYPE_CHECKING:
    from credentials.models import ApiCredential

# Drives the model's choices, the form's fields and which of them are shown.
BACKENDS: Mapping[str, type[AuthBackend]] = MappingProxyType(
    {
        "api_key": ApiKeyAuth,
        "mac": MacAuth,
        "oauth": OAuthBackend,
        "jwt": JwtAuth,
    }
)


def auth_type_choices() -> list[tuple[str, str]]:
    """Choices of the "Auth Type" field."""
    return [(kind, backend.label) for kind, backend in BACKENDS.items()]


def backend_for(credential: ApiCredential) -> AuthBackend:
    """The signer of a credential."""
    backend = BACKENDS.get(credential.auth_type)
    if backend is None:
        raise ConfigurationInvalid("Choose an Auth Type for this credential.", param="auth_type")
    return backend(AuthConfig.of(credential))
