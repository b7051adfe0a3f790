"""A fixed token in the query or in the body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from webhooks.callback import Callback
from webhooks.verification.base import ACCEPTED, Cause, Verdict, refused
from webhooks.verification.scheme import Problem, Scheme, same

PLACES: Final[Mapping[str, str]] = {"query": "In the query", "body": "In the body"}


class Token(Scheme):
    """`?token=…` in the URL at the provider, or a field of a form or JSON body, nested ones with dots."""

    kind = "token"
    label = "Token in query or body"
    help = "Add ?token=… to the URL at the provider, or use a field with a secret that it sends along."
    fields = ("place", "parameter")
    required = frozenset({"parameter"})
    secret_label = "Token"  # noqa: S105  a label
    mismatch = "The token does not match."

    def problems(self) -> list[Problem]:
        found = super().problems()
        if self.spec.place not in PLACES:
            found.append(Problem("place", f"Choose one of {', '.join(PLACES)}."))
        return found

    def judge(self, callback: Callback, key: bytes) -> Verdict:
        name = self.spec.parameter.strip()
        try:
            values = _values(callback, self.spec.place, name)
        except (ValueError, RecursionError):
            return refused(Cause.UNREADABLE, "The place of the token cannot be read.")
        if not values:
            return refused(Cause.MISSING, f"There is no {name} in the {self.spec.place}.")
        if len(values) > 1:  # we and whoever reads the call next could take different ones
            return refused(Cause.UNREADABLE, f"{name} stands in the {self.spec.place} more than once.")
        return ACCEPTED if same(values[0], key) else refused(Cause.MISMATCH, self.mismatch)


def _values(callback: Callback, place: str, name: str) -> list[str]:
    if place == "query":
        return [value for key, value in parse_qsl(callback.query, keep_blank_values=True) if key == name]
    text = callback.body.decode("utf-8")
    if "json" in callback.content_type.lower() or text.lstrip()[:1] in ("{", "["):
        return _leaf(json.loads(text, object_pairs_hook=_once), name.split("."))
    return [value for key, value in parse_qsl(text, keep_blank_values=True) if key == name]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _leaf(value: Any, path: list[str]) -> list[str]:
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return []
        value = value[step]
    return [value if isinstance(value, str) else json.dumps(value)]
