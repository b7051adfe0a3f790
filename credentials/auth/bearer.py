"""A fixed bearer token (RFC 6750)."""

from __future__ import annotations

from functools import cached_property

from requests import PreparedRequest

from credentials.auth.base import AuthBackend, FieldProblem, set_header
from credentials.headers import value_problem


class BearerAuth(AuthBackend):
    """`Authorization: Bearer <API Token>`."""

    kind = "bearer"
    label = "Bearer"
    fields = ("auth_name", "api_token")
    required = frozenset({"api_token"})

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        r.headers["Authorization"] = self._value
        return r

    def problems(self) -> list[FieldProblem]:
        problem = value_problem(self.config.api_token)
        return [FieldProblem("api_token", f"This goes into a header. {problem}")] if problem else []

    @cached_property
    def _value(self) -> str:
        return set_header(PreparedRequest(), "Authorization", f"Bearer {self.config.api_token}")
