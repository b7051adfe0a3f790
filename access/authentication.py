"""REST framework parts: who calls (an API key, not a user account) and what the key may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from access.keys import verify_key
from access.models import ApiKey
from core.errors import ApiKeyInvalid, ScopeMissing

if TYPE_CHECKING:  # REST framework loads this module while it loads its views
    from rest_framework.views import APIView


@dataclass(frozen=True)
class ApiPrincipal:
    """The caller of an API request; stands where Django expects a user."""

    api_key: ApiKey
    is_authenticated: bool = True
    is_anonymous: bool = False
    is_active: bool = True

    @property
    def pk(self) -> str:
        """The key's id; throttles and logs tell callers apart by it."""
        return str(self.api_key.pk)

    def __str__(self) -> str:
        return str(self.api_key)


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer sgw_…` (RFC 6750); request.user is an ApiPrincipal, request.auth the ApiKey."""

    def authenticate(self, request: Request) -> tuple[Any, ApiKey] | None:
        kind, _, raw = request.headers.get("Authorization", "").strip().partition(" ")
        if kind.lower() != "bearer":
            return None
        try:
            key = verify_key(raw.strip())
        except ApiKeyInvalid as error:
            # REST framework's own class: it ends the request cleanly and asks for WWW-Authenticate.
            raise AuthenticationFailed(error.text, code=error.code) from error
        return ApiPrincipal(api_key=key), key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def HasScope(scope: str) -> type[BasePermission]:
    """A permission class for keys with `scope`: `permission_classes = [HasScope("messages:send")]`."""

    class ScopePermission(BasePermission):
        def has_permission(self, request: Request, view: APIView) -> bool:
            if not isinstance(request.auth, ApiKey):
                return False
            require_scope(request.auth, scope)
            return True

    return ScopePermission


def require_scope(api_key: ApiKey, scope: str) -> None:
    """ScopeMissing where the key was not issued for it."""
    if scope not in api_key.scopes:
        raise ScopeMissing(f"This API key lacks the scope {scope}; issue one that has it.")
