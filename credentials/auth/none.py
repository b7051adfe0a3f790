"""No authentication: the provider knows us by something else, such as a parameter or a client certificate."""

from __future__ import annotations

from requests import PreparedRequest

from credentials.auth.base import AuthBackend


class NoAuth(AuthBackend):
    """Signs nothing."""

    kind = "none"
    label = "No Authentication"
    fields = ()
    required = frozenset()

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        return r
