"""Marks around an address that shall become a tracked link; who sends the text takes them out again.

Characters of the private use area: they stand in no ordinary text.
"""

from __future__ import annotations

from typing import Any

from liquid.filter import with_context

OPEN, MIDDLE, CLOSE = "\ue000", "\ue001", "\ue002"
SWITCH = (
    "trackLinks"  # the variable that says the text's links are tracked; without it addresses stay as they are
)


@with_context
def track(value: object, name: object = "", *, context: Any) -> str:
    """The address as a tracked link; `name` is what reports call it."""
    address = str(value)
    return f"{OPEN}{name}{MIDDLE}{address}{CLOSE}" if context.scope.get(SWITCH) else address
