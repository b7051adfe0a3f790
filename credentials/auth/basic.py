"""HTTP Basic (RFC 7617)."""

from __future__ import annotations

import base64
import re
from functools import cached_property
from typing import Final

from requests import PreparedRequest

from core.errors import AuthenticationFailed
from credentials.auth.base import AuthBackend, FieldProblem


class BasicAuth(AuthBackend):
    """User name and password in the Authorization header."""

    kind = "basic"
    label = "Basic"
    fields = ("auth_name", "auth_username", "auth_password")
    required = frozenset({"auth_username"})

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        r.headers["Authorization"] = self._value
        return r

    def secrets(self) -> tuple[str, ...]:
        return (*super().secrets(), *((self._coded,) if self.config.auth_password else ()))

    def problems(self) -> list[FieldProblem]:
        texts = {"auth_username": self.config.auth_username, "auth_password": self.config.auth_password}
        found = [FieldProblem(name, _CONTROL) for name, text in texts.items() if _CONTROLS.search(text)]
        if ":" in self.config.auth_username:
            found.append(FieldProblem("auth_username", _COLON))
        return found

    @cached_property
    def _coded(self) -> str:
        pair = f"{self.config.auth_username}:{self.config.auth_password}"
        return base64.b64encode(pair.encode()).decode("ascii")

    @cached_property
    def _value(self) -> str:
        for problem in self.problems():
            raise AuthenticationFailed(problem.text)
        return f"Basic {self._coded}"


_COLON: Final = "A user name for HTTP Basic cannot contain a colon."
_CONTROL: Final = "Paste this again on one line: HTTP Basic knows no line breaks and control characters."
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]")
